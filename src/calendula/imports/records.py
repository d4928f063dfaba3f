"""What a row may say, by the rules of the API. Pure."""

import re
from typing import Any

from pydantic import ValidationError

from calendula.classic.schemas import SlotLabel
from calendula.clinic.hours.schemas import WeeklyHoursWindow
from calendula.http.fields import Body, Identifier, LocalDate, Name, TimeZone
from calendula.http.openapi import FieldFault
from calendula.imports.table import Row

_NUMBER = re.compile(r"[0-9]{1,9}")
_NUMBERS = ("slot_minutes", "every_weeks")


class DoctorRecord(Body):
    """Somebody who sees patients."""

    doctor: Name
    specialty: Name | None = None
    time_zone: TimeZone | None = None


class HoursRecord(WeeklyHoursWindow):
    """A window of a doctor's week."""

    doctor: Name


class AppointmentRecord(Body):
    """An appointment that was made elsewhere."""

    doctor: Name
    date: LocalDate
    time_slot: SlotLabel
    patient_id: Identifier
    patient_name: Name


Record = DoctorRecord | HoursRecord | AppointmentRecord

KINDS: dict[str, type[Record]] = {
    "doctor": DoctorRecord,
    "hours": HoursRecord,
    "appointment": AppointmentRecord,
}
_TEMPLATE = [name for kind in KINDS.values() for name in kind.model_fields]
COLUMNS = tuple(dict.fromkeys(["record", "doctor", *_TEMPLATE]))
"""All columns of the template, in its order."""


def check(row: Row) -> Record | list[FieldFault]:
    """Return what a row says, or what is wrong with each of its fields, without their values."""
    said = dict(row.cells)
    word = said.pop("record", "")
    kind = KINDS.get(word)
    if kind is None:
        return [FieldFault(field="record", detail=f"must be one of {', '.join(KINDS)}")]
    faults = [
        FieldFault(field=name, detail="must be blank in a row of this record")
        for name in said.keys() - kind.model_fields.keys()
    ]
    if row.surplus:
        faults.append(FieldFault(field=word, detail="must have no cells beyond the header's"))
    values = {name: _value(name, said[name]) for name in said.keys() & kind.model_fields.keys()}
    try:
        record = kind.model_validate(values)
    except ValidationError as error:
        faults += _faults(error, word)
        return faults
    return faults or record


def _value(name: str, text: str) -> str | int:
    """Return a text as the rule of its field takes it: the API has numbers, and a file has none."""
    return int(text) if name in _NUMBERS and _NUMBER.fullmatch(text) else text


def _faults(error: ValidationError, word: str) -> list[FieldFault]:
    return [_fault(it, word) for it in error.errors(include_input=False, include_url=False)]


def _fault(fault: Any, word: str) -> FieldFault:
    """Return a fault with its field, or with the word of the record where it is about several."""
    missing = fault["type"] == "missing"
    return FieldFault(
        field=".".join(map(str, fault["loc"])) or word,
        detail="must not be blank" if missing else fault["msg"].removeprefix("Value error, "),
    )
