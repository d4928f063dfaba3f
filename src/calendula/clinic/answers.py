"""What the documentation says of the errors that several operations have."""

from typing import Any

from calendula.http import openapi
from calendula.http.problems import body

Responses = dict[int | str, dict[str, Any]]

_NO_DOCTOR = body(404, "No doctor of that id works here.", "unknown-doctor", {})
_NO_TIME_OFF = body(404, "There is no such time off.", "unknown-time-off", {})
_NO_VISIT_TYPE = body(404, "There is no such visit type.", "unknown-visit-type", {})
_CHANGED = body(412, "It was changed in the meantime. Read it again.", "stale", {})

UNKNOWN: Responses = {404: openapi.problem("No doctor has this id", unknown_doctor=_NO_DOCTOR)}
UNKNOWN_TIME_OFF: Responses = {
    404: openapi.problem("No time off has this id", unknown_time_off=_NO_TIME_OFF)
}
UNKNOWN_VISIT_TYPE: Responses = {
    404: openapi.problem("No visit type has this id", unknown_visit_type=_NO_VISIT_TYPE)
}
STALE: Responses = {412: openapi.problem("`If-Match` is stale: read it again", stale=_CHANGED)}
