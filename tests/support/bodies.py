"""What can be sent to each operation that takes a body."""

from typing import Any
from uuid import UUID

from support import BOOKING

NOBODY = str(UUID(int=0))
"""An id that nothing has."""

_WINDOW = {"start": "09:00", "end": "12:00", "slot_minutes": 30}
_WEEKLY = {
    **_WINDOW,
    "weekday": "mon",
    "valid_from": "2099-01-01",
    "valid_until": "2099-12-31",
    "every_weeks": 2,
}
_OFF = {"start": "2099-02-27T09:00:00Z", "end": "2099-02-27T10:00:00Z", "reason": "a conference"}
_LIMITS = {
    "minimum_notice_minutes": 60,
    "horizon_days": 90,
    "cancel_cutoff_minutes": 60,
    "move_cutoff_minutes": 60,
    "max_future_appointments": 3,
}
_VISIT = {
    "name": "First visit",
    "duration_minutes": 45,
    "buffer_before_minutes": 5,
    "buffer_after_minutes": 5,
    "public": True,
    "doctor_ids": [NOBODY],
    "windows": [{"weekday": "mon", "start": "09:00", "end": "12:00"}],
}
BODIES: dict[str, dict[str, Any]] = {
    "book_appointment": BOOKING,
    "create_doctor": {"name": "Dr. New", "specialty": "Surgery", "time_zone": "UTC"},
    "change_doctor": {
        "name": "Dr. New",
        "specialty": "Surgery",
        "time_zone": "UTC",
        "holidays": "IN",
    },
    "replace_hours": {"windows": [_WEEKLY]},
    "replace_default_hours": {"windows": [_WEEKLY]},
    "set_override": {"windows": [_WINDOW]},
    "close_day": {
        "date": "2099-02-27",
        "action": "cancel",
        "to": "specialty",
        "reason": "The doctor is ill",
    },
    "add_time_off": _OFF,
    "add_clinic_time_off": _OFF,
    "replace_clinic": {
        "name": "Sunrise Clinic",
        "phone": "+91 80 5550 0100",
        "email": "desk@sunrise.example",
        "holidays": "IN",
        "policy": _LIMITS,
    },
    "replace_policy": _LIMITS,
    "create_visit_type": _VISIT,
    "replace_visit_type": _VISIT,
    "search_patients": {
        "name": "verma",
        "identifier": "P-1001",
        "email": "asha@example.com",
        "phone": "+91 22 5550 0100",
        "cursor": None,
        "limit": 50,
    },
    "change_patient": {
        "name": "Asha Verma",
        "identifier": "P-1001",
        "email": "asha@example.com",
        "phone": "+91 22 5550 0100",
    },
    "merge_patients": {"duplicate_id": NOBODY},
    "create_hold": {
        "doctor_id": NOBODY,
        "start": "2099-02-27T09:00:00Z",
        "visit_type_id": NOBODY,
        "minutes": 5,
    },
    "create_appointment": {
        "doctor_id": NOBODY,
        "start": "2099-02-27T09:00:00Z",
        "visit_type_id": NOBODY,
        "patient": {
            "identifier": "P-1",
            "name": "Asha Verma",
            "email": "asha@example.org",
            "phone": "+91 80 5550 1234",
        },
        "patient_id": None,
        "note": "The left knee",
        "hold": None,
        "override": True,
        "reason": "an emergency",
        "duration_minutes": 20,
    },
    "move_appointment": {
        "start": "2099-02-27T09:00:00Z",
        "doctor_id": NOBODY,
        "override": True,
        "reason": "an emergency",
        "duration_minutes": 20,
    },
    "cancel_appointment": {"reason": "I feel well again"},
    "create_key": {
        "name": "front desk",
        "role": "doctor",
        "doctor_id": NOBODY,
        "expires_at": "2999-01-01T00:00:00Z",
    },
}
"""A body with every member for each operation that takes one, by the name of its function."""
