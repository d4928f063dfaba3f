"""The examples of the OpenAPI document, and what the service really answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from support.guides import Reading

_OF_EVERY_KEY = {"401", "403"}  # tests/http/test_openapi.py compares these


def is_booking(method: str, path: str) -> bool:
    """Tell whether an operation holds or books a slot, or changes what is booked."""
    return path.startswith(("/v1/holds", "/v1/appointments")) and (method, path) != (
        "get",
        "/v1/appointments",
    )


def is_day(_method: str, path: str) -> bool:
    """Tell whether an operation is about a doctor's day, or closes it."""
    return path.endswith(("/day", "/close-day"))


def compare(document: Any, answers: Mapping[str, Any], wanted: Callable[[str, str], bool]) -> None:
    """See that each example of the wanted operations is real, but for the ids; none is left over.

    An operation is wanted by its method and its path; `answers` are by the examples' names.
    """
    examples = list(_documented(document, wanted))
    assert {name for _, name, _ in examples} == set(answers)
    for status, name, expected in examples:
        answer = answers[name]
        assert (str(answer.status_code), _read(answer.json())) == (status, _read(expected)), name


def _documented(
    document: Any, wanted: Callable[[str, str], bool]
) -> Iterator[tuple[str, str, Any]]:
    """Yield the status, the name and the body of each example under /v1."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1") and wanted(method, path):
                yield from _of(operation)


def _of(operation: Any) -> Iterator[tuple[str, str, Any]]:
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            for name, example in content.get("examples", {}).items():
                if status not in _OF_EVERY_KEY:
                    yield status, name, example["value"]


def _read(value: Any) -> Any:
    return Reading().read(json.dumps(value), relative=False)
