"""The examples of the OpenAPI document, and what the service really answers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from support.guides import Reading

_LIST = ("get", "/v1/appointments")  # the clinic's
_OF_EVERY_KEY = {"401", "403", "429"}  # tests/http/test_openapi.py compares these


def area(method: str, path: str) -> str:
    """Return which test compares the examples of an operation under /v1: each has one."""
    if path.endswith(("/day", "/close-day")):
        return "closing"
    if path.startswith(("/v1/holds", "/v1/appointments")) and (method, path) != _LIST:
        return "booking"
    return "clinic"


def compare(document: Any, answers: Mapping[str, Any], of: str) -> None:
    """See that each example of an area is real, but for the ids; none is left over.

    `answers` are by the examples' names.
    """
    examples = list(_documented(document, of))
    assert {name for _, name, _ in examples} == set(answers)
    for status, name, expected in examples:
        answer = answers[name]
        assert (str(answer.status_code), _read(answer.json())) == (status, _read(expected)), name


def _documented(document: Any, of: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the status, the name and the body of each example of an area."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1") and area(method, path) == of:
                yield from _of(operation)


def _of(operation: Any) -> Iterator[tuple[str, str, Any]]:
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            for name, example in content.get("examples", {}).items():
                if status not in _OF_EVERY_KEY:
                    yield status, name, example["value"]


def _read(value: Any) -> Any:
    return Reading().read(json.dumps(value), relative=False)
