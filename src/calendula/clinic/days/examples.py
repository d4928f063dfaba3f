"""What a doctor's day looks like, for the OpenAPI document. A test compares it."""

from calendula.clinic.answers import Responses
from calendula.http import openapi

_DOCTOR_ID = "01a208db-9349-7100-9895-d12a577ccc6c"
_PATIENT_ID = "01a208db-94f1-7118-9b4d-e0936fe9f636"
_APPOINTMENT = {
    "id": "01a208db-94f8-75d7-84bc-fd997f74a599",
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
}
_HOLD = {
    "start": "2035-10-01T05:00:00Z",
    "end": "2035-10-01T05:30:00Z",
    "expires_at": "2035-09-29T09:10:00Z",
}
_FREE = {
    "start": "2035-10-01T11:00:00+05:30",
    "end": "2035-10-01T11:30:00+05:30",
    "label": "11:00 AM - 11:30 AM",
}

DAY: Responses = {
    200: openapi.answer(
        "The date",
        doctors_day={
            "doctor_id": _DOCTOR_ID,
            "date": "2035-10-01",
            "time_zone": "Asia/Kolkata",
            "windows": [{"start": "10:00", "end": "11:30", "slot_minutes": 30}],
            "holiday": None,
            "time_off": [],
            "appointments": [_APPOINTMENT],
            "holds": [_HOLD],
            "free": [_FREE],
            "reason": None,
        },
    )
}
