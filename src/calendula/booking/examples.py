"""What holds, bookings and their changes answer, for the OpenAPI document. A test compares it."""

from typing import Any

from calendula.appointments.lifecycle import Action
from calendula.http import openapi
from calendula.http.problems import body

Responses = dict[int | str, dict[str, Any]]

_DOCTOR_ID = "01a208db-9349-7100-9895-d12a577ccc6c"
_ID = "01a208db-94f8-75d7-84bc-fd997f74a599"
_PATIENT_ID = "01a208db-94f1-7118-9b4d-e0936fe9f636"
_TOKEN = "mng_Gk0q3mT0a1nYxkq4c9y0mJ4D7iYy1sQ8oC5l2V6bZ3A"  # noqa: S105 - an example
_TIME = {
    "date": "2035-10-01",
    "time_slot": "10:00 AM - 10:30 AM",
    "start": "2035-10-01T10:00:00+05:30",
    "end": "2035-10-01T10:30:00+05:30",
}
_HELD = {
    "id": _ID,
    "doctor_id": _DOCTOR_ID,
    **_TIME,
    "expires_at": "2035-09-29T09:10:00+00:00",
    "token": _TOKEN,
}
_OWN = {
    "id": _ID,
    "doctor_id": _DOCTOR_ID,
    "doctor_name": "Dr. Meera Nair",
    "visit_type_id": None,
    **_TIME,
    "time_zone": "Asia/Kolkata",
    "status": "booked",
    "sequence": 0,
    "cancel_until": "2035-10-01T09:00:00+05:30",
    "move_until": "2035-10-01T09:00:00+05:30",
}
_MOVED = {
    **_OWN,
    "time_slot": "11:00 AM - 11:30 AM",
    "start": "2035-10-01T11:00:00+05:30",
    "end": "2035-10-01T11:30:00+05:30",
    "sequence": 1,
    "cancel_until": "2035-10-01T10:00:00+05:30",
    "move_until": "2035-10-01T10:00:00+05:30",
}
_CANCELLED = {
    **_OWN,
    "status": "cancelled",
    "sequence": 1,
    "cancel_until": None,
    "move_until": None,
}
_OF_THE_STAFF = {
    "id": _ID,
    "doctor_id": _DOCTOR_ID,
    "patient_id": _PATIENT_ID,
    "visit_type_id": None,
    "date": "2035-10-01",
    "time_slot": "10:00 AM - 10:30 AM",
    "start": "2035-10-01T04:30:00Z",
    "end": "2035-10-01T05:00:00Z",
    "status": "booked",
    "sequence": 0,
    "orphaned": False,
    "overridden": False,
    "patient": {"id": _PATIENT_ID, "identifier": "P-1001", "name": "Asha Verma"},
    "email": "asha@example.com",
    "phone": None,
    "note": None,
    "reason": None,
    "allowed": ["move", "arrive", "check-in", "cancel", "enter-in-error"],
}
_NEXT = [
    {
        "start": f"2035-10-01T{start}:00+05:30",
        "end": f"2035-10-01T{end}:00+05:30",
        "label": label,
        "date": "2035-10-01",
    }
    for start, end, label in (
        ("10:30", "11:00", "10:30 AM - 11:00 AM"),
        ("11:00", "11:30", "11:00 AM - 11:30 AM"),
        ("11:30", "12:00", "11:30 AM - 12:00 PM"),
    )
]
_REFUSALS = {
    "taken": ("Time slot already booked! Choose another slot.", "slot-taken"),
    "held_by_another": ("Time slot already booked! Choose another slot.", "slot-held"),
    "not_offered": (
        "The doctor does not offer this time slot! Choose another slot.",
        "slot-not-offered",
    ),
}
_SLOTS = {name: body(409, *words, {"next_slots": _NEXT}) for name, words in _REFUSALS.items()}
_TAKEN = "The slot cannot be had; `next_slots` can. Of one that is held, `Retry-After` says when"
_ARRIVED = body(
    409,
    "The appointment is arrived: move is not possible. "
    "Possible is: check-in, fulfil, cancel, undo, enter-in-error.",
    "transition-not-allowed",
    {
        "appointment_status": "arrived",
        "allowed": {
            "check-in": "checked-in",
            "fulfil": "fulfilled",
            "cancel": "cancelled",
            "undo": "booked",
            "enter-in-error": "entered-in-error",
        },
    },
)


_CALL = "Please call Sunrise Clinic on +91 80 5550 0100."


def _too_late(verb: str) -> dict[str, Any]:
    sentence = f"This appointment can be {verb} here no more. {_CALL}"
    return body(409, sentence, "too-late", {})


UNKNOWN: Responses = {
    404: openapi.problem(
        "No appointment of the caller's has this id",
        unknown_appointment=body(404, "There is no such appointment.", "unknown-appointment", {}),
    )
}
UNKNOWN_HOLD: Responses = {
    404: openapi.problem(
        "No hold of the caller's has this id",
        unknown_hold=body(404, "There is no such hold.", "unknown-hold", {}),
    )
}
_TOO_MANY_SLOTS: Responses = {
    429: openapi.problem(
        "Too much for now",
        too_many_slots=body(
            429,
            "So many slots were taken already. Try again tomorrow, or call the clinic.",
            "too-many-slots",
            {},
        ),
    )
}
_NOT_THERE: Responses = {404: openapi.problem("Nothing has one of the ids that the body names")}
_STAFF_ALONE: Responses = {403: openapi.problem("Only the staff may ask for this")}
HOLD: Responses = {
    **_TOO_MANY_SLOTS,
    **_NOT_THERE,
    **_STAFF_ALONE,
    201: openapi.answer("Held; `Location` is where", held=_HELD),
    409: openapi.problem(
        _TAKEN,
        **_SLOTS,
        too_many_holds=body(
            409, "So many times are held already. Book or release one first.", "too-many-holds", {}
        ),
    ),
}
BOOKING: Responses = {
    **_TOO_MANY_SLOTS,
    **_NOT_THERE,
    **_STAFF_ALONE,
    201: openapi.answer(
        "Booked, and safely stored; `Location` is where",
        booked={**_OWN, "manage_token": _TOKEN},
    ),
    409: openapi.problem(
        _TAKEN,
        **_SLOTS,
        hold_ended=body(
            409,
            "The time is held no more. Choose it again, if it is still free.",
            "hold-ended",
            {},
        ),
    ),
}
READ: Responses = {200: openapi.answer("The appointment", own=_OWN, of_the_staff=_OF_THE_STAFF)}
CALENDAR_FILE: Responses = {
    200: {"description": "The file", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}
ISSUE_TOKEN: Responses = {
    201: {"description": "Made; no other answer ever holds it"},
    409: openapi.problem("The patient has been erased"),
}
MOVE: Responses = {
    **_TOO_MANY_SLOTS,
    200: openapi.answer("The appointment as it is now", moved=_MOVED),
    409: openapi.problem(
        "The new slot cannot be had, or the appointment cannot be moved",
        **_SLOTS,
        arrived=_ARRIVED,
        too_late_to_move=_too_late("moved"),
    ),
}
CANCEL: Responses = {
    200: openapi.answer(
        "The appointment as it is now",
        cancelled=_CANCELLED,
    ),
    409: openapi.problem(
        "The appointment cannot be cancelled", too_late_to_cancel=_too_late("cancelled")
    ),
}
TRANSITION: Responses = {
    409: openapi.problem(
        f"It cannot be done in this state; `allowed` is what can, of {', '.join(Action)}"
    )
}
