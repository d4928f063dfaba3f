"""What the service's own OpenAPI document says can be asked, and what it must refuse."""

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

from calendula import lengths
from calendula.app import create_app
from calendula.settings import Settings
from support.bodies import BODIES

_JSON = "application/json"
_NOTHING: dict[str, Any] = {"content": {}}
MARK = "Zanzibar"  # stands in bad values, and must stand in no answer and no log line

_TEXTS = [
    *("", " \t\u2003", f"{MARK}\0", f"{MARK}\u202e", f"{MARK}\u2067", f"{MARK}\u200b"),
    *(f"\ufeff{MARK}", f"{MARK}\nx", MARK * 40, MARK + "\u0301" * 10_000, "x" * 1_000_000),
    *(1, 1.5, True, [], {}),
]
_INTEGERS = ["1", 1.0, 1.5, True, -1, 2**31, 2**63, 10**400, "", MARK, [], {}]
_EMAILS = [*_TEXTS, MARK, f"{MARK}@", f"{MARK} <a@example.com>", f"a@{MARK}", f"a@b.com,{MARK}"]
_DATES = [
    *("2027-02-30", "0000-01-01", "10000-01-01", "20270226", "2027-W08-5", "2027-02-26T00:00:00"),
    *("２０２７-02-26", "", MARK, 1738886400, True),
]
_INSTANTS = [
    *("2027-02-26T09:00:00", "2027-02-26", "2027-02-30T09:00:00Z", "20270226T090000Z", MARK, ""),
    *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", 7, True),
    *("2027-02-26T24:30:00Z", "2027-02-26T09:00:00+99:00", "2027-02-26 09:00:00Z"),
]
_IDS = ["1", "", MARK, "0" * 32, "{" + "0" * 36 + "}", "\0", 1, True, []]
_NOTE_MAY_BE = ("", " \t\u2003", f"{MARK}\nx", MARK * 40)  # nothing, or of several lines
_BAD: dict[str, list[Any]] = {
    "string": _TEXTS,
    "identifier": [it for it in _TEXTS if type(it) is not int],
    "email": _EMAILS,
    "note": [it for it in _TEXTS if it not in _NOTE_MAY_BE],
    "integer": _INTEGERS,
    "boolean": ["true", 1, 0, "", [], {}],
    "array": ["", MARK, 1, True, {}, [None], [MARK], [[]]],
    "object": ["", MARK, 1, True, [], [{}]],
    "date": _DATES,
    "date-time": _INSTANTS,
    "uuid": _IDS,
}
_STRANGE = {
    "date": ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31", "2027-03-28", "2011-12-30"],
    "date-time": [
        *("0001-01-01T00:00:00Z", "0001-01-02T00:00:00+01:00", "9999-12-31T23:59:59.999999Z"),
        *("9999-12-31T00:00:00-01:00", "2027-03-28T01:30:00+00:00", "2011-12-30T12:00:00-10:00"),
    ],
}


class Operation(NamedTuple):
    """What can be asked."""

    name: str
    method: str
    path: str

    def __str__(self) -> str:
        return self.name

    @property
    def path_names(self) -> list[str]:
        """The names of the parameters in the path."""
        return re.findall(r"\{(\w+)\}", self.path)


class Place(NamedTuple):
    """A place in a body, and the values that it cannot have."""

    steps: tuple[str | int, ...]
    values: list[Any]

    def __str__(self) -> str:
        return ".".join(map(str, self.steps))


@cache
def _document() -> dict[str, Any]:
    return create_app(Settings(database_url="sqlite:///nowhere.db")).openapi()


def operations() -> list[Operation]:
    """Return every operation under `/v1`."""
    return [
        Operation(_function(path, method, it), method.upper(), path)
        for path, item in _document()["paths"].items()
        for method, it in item.items()
        if path.startswith("/v1/")
    ]


def with_body() -> list[Operation]:
    """Return the operations that take a body in JSON."""
    return [it for it in operations() if _JSON in _said(it).get("requestBody", _NOTHING)["content"]]


def paths() -> list[tuple[str, list[str]]]:
    """Return the paths, each with its methods."""
    known: dict[str, list[str]] = {}
    for it in operations():
        known.setdefault(it.path, []).append(it.method)
    return list(known.items())


