"""What closing a date answers, for the OpenAPI document. A test compares it."""

from typing import Any

from calendula.clinic.answers import Responses
from calendula.http import openapi
from calendula.http.problems import body

_DOCTOR_ID = "01a208db-9349-7100-9895-d12a577ccc6c"
_NONE: dict[str, Any] = {"orphaned": [], "restored": []}
_TOMORROW = {
    "start": "2035-10-02T10:00:00+05:30",
    "end": "2035-10-02T10:30:00+05:30",
    "label": "10:00 AM - 10:30 AM",
    "date": "2035-10-02",
    "doctor_id": _DOCTOR_ID,
}


def _closed(outcome: str, status: str, day: str, *, dry_run: bool) -> dict[str, Any]:
    appointment = {
        "id": "01a208db-94f8-75d7-84bc-fd997f74a599",
        "doctor_id": _DOCTOR_ID,
        "patient_id": "01a208db-94f1-7118-9b4d-e0936fe9f636",
        "visit_type_id": None,
        "date": day,
        "time_slot": "10:00 AM - 10:30 AM",
        "start": f"{day}T04:30:00Z",
        "end": f"{day}T05:00:00Z",
        "status": status,
        "sequence": 1,
        "orphaned": False,
        "overridden": False,
    }
    return {
        "dry_run": dry_run,
        "date": "2035-10-01",
        "outcomes": [{"appointment": appointment, "outcome": outcome, "proposal": _TOMORROW}],
        "effects": {"dry_run": dry_run, **_NONE},
    }


CLOSING: Responses = {
    200: openapi.answer(
        "What became of each appointment of the date",
        day_cancelled=_closed("cancelled", "cancelled", "2035-10-01", dry_run=True),
        day_moved=_closed("moved", "booked", "2035-10-02", dry_run=False),
    ),
    422: openapi.problem(
        "A field is not acceptable, or the date has passed",
        no_specialty=body(422, "to must be doctor: this one has no specialty.", "invalid", {}),
    ),
}
