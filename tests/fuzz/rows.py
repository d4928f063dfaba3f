"""The table of bad inputs, row by row, as requests to every operation that takes the kind of thing.

Each row is a function of an operation and of what is there; it yields what to send, and which
answers are right. The words above each are those of the table.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

from calendula.access import roles
from calendula.access.roles import Role
from calendula.database import Base
from fuzz import values
from fuzz.broken_bodies import (
    half_characters,
    no_json,
    no_numbers,
    no_object,
    other_types,
    too_large,
)
from fuzz.sending import TEXTS, Row, Sent, ask, everywhere, fill, path_of, query
from fuzz.values import MARK
from support import openapi
from support.bodies import NOBODY
from support.clinic import DAY
from support.openapi import Operation

_NAMES = {"string", "identifier", "label", "zone", "email"}
_PAGED = {"list_appointments", "list_events"}  # which bound a page, whatever the range


def nul(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A NUL in a string."""
    yield from everywhere(operation, ids, TEXTS, [values.NUL])


def too_much(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Whitespace-only, 1 MB, or 10,000 combining marks as a name."""
    yield from fill(operation, ids, _NAMES, values.TOO_MUCH)


def hidden(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Bidi controls, zero-width space, BOM in a name; ZWJ and ZWNJ are legitimate."""
    yield from fill(operation, ids, _NAMES, values.HIDDEN)


def names(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """`José`, `O'Brien`, `张伟`, an emoji, right-to-left text as a name."""
    yield from _named(operation, ids, values.NAMES)


def scripts(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """`<script>alert(1)</script>`, `{{7*7}}`, `'; DROP TABLE` as a name."""
    yield from _named(operation, ids, values.SCRIPTS)


def _named(operation: Operation, ids: dict[str, str], texts: list[str]) -> Iterator[Sent]:
    """Yield bodies of what is there under other names; the outcome may be another's conflict."""
    body = json.loads(json.dumps(operation.body()).replace(NOBODY, ids["doctor_id"])) or {}
    for name in {"name", "patient_name"}.intersection(body):
        for ahead, text in enumerate(texts):
            date = {"date": str(DAY + timedelta(days=7 + ahead))} if "date" in body else {}
            yield ask(operation, ids, 200, 201, 409, body={**body, **date, name: text})


def no_dates(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A date that does not exist, year 0000 or 10000, a date-time where a date is wanted."""
    yield from everywhere(operation, ids, {"date"}, values.NO_DATES)
    for value in values.NO_DATES if "date" in operation.path_names else ():
        path = path_of(operation, ids, date=quote(value))
        yield ask(operation, ids, 422, 404, path=path)


def seldom(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """9999-12-31, 0001-01-01."""
    whatever = tuple(range(200, 500))
    for kind, dates in values.SELDOM.items():
        for sent in everywhere(operation, ids, {kind}, dates):
            yield sent._replace(right=whatever)
        for day in dates if kind == "date" and "date" in operation.path_names else ():
            yield ask(operation, ids, *whatever, path=path_of(operation, ids, date=day))


def no_labels(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """`time_slot` that is no slot label, ends before it starts, or crosses midnight."""
    yield from fill(operation, ids, {"label"}, values.NO_LABELS)


def not_offered(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A slot that the doctor does not offer (10:15 AM - 10:45 AM)."""
    body = operation.body() or {}
    if "time_slot" in body:
        yield ask(operation, ids, 409, body={**body, "time_slot": "10:15 AM - 10:45 AM"})
    elif "start" in body and "409" in operation.said["responses"]:
        wanted = {name: body[name] for name in ("patient",) if name in body}
        wanted |= {"start": f"{DAY}T10:15:00Z", "doctor_id": ids["doctor_id"]}
        yield ask(operation, ids, 409, body=wanted)


def unknown(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A repeated query parameter; an unknown body member under `/v1`."""
    for it in operation.query:
        path = f"{path_of(operation, ids)}?{it.name}=1&{it.name}=1"
        yield ask(operation, ids, 422, path=path)
    if not operation.has_json:
        return
    ours = operation.path.startswith("/v1/")
    body = operation.body()
    yield ask(operation, ids, 422 if ours else 409, body={**body, MARK: 1})  # that slot is taken
    for place in operation.places if ours else ():
        if place.kind == "object":
            inner = openapi.put(body, (*place.steps, MARK), 1)
            yield ask(operation, ids, 422, body=inner)


def no_integers(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """`"1"`, `1.0`, `true` where an integer id is wanted; 2^63."""
    yield from fill(operation, ids, {"integer"}, values.NO_INTEGERS)
    yield from fill(operation, ids, {"identifier"}, [1.0, True, 2**63])
    yield from query(operation, ids, {"integer"}, [1.0, True, -1, 2**63, "", MARK])


def no_ids_in_paths(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """An id that is not a UUID in a path."""
    for name in operation.path_names:
        for value in values.NO_IDS_IN_PATHS:
            right = (422, 404) if name == "date" else (404,)
            yield ask(operation, ids, *right, path=path_of(operation, ids, **{name: value}))


def naive(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A naive date-time where an instant is wanted."""
    yield from everywhere(operation, ids, {"date-time"}, values.NAIVE)


def no_zones(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """An unknown zone, `../etc/passwd` as a zone."""
    yield from everywhere(operation, ids, {"zone"}, values.NO_ZONES)


def too_long(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A range of more than a year."""
    if {"from", "to"} <= {it.name for it in operation.query} and operation.name not in _PAGED:
        path = f"{path_of(operation, ids)}?from={DAY}&to={DAY.replace(year=DAY.year + 2)}"
        yield ask(operation, ids, 422, path=path)


def wrong_methods(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Wrong method."""
    known = openapi.methods(operation.path)
    for method in {"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"} - known:
        if (method, operation.path) != ("GET", "/v1/patients/search"):  # the patient `search`
            yield Sent(path_of(operation, ids), (405,), method=method)


def anothers(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Another's appointment id with a valid token. A test looks at the bytes."""
    if roles.PATIENT in roles.TABLE[operation.name]:
        token = {"Authorization": f"Bearer {ids['token']}"}
        body = {"start": f"{DAY}T11:00:00Z"} if operation.name == "move_appointment" else None
        yield ask(operation, ids, 404, body=body, headers=token)


def no_good_keys(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """An expired, revoked, truncated or missing key."""
    if "security" not in operation.said:
        return
    for key in ids["expired_key"], ids["revoked_key"], ids["auditors_key"][:-1], "", MARK:
        headers = {"Authorization": f"Bearer {key}"}
        yield ask(operation, ids, 401, headers=headers)
    if operation.needs_key:
        yield ask(operation, ids, 401, headers={"Authorization": ""})


def weak_roles(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A role that may not."""
    allowed = roles.TABLE[operation.name]
    for role in set(Role) - set(allowed) if operation.needs_key else ():
        if (
            role != Role.DOCTOR
        ):  # a doctor may do some of it to their own: access/test_operations.py
            yield ask(operation, ids, 403, headers={"Authorization": f"Bearer {ids[role]}"})


def other_kinds(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Not in the table: another kind of value than the one that is wanted, null too."""
    for place in operation.places:
        bad = values.ANOTHER_KIND.get(place.kind, values.A_TEXT)
        for value in [*bad, *([] if place.nullable else [None])]:
            body = openapi.put(operation.body(), place.steps, value)
            yield ask(operation, ids, 422, body=body)
    yield from query(operation, ids, {"boolean"}, ["1", "yes", MARK, "True"])
    yield from everywhere(operation, ids, {"uuid"}, values.NO_IDS)
    yield from everywhere(operation, ids, {"date-time"}, values.NO_INSTANTS)
    yield from fill(operation, ids, {"email"}, values.NO_ADDRESSES)
    if "cursor" in {it.name for it in operation.query}:
        for value in values.NO_CURSORS:
            path = f"{path_of(operation, ids)}?cursor={value}"
            yield ask(operation, ids, 422, path=path)


ROWS: list[Row] = [
    *(half_characters, no_numbers, no_json, other_types, too_large, no_object, nul, too_much),
    *(hidden, names, scripts, no_dates, seldom, no_labels, not_offered, unknown, no_integers),
    *(no_ids_in_paths, naive, no_zones, too_long, wrong_methods, anothers, no_good_keys),
    *(weak_roles, other_kinds),
]
"""In the order of the table."""
MAY_WRITE: dict[Row, set[str]] = {
    **{row: set(Base.metadata.tables) for row in (names, scripts, seldom)},  # they may be done
    **{row: {"event", "event_chain"} for row in (anothers, weak_roles)},  # a denial is written down
}
"""Which tables a row may change. No other changes any."""
NOWHERE = {"appointment_id": NOBODY, "hold_id": NOBODY}
"""Ids that nothing has."""