def body_of(operation: Operation) -> dict[str, Any]:
    """Return the arguments with which a client sends a body of a kind that is read."""
    kinds = list(_said(operation).get("requestBody", _NOTHING)["content"])
    if not kinds or kinds == [_JSON]:
        return {"json": BODIES.get(operation.name)}
    return {"content": b"", "headers": {"Content-Type": kinds[0]}}


def faults() -> list[tuple[Operation, Place]]:
    """Return every place of every body with the values that its kind does not allow."""
    return [
        (it, Place(steps, _bad(schema)))
        for it in with_body()
        for steps, schema in _places(_body_schema(it), BODIES[it.name])
    ]


def bad_queries() -> list[tuple[Operation, str, list[str]]]:
    """Return for each query parameter what it cannot be, and the parameter said twice."""
    return [
        (it, parameter["name"], list(_bad_query(parameter)))
        for it in operations()
        for parameter in _parameters(it, "query")
    ]


def strange_dates(
    operation: Operation, ids: dict[str, str]
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield paths and bodies with a date that exists and is seldom tried in each place for one."""
    path, body = operation.path.format(**ids), BODIES.get(operation.name)
    for day in _STRANGE["date"]:
        if "date" in operation.path_names:
            yield operation.path.format(**{**ids, "date": day}), body
    for parameter in _parameters(operation, "query"):
        for value in _STRANGE.get(_kind(parameter["schema"]), []):
            yield f"{path}?{parameter['name']}={quote(value)}", body
    for steps, schema in _places(_body_schema(operation), body) if body else []:
        for value in _STRANGE.get(_kind(schema), []):
            yield path, put(deepcopy(body), steps, value)


def put(body: Any, steps: tuple[str | int, ...], value: Any) -> Any:
    """Return a body after it was given a value at a place."""
    *way, last = steps
    part = body
    for step in way:
        part = part[step]
    part[last] = value
    return body


def _function(path: str, method: str, operation: dict[str, Any]) -> str:
    """Return the name of an operation's function: FastAPI puts the path and method behind it."""
    behind = re.sub(r"\W", "_", f"{path}_{method}")
    return str(operation["operationId"]).removesuffix(behind)


def _said(operation: Operation) -> dict[str, Any]:
    said: dict[str, Any] = _document()["paths"][operation.path][operation.method.lower()]
    return said


def _parameters(operation: Operation, where: str) -> list[dict[str, Any]]:
    return [it for it in _said(operation).get("parameters", []) if it["in"] == where]


def _body_schema(operation: Operation) -> dict[str, Any]:
    content = _said(operation)["requestBody"]["content"]
    return _resolved(content[_JSON]["schema"])


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema itself, where it is a reference, or may be null as well."""
    for it in schema.get("anyOf", []):
        if it.get("type") != "null":
            schema = it
    if "$ref" in schema:
        schema = _document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(schema: dict[str, Any]) -> str:
    kinds = {it.get("type") for it in schema.get("anyOf", [])}
    if {"string", "integer"} <= kinds or any("anyOf" in it for it in schema.get("anyOf", [])):
        return "identifier"
    schema = _resolved(schema)
    if schema.get("maxLength") == lengths.NOTE:
        return "note"
    return str(schema.get("format", schema.get("type")))


def _bad(schema: dict[str, Any]) -> list[Any]:
    nullable = any(it.get("type") == "null" for it in schema.get("anyOf", []))
    return _BAD[_kind(schema)] + ([] if nullable else [None])


def _bad_query(parameter: dict[str, Any]) -> Iterator[str]:
    name, kind = parameter["name"], _kind(parameter["schema"])
    yield f"{name}=1&{name}=1"
    yield f"{name}=%ff"
    yield f"{name}=%00"
    if kind == "boolean":
        yield from (f"{name}={it}" for it in ("1", "yes", MARK, "True"))
    elif kind != "string":
        yield from (f"{name}={quote(it)}" for it in _BAD[kind] if isinstance(it, str) and it != "1")
    elif name in {"time_zone", "cursor"}:
        yield from (f"{name}={it}" for it in ("", MARK, "..%2fetc%2fpasswd", "x" * 5000))


def _places(
    schema: dict[str, Any], value: Any, steps: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield the places in a body, with their schemas, those within lists and objects too."""
    resolved = _resolved(schema)
    if steps:
        yield steps, schema
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _places(resolved["properties"][name], member, (*steps, name))
    if isinstance(value, list):
        yield from _places(resolved["items"], value[0], (*steps, 0))
