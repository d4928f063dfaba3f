"""An appointment as a file for calendars: iCalendar (RFC 5545) that invites or cancels (RFC 5546).

Calendars are shown to others. The file says when, with whom and where, not why, and not who goes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from calendula.appointments import zone_definition
from calendula.timetables.contact import whom_to_call

if TYPE_CHECKING:
    from icalendar import Event, vCalAddress

_IN_ADDRESSES = "@!$'*+"  # of what RFC 6068 lets stand in a mailto, what calendars understand


@dataclass(frozen=True, slots=True)
class Entry:
    """What a calendar may know of an appointment. Instants are aware and in UTC."""

    id: UUID
    """Of the appointment."""
    sequence: int
    """One more with every change of time, and with the cancellation."""
    cancelled: bool
    start: datetime
    end: datetime
    zone: ZoneInfo
    """The doctor's."""
    created_at: datetime
    updated_at: datetime
    doctor: str
    clinic: str | None
    phone: str | None
    """The clinic's."""
    email: str | None
    """The clinic's."""
    patient_email: str | None


def write(entry: Entry) -> bytes:
    """Return the file: METHOD is REQUEST, or CANCEL (RFC 5546, sections 3.2.2 and 3.2.5).

    The UID is the same for as long as the appointment lives, so that a calendar moves what it has.
    """
    from icalendar import Calendar  # a tenth of a second that not every start should pay

    event = _event(entry)
    calendar = Calendar()
    calendar.add("PRODID", "-//Calendula//Calendula//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "CANCEL" if entry.cancelled else "REQUEST")
    tzids = {event[name].params.get("TZID") for name in ("DTSTART", "DTEND")} - {None}
    for tzid in tzids:
        calendar.add_component(zone_definition.around(entry.start, entry.end, entry.zone, tzid))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _event(entry: Entry) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("UID", f"{entry.id}@calendula")
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTAMP", entry.updated_at)
    event.add("CREATED", entry.created_at)
    event.add("LAST-MODIFIED", entry.updated_at)
    event.add("DTSTART", _time(entry.start, entry.zone))
    event.add("DTEND", _time(entry.end, entry.zone))
    event.add("STATUS", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    event.add("CLASS", "PRIVATE")
    _describe(event, entry)
    event.add("ORGANIZER", _organizer(entry))
    event.add("ATTENDEE", _attendee(entry))
    return event


def _describe(event: "Event", entry: Entry) -> None:
    event.add("SUMMARY", f"Appointment with {entry.doctor}")
    if entry.clinic:
        event.add("LOCATION", entry.clinic)
    if entry.phone:
        question = "Something to change?"
        event.add("DESCRIPTION", f"{question} {whom_to_call(entry.clinic, entry.phone)}")


def _time(instant: datetime, zone: ZoneInfo) -> datetime:
    """Give wall time, but UTC where a clock change repeats it: it would be read as the first."""
    local = instant.astimezone(zone)
    return instant if local.fold else local


def _organizer(entry: Entry) -> "vCalAddress":
    """Give whom both methods need; without an address it is a name that nobody can write to."""
    address = _address(entry.email, uuid5(entry.id, "organizer"))
    if entry.clinic:
        address.params["CN"] = entry.clinic
    return address


def _attendee(entry: Entry) -> "vCalAddress":
    """Give the patient, who has said yes by booking: calendars ask nobody, and answer nobody."""
    address = _address(entry.patient_email, entry.id)
    address.params["PARTSTAT"] = "ACCEPTED"
    address.params["RSVP"] = "FALSE"
    return address


def _address(email: str | None, otherwise: UUID) -> "vCalAddress":
    from icalendar import vCalAddress

    return vCalAddress(f"mailto:{quote(email, _IN_ADDRESSES)}" if email else otherwise.urn)
