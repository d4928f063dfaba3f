"""The kinds of field that come over the wire. Their messages are read after the field's name."""

import re
import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from calendula import lengths, names
from calendula.errors import NotFound
from calendula.settings import known_time_zone

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_INTEGERS = 2**63
_PHONE = re.compile(r"[0-9 +()./-]+")
_DIGITS_OF_PHONE = range(3, 21)
_PHONES = r"^(?:[\s+()./-]*[0-9]){3,20}[\s+()./-]*$"  # as a pattern of the OpenAPI document


class Body(BaseModel):
    """The body of a request under `/v1`: members that are not known are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _know_every_member(cls, values: Any) -> Any:
        """Say which members there are, rather than repeat one that the caller made up."""
        if isinstance(values, dict) and not values.keys() <= cls.model_fields.keys():
            known = {"known": ", ".join(cls.model_fields)}
            raise PydanticCustomError("unknown_member", "must have no members but {known}", known)
        return values


def parse_id(text: object) -> UUID | None:
    """Return the UUID that is written in a text, in its usual form; None where there is none."""
    return UUID(text) if isinstance(text, str) and _UUID.fullmatch(text) else None


def parse_date(text: object) -> date | None:
    """Return the date that is written in a text as 2027-02-26; None where there is none."""
    try:
        return _date(text) if isinstance(text, str) else None
    except ValueError:
        return None


def one_of(choices: type[StrEnum]) -> BeforeValidator:
    """Return the check of a field that is one of a few words."""

    def check(value: Any) -> Any:
        if value is not None and value not in list(choices):
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return BeforeValidator(check)


def whole_number(least: int, most: int) -> BeforeValidator:
    """Return the check of a query parameter that is a whole number from one to another."""

    def check(value: Any) -> Any:
        text = str(value)
        if not (_NUMBER.fullmatch(text) and least <= int(text) <= most):
            raise ValueError(f"must be a number from {least} to {most}")
        return int(text)

    return BeforeValidator(check)


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
    if not isinstance(value, str):
        raise ValueError("must be a text, or a whole number of 64 bits")  # noqa: TRY004 - pydantic's
    return value


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("must be a date such as 2027-02-26")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date of the calendar") from None


def _instant(text: str) -> datetime:
    """Take an instant only with its offset (RFC 3339): without, nobody knows which is meant."""
    try:
        return datetime.fromisoformat(text if _INSTANT.fullmatch(text) else "").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an instant such as 2027-02-26T09:00:00Z") from None


def _without_nul(text: str) -> str:
    """Refuse what PostgreSQL can neither store nor be asked for."""
    if "\0" in text:
        raise ValueError("must not hold a NUL")
    return text


def _email(text: str) -> str:
    """Return an address as mail is sent to it (RFC 5321, 6531): its domain in lower case, NFC."""
    # Here, since it prepares long expressions that no start of the service need wait for.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), strict=True, check_deliverability=False).normalized
    except EmailNotValidError:  # whose words repeat what was given
        found = ""
    if not 0 < len(found) <= lengths.EMAIL:
        raise ValueError("must be an e-mail address")
    return found


def _phone(text: str) -> str:
    """Return a number as it was typed, with single spaces."""
    number = " ".join(text.split())
    digits = sum(char.isdecimal() for char in number)
    fits = _PHONE.fullmatch(number) and len(number) <= lengths.PHONE and digits in _DIGITS_OF_PHONE
    if not fits:
        raise ValueError("must be a telephone number such as +91 22 5550 0100")
    return number


def _note(value: Any) -> str | None:
    """Return a text of several lines, as NFC, with plain line breaks; None where it is blank."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise PydanticCustomError("text", "must be a text")
    note = unicodedata.normalize("NFC", value.replace("\r\n", "\n").strip())
    if len(note) > lengths.NOTE:
        raise ValueError(f"must have at most {lengths.NOTE} characters")
    if any(char not in "\n\t" and names.is_hidden(char) for char in note):
        raise ValueError("must not hold control or invisible characters")
    return note or None


def _id(value: Any) -> Any:
    if value is not None and parse_id(value) is None:
        raise ValueError("must be a UUID")
    return value


def _path_id(value: object) -> UUID:
    """Nothing has an id that is none: so it is not found, as any other that nothing has."""
    found = value if isinstance(value, UUID) else parse_id(value)
    if found is None:
        raise NotFound("There is nothing of this id.")
    return found


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
                {"type": "integer", "minimum": 1 - _INTEGERS, "maximum": _INTEGERS - 1},
            ]
        }
    ),
]
Email = Annotated[
    Text,
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": lengths.EMAIL}),
]
Phone = Annotated[
    Text,
    AfterValidator(_phone),
    WithJsonSchema({"type": "string", "maxLength": lengths.PHONE, "pattern": _PHONES}),
]
"""A telephone number, as people write it: a clinic may have extensions that no plan numbers."""
Note = Annotated[
    str | None,
    BeforeValidator(_note),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": lengths.NOTE}, {"type": "null"}]}),
]
"""A text of some lines that may be missing."""
LocalDate = Annotated[
    date,
    BeforeValidator(_date),
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware instant, in UTC."""
Words = Annotated[str, AfterValidator(_without_nul), Field(max_length=names.MAX_LENGTH)]
"""What is looked for in texts."""
Id = Annotated[UUID, BeforeValidator(_id), WithJsonSchema({"type": "string", "format": "uuid"})]
"""An identifier in a body."""
PathId = Annotated[
    UUID, BeforeValidator(_path_id), WithJsonSchema({"type": "string", "format": "uuid"})
]
"""An identifier in a path."""
TimeZone = Annotated[
    Text,
    AfterValidator(known_time_zone),
    WithJsonSchema({"type": "string", "examples": ["Asia/Kolkata"]}),
]
"""An IANA time zone."""
