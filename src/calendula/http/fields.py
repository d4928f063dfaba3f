"""The kinds of field that come over the wire. Their messages are read after the field's name."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from calendula import names

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGERS = 2**63


def _text(value: Any) -> str:
    """Return a text; raise where it is none, or blank, or missing."""
    if not isinstance(value, str):
        raise PydanticCustomError("missing" if value is None else "text", "must be a text")
    if not value.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return value


def _identifier(value: Any) -> Any:
    """Take a number too: many clients keep their patients' identifiers as integers."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _INTEGERS:
        return str(value)
    return value


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("must be a date such as 2027-02-26")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date of the calendar") from None


Text = Annotated[str, BeforeValidator(_text)]
"""A text that is not blank."""
Name = Annotated[
    Text,
    AfterValidator(names.clean),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": names.MAX_LENGTH}),
]
Identifier = Annotated[
    Name,
    BeforeValidator(_identifier),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": names.MAX_LENGTH},
                {"type": "integer"},
            ]
        }
    ),
]
LocalDate = Annotated[
    date,
    BeforeValidator(_date),
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "format": "date"}),
]
