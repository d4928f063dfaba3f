"""What the slots' operations answer, for the OpenAPI document. A test compares it with them."""

from typing import Any

from calendula.http import openapi
from calendula.http.problems import body

_DOCTOR_ID = "01a208db-9349-7100-9895-d12a577ccc6c"
_DOCTOR = {"doctor_id": _DOCTOR_ID, "time_zone": "Asia/Kolkata"}
_TEN = {
    "start": "2035-10-01T10:00:00+05:30",
    "end": "2035-10-01T10:30:00+05:30",
    "label": "10:00 AM - 10:30 AM",
}
_HALF_PAST = {
    "start": "2035-10-01T10:30:00+05:30",
    "end": "2035-10-01T11:00:00+05:30",
    "label": "10:30 AM - 11:00 AM",
}
_MONDAY = {"date": "2035-10-01", "slots": [_TEN, _HALF_PAST], "reason": None}
_HOLIDAY = {"date": "2035-10-02", "slots": [], "reason": "holiday"}
_TIME_OFF = {"date": "2035-10-03", "slots": [], "reason": "time_off"}
_APPOINTMENT_ID = "01a208db-94f8-75d7-84bc-fd997f74a599"


def _explained(start: str, *obstacles: tuple[str, str, str | None]) -> dict[str, Any]:
    names = "code", "detail", "appointment_id"
    listed = [dict(zip(names, obstacle, strict=True)) for obstacle in obstacles]
    return {"start": start, "bookable": not listed, "obstacles": listed}


UNKNOWN: dict[int | str, Any] = {
    404: openapi.problem(
        "No such doctor, or no such visit type of theirs",
        unknown_doctor=body(404, "No doctor of that id works here.", "unknown-doctor", {}),
        unknown_visit_type=body(404, "There is no such visit type.", "unknown-visit-type", {}),
    )
}
SLOTS: dict[int | str, Any] = {
    200: openapi.answer(
        "The free slots by date; for a date without any, the reason",
        slots={**_DOCTOR, "dates": [_MONDAY, _HOLIDAY, _TIME_OFF]},
    ),
    422: openapi.problem(
        "A parameter is not acceptable",
        too_long=body(
            422, "to must be the same date as from, or up to 61 days later.", "invalid", {}
        ),
    ),
}
NEXT: dict[int | str, Any] = {
    200: openapi.answer(
        "The first free slots in time order",
        next={
            **_DOCTOR,
            "slots": [{**_TEN, "date": "2035-10-01"}, {**_HALF_PAST, "date": "2035-10-01"}],
        },
    )
}
EXPLAIN: dict[int | str, Any] = {
    200: openapi.answer(
        "All that stands against a booking; nothing where it can be booked",
        bookable=_explained("2035-10-01T10:00:00+05:30"),
        holiday=_explained(
            "2035-10-02T10:00:00+05:30",
            ("holiday", "It is a holiday: Mahatma Gandhi's Birthday.", None),
        ),
        time_off=_explained(
            "2035-10-03T10:00:00+05:30",
            ("time_off", "The doctor has time off: conference.", None),
        ),
        too_far_ahead=_explained(
            "2035-10-10T10:00:00+05:30",
            ("horizon", "Bookings go 7 days ahead.", None),
        ),
        booked=_explained(
            "2035-10-01T10:00:00+05:30",
            ("full", "An appointment holds the time.", _APPOINTMENT_ID),
        ),
        no_slot=_explained(
            "2035-10-01T10:15:00+05:30",
            ("no_slot", "The doctor works then, but no slot begins at that time.", None),
        ),
    )
}
