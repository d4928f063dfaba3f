"""What the clinic's operations answer, for the OpenAPI document. A test compares it with them."""

from typing import Any

from calendula.clinic.answers import Responses
from calendula.clinic.time_off.schemas import EditedTimeOff
from calendula.http import openapi
from calendula.http.problems import body

_DOCTOR_ID = "01a208db-9349-7100-9895-d12a577ccc6c"
_DOCTOR = {
    "id": _DOCTOR_ID,
    "name": "Dr. Meera Nair",
    "specialty": "Cardiology",
    "time_zone": "Asia/Kolkata",
    "active": True,
    "holidays": None,
}
_MORNING = {"start": "10:00", "end": "11:00", "slot_minutes": 30}
_AFTERNOON = {"start": "14:00", "end": "16:00", "slot_minutes": 30}
_ALWAYS = {"valid_from": None, "valid_until": None, "every_weeks": 1}
_WEEK = [
    *({**_MORNING, "weekday": day, **_ALWAYS} for day in ("mon", "tue", "wed")),
    {
        "start": "22:00",
        "end": "02:00",
        "slot_minutes": 60,
        "weekday": "fri",
        "valid_from": "2035-10-01",
        "valid_until": None,
        "every_weeks": 2,
    },
]
_NONE = {"dry_run": False, "orphaned": [], "restored": []}
_CONTACT = {
    "name": "Sunrise Clinic",
    "phone": "+91 80 5550 0100",
    "email": "desk@sunrise.example",
}
_POLICY = {
    "minimum_notice_minutes": 60,
    "horizon_days": 7,
    "cancel_cutoff_minutes": None,
    "move_cutoff_minutes": None,
    "max_future_appointments": 3,
}
_VISIT_TYPE = {
    "id": "01a208db-9385-749d-af42-60ceea54a5ad",
    "name": "First visit",
    "duration_minutes": 45,
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 15,
    "public": True,
    "doctor_ids": None,
    "windows": None,
}
_TIME_OFF = {
    "id": "01a208db-947f-715c-93de-23a93bc04806",
    "doctor_id": _DOCTOR_ID,
    "start": "2035-10-02T18:30:00Z",
    "end": "2035-10-03T18:30:00Z",
    "reason": "conference",
    "effects": _NONE,
}

_PATIENT = {
    "id": "01a208db-94f1-7118-9b4d-e0936fe9f636",
    "identifier": "P-1001",
    "name": "Asha Verma",
}


def _appointment(*, orphaned: bool) -> dict[str, Any]:
    return {
        "id": "01a208db-94f8-75d7-84bc-fd997f74a599",
        "doctor_id": _DOCTOR_ID,
        "patient_id": _PATIENT["id"],
        "visit_type_id": None,
        "date": "2035-10-01",
        "time_slot": "10:00 AM - 10:30 AM",
        "start": "2035-10-01T04:30:00Z",
        "end": "2035-10-01T05:00:00Z",
        "status": "booked",
        "sequence": 0,
        "orphaned": orphaned,
        "overridden": False,
    }


def _override(effects: dict[str, Any]) -> dict[str, Any]:
    return {"date": "2035-10-01", "windows": [_AFTERNOON], "effects": {**_NONE, **effects}}


def _invalid(field: str, fault: str) -> Responses:
    detail = body(
        422, f"{field} {fault}.", "invalid", {"errors": [{"field": field, "detail": fault}]}
    )
    name = field.replace(".", "_")
    return {422: openapi.problem("A field or a parameter is not acceptable", **{name: detail})}


NAME_TAKEN: Responses = {
    409: openapi.problem(
        "The name is taken, or looks like another doctor's",
        taken=body(409, "A doctor of that name works here already.", "doctor-name-taken", {}),
        looks_like_anothers=body(
            409,
            "The name looks like that of another doctor.",
            "doctor-name-confusable",
            {"nearest_doctors": ["Dr. Meera Nair"]},
        ),
    )
}
NEW_DOCTOR: Responses = {
    201: openapi.answer("Added; `Location` is where", added=_DOCTOR),
    **NAME_TAKEN,
    **_invalid("time_zone", "is not an IANA time zone such as Europe/Berlin"),
}
HAS_APPOINTMENTS: Responses = {
    409: openapi.problem(
        "The doctor has appointments ahead, which are listed",
        has_appointments=body(
            409,
            "The doctor has appointments ahead. Deal with them first, or force it.",
            "doctor-has-appointments",
            {"appointments": [_appointment(orphaned=False)]},
        ),
    )
}
HOURS: Responses = {
    200: openapi.answer(
        "The week as it is now, and what became of appointments",
        hours={"windows": _WEEK, "effects": _NONE},
    ),
    **_invalid("windows", "must not overlap"),
}
OVERRIDE: Responses = {
    200: openapi.answer(
        "The hours of the date, and what became of appointments",
        dry_run=_override({"dry_run": True, "orphaned": [_appointment(orphaned=True)]}),
        orphaning=_override({"orphaned": [_appointment(orphaned=True)]}),
    ),
    **_invalid("windows.0", "must hold at least one slot"),
}
_WOULD_BE = "With `dry_run`: what would be made"
NEW_TIME_OFF_FOR_ALL: Responses = {200: {"description": _WOULD_BE, "model": EditedTimeOff}}
NEW_TIME_OFF: Responses = {
    200: {
        **openapi.answer(
            _WOULD_BE,
            dry_run_of_time_off={**_TIME_OFF, "effects": {**_NONE, "dry_run": True}},
        ),
        "model": EditedTimeOff,
    },
    201: openapi.answer("Made; `Location` is where", time_off_made=_TIME_OFF),
}
VISIT_TYPE_TAKEN: Responses = {
    409: openapi.problem(
        "Another visit type has this name",
        name_taken=body(409, "Another visit type has this name.", "visit-type-name-taken", {}),
    )
}
VISIT_TYPE_IN_USE: Responses = {
    409: openapi.problem(
        "Appointments are of this visit type",
        in_use=body(
            409,
            "Appointments are of this visit type. To offer it no more, make it not public.",
            "visit-type-in-use",
            {},
        ),
    )
}
NEW_VISIT_TYPE: Responses = {
    201: openapi.answer("Added; `Location` is where", visit_type=_VISIT_TYPE),
    **VISIT_TYPE_TAKEN,
}
CLINIC: Responses = {
    200: openapi.answer(
        "The rules as they are now, and what became of appointments",
        clinic={**_CONTACT, "holidays": "IN", "policy": _POLICY, "effects": _NONE},
    )
}
APPOINTMENTS: Responses = {
    200: openapi.answer(
        "Appointments in time order",
        orphaned={
            "items": [{**_appointment(orphaned=True), "patient": _PATIENT}],
            "next": None,
        },
    )
}
