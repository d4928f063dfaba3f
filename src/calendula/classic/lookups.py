"""Free slots for many who ask at one time, and for the next who ask the same."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import parse_qsl

import structlog
from pydantic import AfterValidator, TypeAdapter
from pydantic_core import to_json

from calendula import names
from calendula.availability import together
from calendula.availability.kept import Kept
from calendula.availability.together import Asked, Found
from calendula.classic import service
from calendula.database import Database
from calendula.errors import Unavailable
from calendula.http.fields import LocalDate, Name
from calendula.timetables.memory import Memory
from calendula.together import Together

_log = structlog.get_logger("calendula.lookups")
_AT_ONCE = 64
_LONGEST = 1000  # bytes of a query; nearly all names are shorter, however they are written
_REMEMBERED = 16_384
_FIELDS: dict[str, TypeAdapter[Any]] = {
    "doctor_name": TypeAdapter(Annotated[Name, AfterValidator(names.key)]),
    "date": TypeAdapter(LocalDate),
}


class Lookups:
    """The plain ones: whatever is out of the ordinary is left to the route."""

    def __init__(self, database: Database, memory: Memory, kept: Kept, *, past: bool) -> None:
        self._database = database
        self._memory = memory
        self._kept = kept
        self._past = past
        self.thread = Together("lookups", _AT_ONCE, self._look_up)

    async def answer(self, query: bytes) -> bytes | None:
        """Return the body of the answer to a query string, or None where the route is to answer.

        Raises Unavailable.
        """
        return self._kept.find_or_renew(query) or await self._find(query)

    async def _find(self, query: bytes) -> bytes | None:
        asked = _read(query)
        if asked is None:
            return None
        known = self._memory.of(asked.whom)
        answer = self._kept.begin(known.doctor.id) if known else None
        found = await self.thread.ask(asked)
        if found is None:
            return None
        body = _body(found)
        if answer and known and found.known.doctor.id == known.doctor.id:
            self._kept.keep(query, answer, body, found.until)
        return body

    def _look_up(self, asked: Sequence[Asked]) -> Sequence[Found | None]:
        """Look up what is asked for; where that fails, each is to be tried alone."""
        try:
            with self._database.read() as session:
                return together.days_at(session, self._memory, asked, past=self._past)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one of them may be what it fails for
            _log.warning("lookups apart", error=type(error).__qualname__, count=len(asked))
            return [None] * len(asked)


def _read(query: bytes) -> Asked | None:
    """Return what a query asks for, if it says that and nothing else."""
    parts = query.split(b"&")
    if len(query) > _LONGEST or len(parts) != len(_FIELDS):
        return None
    try:
        said = dict(map(_field, parts))
        return Asked(said["doctor_name"], said["date"])
    except (KeyError, ValueError):
        return None


@lru_cache(maxsize=_REMEMBERED)
def _field(part: bytes) -> tuple[str, Any]:
    """Return the name and the value of a field of a query; raise KeyError, ValueError.

    Many ask about the same doctor, and many about the same date.
    """
    ((name, text),) = parse_qsl(part.decode("ascii"), keep_blank_values=True, errors="strict")
    return name, _FIELDS[name].validate_python(text)


def _body(found: Found) -> bytes:
    """Return what the route answers, whose model need not look at what is right."""
    day = service.sayable(found.day)
    answer: dict[str, object] = {"available_slots": [slot.label for slot in day.free]}
    return to_json({**answer, "reason": day.reason} if day.reason else answer)
