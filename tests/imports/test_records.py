from typing import Any

import pytest

from calendula.imports import records
from calendula.imports.records import AppointmentRecord, DoctorRecord, HoursRecord
from calendula.imports.table import Row
from support.tables import APPOINTMENT, DOCTOR, HOURS


def _check(cells: dict[str, str], **other: str) -> Any:
    said = {name: value for name, value in {**cells, **other}.items() if value}
    return records.check(Row(2, said, surplus=False))


def _faults(cells: dict[str, str], **other: str) -> dict[str, str]:
    return {fault.field: fault.detail for fault in _check(cells, **other)}


def test_each_record_is_read() -> None:
    """A row of each kind is what the API's rules make of it."""
    assert isinstance(_check(DOCTOR), DoctorRecord)
    hours = _check(HOURS, every_weeks="2", valid_from="2030-01-07")
    assert isinstance(hours, HoursRecord)
    assert (hours.slot_minutes, hours.every_weeks) == (30, 2)
    appointment = _check(APPOINTMENT, time_slot="10:00-10:30")
    assert isinstance(appointment, AppointmentRecord)
    assert appointment.time_slot == "10:00 AM - 10:30 AM"


@pytest.mark.parametrize("word", ["", "Zanzibar", "Doctor"])
def test_an_unknown_record_is_at_fault(word: str) -> None:
    """A row says which record it is."""
    assert _faults(DOCTOR, record=word) == {"record": "must be one of doctor, hours, appointment"}


@pytest.mark.parametrize(
    ("cells", "field", "value", "words"),
    [
        (DOCTOR, "doctor", "", "must not be blank"),
        (DOCTOR, "doctor", "\u202eZanzibar", "control or invisible"),
        (DOCTOR, "time_zone", "Zanzibar", "IANA time zone"),
        (DOCTOR, "specialty", "\u0301", "must hold a letter"),
        (DOCTOR, "weekday", "mon", "must be blank in a row of this record"),
        (HOURS, "weekday", "Monday", "must be one of mon, tue"),
        (HOURS, "start", "9:00", "time of the day such as 09:00"),
        (HOURS, "end", "24:30", "time of the day such as 09:00"),
        (HOURS, "slot_minutes", "4", "greater than or equal to 5"),
        (HOURS, "slot_minutes", "half an hour", "valid integer"),
        (HOURS, "slot_minutes", "9" * 30, "valid integer"),
        (HOURS, "end", "09:10", "X"),
        (HOURS, "every_weeks", "2", "X"),
        (HOURS, "valid_from", "2027-02-30", "date of the calendar"),
        (APPOINTMENT, "date", "07.01.2030", "must be a date such as"),
        (APPOINTMENT, "time_slot", "ten", "must be a time slot such as"),
        (APPOINTMENT, "time_slot", "11:00 PM - 1:00 AM", "must end after it starts"),
        (APPOINTMENT, "patient_id", "", "must not be blank"),
        (APPOINTMENT, "patient_name", "a\u200b", "control or invisible"),
    ],
)
def test_a_field_at_fault_is_named(
    cells: dict[str, str], field: str, value: str, words: str
) -> None:
    """A field that breaks a rule of the API's is told with that rule's words, not with its value.

    What is about several fields stands under the record's name.
    """
    faults = _faults(cells, **{field: value})
    if words == "X":
        (field,) = faults
        assert field == "hours"
    else:
        assert words in faults[field]
    assert "Zanzibar" not in str(faults)


def test_every_fault_is_told_at_once() -> None:
    """Whoever corrects a row sees all that is wrong with it."""
    assert set(_faults(APPOINTMENT, date="x", time_slot="x", start="09:00")) == {
        "date",
        "time_slot",
        "start",
    }
    surplus = records.check(Row(2, DOCTOR, surplus=True))
    assert isinstance(surplus, list)
    assert [fault.detail for fault in surplus] == ["must have no cells beyond the header's"]
