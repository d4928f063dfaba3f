"""What the two endpoints answer, for the OpenAPI document. A test compares it with the service."""

from typing import Any, get_args

from calendula.availability.day import Reason
from calendula.http import openapi
from calendula.http.problems import ALL_REQUIRED, body

_ASKED = {"doctor_name": "Dr. Rajesh Kumar", "date": "2025-02-07"}
_FREE = [
    "9:00 AM - 9:30 AM",
    "9:30 AM - 10:00 AM",
    "10:30 AM - 11:00 AM",
    "11:00 AM - 11:30 AM",
    "11:30 AM - 12:00 PM",
    "2:00 PM - 2:30 PM",
    "2:30 PM - 3:00 PM",
]
_TAKEN = "Time slot already booked! Choose another slot."
_NOT_OFFERED = "The doctor does not offer this time slot! Choose another slot."
_PASSED = "This time has passed! Choose another slot."
_TOO_SOON = "This time is too soon to be booked! Choose another slot."
_TOO_FAR = "This time is too far ahead to be booked! Choose another slot."
_TOO_MANY = "The patient has as many appointments as this doctor allows!"
_ALIKE = "The name looks like that of another doctor."
_UNKNOWN = "No doctor of that name works here."
_REUSED = "This Idempotency-Key was used for another booking. Use a new one."
_NO_KEY = "Idempotency-Key must be 1 to 255 printable ASCII characters."
_TOO_MANY_SLOTS = "So many slots were taken already. Try again tomorrow, or call the clinic."
_SILENT = "The database does not answer. Try again in a moment."
_WENT_WRONG = "Something went wrong."


def _example(status: int, detail: str, code: str, msg: str | None = None, **more: Any) -> Any:
    return {"msg": msg or detail, **body(status, detail, code, more)}


def _field(name: str, fault: str, msg: str | None = None) -> Any:
    detail = msg or f"{name} {fault}."
    return _example(422, detail, "invalid", errors=[{"field": name, "detail": fault}])


def _failures(msg: str) -> dict[int | str, Any]:
    return {
        500: openapi.problem(
            "Anything unforeseen",
            unforeseen=_example(500, _WENT_WRONG, "internal-server-error", msg),
        ),
        503: openapi.problem(
            "The outcome is not known; `Retry-After` says when to try again",
            silent_database=_example(503, _SILENT, "unavailable", msg),
        ),
    }


_NO_GOOD = openapi.problem(
    "No key is needed, but the one that was shown is not valid",
    no_good=_example(401, "The key is not valid.", "invalid-token"),
)
_UNKNOWN_DOCTOR = openapi.problem(
    "A closed clinic has no such doctor",
    unknown_doctor=_example(404, _UNKNOWN, "unknown-doctor", nearest_doctors=["Dr. Rajesh Kumar"]),
)
_BOOKED = {
    "msg": "Appointment booked successfully!",
    "appointment_id": "0194dfbd-6a9c-7d5e-9a0b-5d6f2b0c1e4a",
    **_ASKED,
    "time_slot": "10:00 AM - 10:30 AM",
    "starts_at": "2025-02-07T10:00:00+00:00",
    "ends_at": "2025-02-07T10:30:00+00:00",
    "manage_token": "mng_Gk0q3mT0a1nYxkq4c9y0mJ4D7iYy1sQ8oC5l2V6bZ3A",
}

BOOKING: dict[int | str, Any] = {
    201: {
        "description": "Booked, and safely stored. A replay carries `Idempotency-Replayed: true`.",
        "headers": {
            "Idempotency-Replayed": {
                "description": "`true` where this is the answer of an earlier request.",
                "schema": {"type": "string", "enum": ["true"]},
            }
        },
        "content": {"application/json": {"example": _BOOKED}},
    },
    400: openapi.problem(
        "The body is not JSON in UTF-8",
        unreadable=_example(400, "The body is not readable as JSON in UTF-8.", "bad-request"),
    ),
    401: _NO_GOOD,
    404: _UNKNOWN_DOCTOR,
    409: openapi.problem(
        "The slot cannot be had; where others can, they are named",
        taken=_example(409, _TAKEN, "slot-taken", available_slots=_FREE),
        not_offered=_example(409, _NOT_OFFERED, "slot-not-offered", available_slots=_FREE),
        passed=_example(409, _PASSED, "slot-passed", available_slots=[]),
        too_soon=_example(409, _TOO_SOON, "slot-too-soon", available_slots=[]),
        too_far_ahead=_example(409, _TOO_FAR, "slot-too-far-ahead", available_slots=[]),
        too_many=_example(409, _TOO_MANY, "too-many-appointments", available_slots=_FREE),
        name_looks_like_anothers=_example(
            409, _ALIKE, "doctor-name-confusable", nearest_doctors=["Dr. Rajesh Kumar"]
        ),
    ),
    413: openapi.problem(
        "The body is over 64 KiB",
        too_large=_example(413, "The body must have at most 64 KiB.", "content-too-large"),
    ),
    415: openapi.problem(
        "The body is of another type than JSON",
        no_json=_example(
            415, "The body must be JSON, sent as application/json.", "unsupported-media-type"
        ),
    ),
    422: openapi.problem(
        "A field or the Idempotency-Key is not acceptable",
        missing=_field("patient_name", "must not be blank", ALL_REQUIRED),
        no_such_date=_field("date", "must be a date of the calendar"),
        key_reused=_example(422, _REUSED, "idempotency-key-reused"),
        bad_key=_example(422, _NO_KEY, "idempotency-key-invalid"),
    ),
    429: openapi.problem(
        "Too much for now",
        too_many_slots=_example(429, _TOO_MANY_SLOTS, "too-many-slots"),
    ),
    **_failures("Error in booking appointment!"),
}

LOOKUP: dict[int | str, Any] = {
    200: {
        "description": "The free slots in time order; where there are none, the reason",
        "content": {
            "application/json": {
                "examples": {
                    "free": {"value": {"available_slots": _FREE}},
                    **{
                        reason: {"value": {"available_slots": [], "reason": reason}}
                        for reason in get_args(Reason)
                    },
                }
            }
        },
    },
    401: _NO_GOOD,
    404: _UNKNOWN_DOCTOR,
    422: openapi.problem(
        "A parameter is not acceptable",
        missing=_field("doctor_name", "must not be blank", ALL_REQUIRED),
        no_such_date=_field("date", "must be a date of the calendar"),
        repeated=_example(422, "A query parameter is repeated.", "invalid"),
    ),
    **_failures("Error in fetching available slots"),
}
