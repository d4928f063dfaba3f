"""Calendar files, read back with vobject: it goes by the zone that the file itself defines."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
import vobject
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vobject.icalendar import TimezoneComponent, registerTzid

from calendula.appointments.calendar_file import Entry, write

HALF_HOUR = timedelta(minutes=30)
BOOKED = datetime(2027, 1, 4, 8, tzinfo=UTC)
ENTRY = Entry(
    id=UUID("01a208db-94f8-75d7-84bc-fd997f74a599"),
    sequence=0,
    cancelled=False,
    start=datetime(2027, 6, 1, 8, tzinfo=UTC),
    end=datetime(2027, 6, 1, 8, 30, tzinfo=UTC),
    zone=ZoneInfo("Europe/Berlin"),
    created_at=BOOKED,
    updated_at=BOOKED + HALF_HOUR,
    doctor="Dr. Meera Nair",
    clinic="Sunrise Clinic",
    phone="+91 80 1234 5678",
    email="desk@sunrise.example",
    patient_email="asha@example.org",
)
BARE = replace(ENTRY, clinic=None, phone=None, email=None, patient_email=None)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})


def _read(entry: Entry) -> Any:
    """Return the file as read by the zone that it defines, not one that is known already."""
    text = write(entry).decode()
    for zone in vobject.readOne(text, transform=False).contents.get("vtimezone", ()):
        registerTzid(zone.tzid.value, TimezoneComponent.gettzinfo(zone))
    return vobject.readOne(text)


def _at(entry: Entry, start: datetime, zone: str = "", length: timedelta = HALF_HOUR) -> Entry:
    return replace(
        entry, start=start, end=start + length, zone=ZoneInfo(zone) if zone else entry.zone
    )


def _instants(entry: Entry) -> tuple[datetime, datetime]:
    event = _read(entry).vevent
    return event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC)


def _lines(entry: Entry) -> list[str]:
    """Return the content lines, unfolded (RFC 5545, section 3.1)."""
    return write(entry).decode().replace("\r\n ", "").split("\r\n")[:-1]


def _names(entry: Entry) -> set[str]:
    return {re.split("[;:]", line)[0] for line in _lines(entry)}


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Berlin", "2027-03-28T00:30Z"),  # the last half hour of winter time
        ("Europe/Berlin", "2027-03-28T01:00Z"),  # the first of summer time
        ("Europe/Berlin", "2027-10-31T00:30Z"),  # 2:30, for the first time
        ("Europe/Berlin", "2027-10-31T01:00Z"),  # 2:00, for the second time
        ("Europe/Berlin", "2027-12-24T09:00Z"),
        ("Europe/Dublin", "2027-12-24T09:00Z"),  # where winter is the exception
        ("Asia/Kolkata", "2027-06-01T04:30Z"),
        ("America/St_Johns", "2027-06-01T12:00Z"),
        ("America/St_Johns", "2027-12-01T12:00Z"),
        ("Africa/Casablanca", "2027-02-07T10:00Z"),  # the day on which the clock goes to Ramadan's
        ("Africa/Casablanca", "2027-02-20T10:00Z"),
        ("Africa/Casablanca", "2027-04-20T10:00Z"),
        ("Pacific/Apia", "2011-12-30T09:59Z"),  # the day before the one that Samoa left out
        ("Pacific/Apia", "2011-12-30T10:00Z"),
        ("Pacific/Apia", "2027-06-01T20:00Z"),
        ("Asia/Almaty", "2024-12-02T04:00Z"),  # in the year in which its zone changed for good
        ("Etc/GMT+3", "2027-06-01T08:00Z"),
        ("UTC", "2027-06-01T08:00Z"),
    ],
)
def test_a_calendar_shows_the_instants(zone: str, start: str) -> None:
    """Start and end are what was booked, on both sides of every change of the clock."""
    entry = _at(ENTRY, datetime.fromisoformat(start), zone)
    assert _instants(entry) == (entry.start, entry.end)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(5, 24 * 60),
)
@example("Africa/Casablanca", datetime(2087, 4, 1, 12), 720)  # noqa: DTZ001
def test_no_zone_and_date_is_shown_wrong(zone: str, start: datetime, minutes: int) -> None:
    """In each zone, in this century, a calendar that knows no zones shows what was booked."""
    begins = start.replace(second=0, microsecond=0, tzinfo=UTC)
    entry = _at(ENTRY, begins, zone, timedelta(minutes=minutes))
    assert _instants(entry) == (entry.start, entry.end)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
@pytest.mark.parametrize("year", [1, 2, 3, 1900, 9999])
def test_no_date_is_too_far_away(zone: str, year: int) -> None:
    """An open clinic books any date: each has a file, which says when it is."""
    day = datetime(year, 12 if year > 1 else 1, 31, 9, tzinfo=ZoneInfo(zone))
    entry = _at(ENTRY, day.astimezone(UTC), zone)
    assert f"DTSTART;TZID={zone}:{year:04}{day:%m%d}T090000" in _lines(entry)


def test_a_zone_is_defined_once_and_briefly() -> None:
    """The file defines the zone that it names, by the two changes before the appointment."""
    lines = _lines(ENTRY)
    assert "DTSTART;TZID=Europe/Berlin:20270601T100000" in lines
    assert [line for line in lines if line.startswith("TZID")] == ["TZID:Europe/Berlin"]
    zone = lines[lines.index("BEGIN:VTIMEZONE") : lines.index("END:VTIMEZONE") + 1]
    assert zone[2:-1] == [
        *("BEGIN:STANDARD", "DTSTART:20261025T030000", "TZNAME:CET"),
        *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD"),
        *("BEGIN:DAYLIGHT", "DTSTART:20270328T020000", "TZNAME:CEST"),
        *("TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT"),
    ]


def test_utc_is_not_defined() -> None:
    """UTC is written with a Z, and is no zone that a file may define (RFC 5545, 3.2.19)."""
    entry = replace(ENTRY, zone=ZoneInfo("UTC"))
    assert "DTSTART:20270601T080000Z" in _lines(entry)
    assert b"TZID" not in write(entry)
    assert b"VTIMEZONE" not in write(entry)


def test_a_calendar_follows_a_move_and_a_cancellation() -> None:
    """The UID stays, the sequence goes on, the method says which (RFC 5546, 3.2.2 and 3.2.5)."""
    moved = replace(_at(ENTRY, ENTRY.start + timedelta(days=7)), sequence=1)
    cancelled = replace(moved, sequence=2, cancelled=True)
    read = [_read(it) for it in (ENTRY, moved, cancelled)]
    assert {it.vevent.uid.value for it in read} == {f"{ENTRY.id}@calendula"}
    assert {it.vevent.organizer.value for it in read} == {"mailto:desk@sunrise.example"}
    assert [(it.method.value, it.vevent.sequence.value, it.vevent.status.value) for it in read] == [
        ("REQUEST", "0", "CONFIRMED"),
        ("REQUEST", "1", "CONFIRMED"),
        ("CANCEL", "2", "CANCELLED"),
    ]


@pytest.mark.parametrize("entry", [ENTRY, BARE], ids=["whole", "bare"])
@pytest.mark.parametrize("cancelled", [False, True])
def test_a_file_has_what_calendars_require(entry: Entry, *, cancelled: bool) -> None:
    """Whatever is known of the clinic and the patient, each required property is there, once."""
    lines = _lines(replace(entry, cancelled=cancelled))
    event = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    names = [re.split("[;:]", line)[0] for line in event]
    assert len(names) == len(set(names))
    assert {
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "STATUS"),
        *("ORGANIZER", "ATTENDEE", "TRANSP", "CLASS", "CREATED", "LAST-MODIFIED"),
    } <= set(names)
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert {"PRODID:-//Calendula//Calendula//EN", "CALSCALE:GREGORIAN"} < set(lines)
    assert {"CLASS:PRIVATE", "TRANSP:OPAQUE", "DTSTAMP:20270104T083000Z"} < set(event)


def test_who_has_no_address_has_a_name() -> None:
    """Organizer and attendee are valid URIs, the same ones for as long as the appointment lives."""
    lines = _lines(ENTRY)
    assert 'ORGANIZER;CN="Sunrise Clinic":mailto:desk@sunrise.example' in lines
    assert "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:asha@example.org" in lines
    bare, later = _read(BARE).vevent, _read(replace(BARE, sequence=3, cancelled=True)).vevent
    assert bare.attendee.value == BARE.id.urn
    assert UUID(bare.organizer.value).version == 5
    assert bare.organizer.value == later.organizer.value
    odd = replace(ENTRY, patient_email="a&b/c+d@example.org")
    assert _read(odd).vevent.attendee.value == "mailto:a%26b%2Fc+d@example.org"


def test_a_calendar_may_be_shown_to_others() -> None:
    """It says with whom, where and whom to call: not why, and not who."""
    event = _read(ENTRY).vevent
    assert event.summary.value == "Appointment with Dr. Meera Nair"
    assert event.location.value == "Sunrise Clinic"
    whom = "Please call Sunrise Clinic on +91 80 1234 5678."
    assert event.description.value == f"Something to change? {whom}"
    assert not {"LOCATION", "DESCRIPTION"} & _names(BARE)


@pytest.mark.parametrize(
    "name",
    [
        *("A;B,C\\D\\n:E", "Sunrise 🌅👩\u200d⚕️ Clinic", "عيادة الشروق", "張偉" * 100),
        *("O'Brien's", "END:VEVENT", "<b>{{7*7}}</b>", "x" * 200),
    ],
    ids=["marks", "emoji", "arabic", "chinese", "apostrophe", "end", "html", "long"],
)
def test_every_name_comes_back(name: str) -> None:
    """A name is shown as it is, on lines of at most 75 octets, each of them valid UTF-8."""
    entry = replace(ENTRY, doctor=name, clinic=name)
    event = _read(entry).vevent
    assert (event.summary.value, event.location.value) == (f"Appointment with {name}", name)
    assert event.organizer.params["CN"] == [name]
    *lines, last = write(entry).split(b"\r\n")
    assert last == b""
    assert all(line.decode() and len(line) <= 75 and not {10, 13} & set(line) for line in lines)
    assert _names(entry) == _names(ENTRY)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=repr)
def test_no_name_adds_a_property(end: str) -> None:
    """A name that ends its line, which none can, would still be text."""
    name = f"Dr. A{end}ATTACH:http://x{end}BEGIN:VALARM"
    assert _names(replace(ENTRY, doctor=name, clinic=name, phone=name)) == _names(ENTRY)


def test_a_change_meanwhile_is_defined() -> None:
    """Where the clock changes during the appointment, the definition has that change too."""
    night = _at(ENTRY, datetime(2027, 3, 28, 0, 30, tzinfo=UTC), length=timedelta(hours=1))
    onsets = [line for line in _lines(night) if line.startswith("DTSTART:")]
    dates = ["20260329T020000", "20261025T030000", "20270328T020000"]
    assert onsets == [f"DTSTART:{date}" for date in dates]


def test_the_start_does_not_pay_for_calendars() -> None:
    """What writes the files is imported by the first one, not with the service."""
    code = (
        "import sys, calendula.app, calendula.appointments.calendar_file\n"
        "sys.exit('icalendar' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
