"""What the documentation says of the errors that several operations have."""

from typing import Any

from calendula.http import openapi

Responses = dict[int | str, dict[str, Any]]

UNKNOWN: Responses = {404: openapi.problem("Nothing has this id")}
STALE: Responses = {412: openapi.problem("`If-Match` is stale: read it again")}
