"""What the service's own OpenAPI document says can be asked, and of which kind each part is."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple

from calendula import lengths
from calendula.app import create_app
from calendula.settings import Settings
from calendula.timetables import labels
from support.bodies import BODIES

Steps = tuple[str | int, ...]

_JSON = "application/json"
_NOTHING: dict[str, Any] = {"content": {}}
_ZONE = "Asia/Kolkata"  # by which the document shows what a zone is


class Place(NamedTuple):
    """A place in a body, its kind, and whether it may be null."""

    steps: Steps
    kind: str
    nullable: bool


class Parameter(NamedTuple):
    """A parameter of a query, and its kind."""

    name: str
    kind: str


class Operation(NamedTuple):
    """What can be asked."""

    name: str
    method: str
    path: str

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> dict[str, Any]:
        """What the document says of it."""
        said: dict[str, Any] = document()["paths"][self.path][self.method.lower()]
        return said

    @property
    def path_names(self) -> list[str]:
        """The names of the parameters in the path."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def content_types(self) -> list[str]:
        """The types of the bodies that it takes."""
        return list(self.said.get("requestBody", _NOTHING)["content"])

    @property
    def has_json(self) -> bool:
        """Whether it takes a body in JSON."""
        return _JSON in self.content_types

    @property
    def needs_key(self) -> bool:
        """Whether nobody may ask for it without a key."""
        return self.said.get("security") == [{"key": []}]

    @property
    def query(self) -> list[Parameter]:
        """The parameters of its query."""
        said = [it for it in self.said.get("parameters", ()) if it["in"] == "query"]
        return [Parameter(it["name"], _kind(it["schema"])) for it in said]

    @property
    def places(self) -> list[Place]:
        """All places in its body, those within lists and objects too."""
        if not self.has_json:
            return []
        schema = self.said["requestBody"]["content"][_JSON]["schema"]
        return list(_places(_resolved(schema), BODIES[self.name]))

    def body(self) -> Any:
        """Return a body that has every member; none where it takes none."""
        return deepcopy(BODIES[self.name]) if self.has_json else None


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    return create_app(Settings(database_url="sqlite:///nowhere.db")).openapi()


@cache
def operations() -> list[Operation]:
    """Return every operation."""
    return [
        Operation(_function(path, method, it), method.upper(), path)
        for path, item in document()["paths"].items()
        for method, it in item.items()
    ]


def methods(path: str) -> set[str]:
    """Return all that can be done at a path of the document."""
    return {method.upper() for method in document()["paths"][path]}


def put(body: Any, steps: Steps, value: Any) -> Any:
    """Return a body after it was given a value at a place."""
    *way, last = steps
    part = body
    for step in way:
        part = part[step]
    part[last] = value
    return body


def put_raw(body: Any, steps: Steps, raw: str) -> bytes:
    """Return a body as it is sent, with a text at a place that need be no JSON."""
    return json.dumps(put(body, steps, "\x1a")).replace(json.dumps("\x1a"), raw).encode()


def _function(path: str, method: str, operation: dict[str, Any]) -> str:
    """Return the name of an operation's function: FastAPI puts the path and method behind it."""
    behind = re.sub(r"\W", "_", f"{path}_{method}")
    return str(operation["operationId"]).removesuffix(behind)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema itself, where it is a reference, or may be null as well."""
    for it in schema.get("anyOf", []):
        if it.get("type") != "null":
            schema = it
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(schema: dict[str, Any]) -> str:
    kinds = {it.get("type") for it in schema.get("anyOf", [])}
    if {"string", "integer"} <= kinds or any("anyOf" in it for it in schema.get("anyOf", [])):
        return "identifier"
    shown, schema = schema.get("examples"), _resolved(schema)
    if shown == [_ZONE] or schema.get("examples") == [_ZONE]:
        return "zone"
    of_length = {lengths.NOTE: "note", labels.MAX_LENGTH: "label"}
    if schema.get("maxLength") in of_length:
        return of_length[schema["maxLength"]]
    return str(schema.get("format", schema.get("type")))


def _places(schema: dict[str, Any], value: Any, steps: Steps = ()) -> Iterator[Place]:
    resolved = _resolved(schema)
    if steps:
        nullable = any(it.get("type") == "null" for it in schema.get("anyOf", []))
        yield Place(steps, _kind(schema), nullable)
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _places(resolved["properties"][name], member, (*steps, name))
    if isinstance(value, list):
        yield from _places(resolved["items"], value[0], (*steps, 0))
