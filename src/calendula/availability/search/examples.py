"""What the search for free slots answers, for the OpenAPI document. A test compares it."""

from typing import Any

from calendula.http import openapi
from calendula.http.problems import body

_MEERA = {
    "doctor_id": "01a208db-9349-7100-9895-d12a577ccc6c",
    "doctor_name": "Dr. Meera Nair",
    "specialty": "Cardiology",
    "date": "2035-10-01",
}
_TEN = {
    "start": "2035-10-01T10:00:00+05:30",
    "end": "2035-10-01T10:30:00+05:30",
    "label": "10:00 AM - 10:30 AM",
    **_MEERA,
}
_HALF_PAST = {
    "start": "2035-10-01T10:30:00+05:30",
    "end": "2035-10-01T11:00:00+05:30",
    "label": "10:30 AM - 11:00 AM",
    **_MEERA,
}

_UNKNOWN = body(404, "There is no such visit type.", "unknown-visit-type", {})

SEARCH: dict[int | str, Any] = {
    200: openapi.answer(
        "The first free slots, and whether there may be more",
        found={"items": [_TEN, _HALF_PAST], "next": None},
    ),
    404: openapi.problem("No such visit type", unknown_visit_type=_UNKNOWN),
    422: openapi.problem(
        "A parameter is not acceptable",
        too_far=body(422, "from and to must be at most 365 days from today.", "invalid", {}),
    ),
}
