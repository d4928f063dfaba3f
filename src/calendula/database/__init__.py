"""Everything that knows which database it is. Services take a session and never ask."""

from calendula.database.base import Base, partial_index
from calendula.database.engine import Database
from calendula.database.hints import EVERYTHING, hint
from calendula.database.numbers import next_number, settled, take_numbers
from calendula.database.statements import batches, insert_unless_conflict
from calendula.database.types import Id, Instant, Json, JsonObject, Number

__all__ = [
    "EVERYTHING",
    "Base",
    "Database",
    "Id",
    "Instant",
    "Json",
    "JsonObject",
    "Number",
    "batches",
    "hint",
    "insert_unless_conflict",
    "next_number",
    "partial_index",
    "settled",
    "take_numbers",
]
