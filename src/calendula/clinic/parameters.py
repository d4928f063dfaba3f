"""Query parameters that several edits take."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator


def _flag(value: Any) -> Any:
    """Take `?force` for `?force=true`, and nothing that is neither true nor false."""
    known = {"": True, "true": True, "false": False, True: True, False: False}
    if value not in known:
        raise ValueError("must be true or false")
    return known[value]


Flag = Annotated[bool, BeforeValidator(_flag)]
DryRun = Annotated[
    Flag,
    Query(description="Change nothing, and tell what would happen to appointments."),
]
