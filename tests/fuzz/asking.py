"""Schemathesis at work: all that the OpenAPI document says can be asked, and much that it forbids.

Every check that it has is on but that of times, which no test of ours asserts. What a check may not
hold against the service stands here, each with its reason.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import schemathesis
from fastapi import FastAPI
from hypothesis import settings
from schemathesis import Case, HookContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python import asgi

from support.clinic import DAY

_OFTEN = 0.7
"""How often a value is one that is there: nearly nothing has an id that was made up."""

# The document lets it pass, and the service refuses it, because of what no schema can say.
_UNSAYABLE = {
    # Two members or parameters stand against each other.
    "must end after it starts": "the end and the start",
    "must end after it starts, on the same day": "the end and the start",
    "must hold at least one slot": "the length of a window and that of its slots",
    "must have valid_from, from which the weeks are counted": "every_weeks and valid_from",
    "must not end before it begins to be valid": "valid_until and valid_from",
    "must not overlap": "windows of one list",
    "must have either patient or patient_id": "the two",
    "must not have both a hold and an override": "the two",
    "must have a reason where it has an override, and only there": "the two",
    "must have no duration_minutes without an override": "the two",
    "A key of the role doctor names a doctor, and no other key does.": "role and doctor_id",
    "Name what to look for: name, identifier, email or phone.": "one of four",
    "to must be the same date as from, or later.": "the two",
    "to must be the same date as from, or up to 61 days later.": "the two",
    "to must not be before from.": "the two",
    # What is right depends on the clinic, or on the present.
    "cursor is not one of this list.": "only the service can write one",
    "hold is not the token of a hold.": "only the service can write one",
    "This Idempotency-Key was used for another booking. Use a new one.": "what was booked before",
    "to must be doctor: this one has no specialty.": "the doctor",
    "doctor_id is no doctor of this clinic.": "the clinic",
    "doctor_ids must be doctors of this clinic.": "the clinic",
    "from and to must be at most 365 days from today.": "the present",
    "expires_at must lie ahead.": "the present",
    "date must not have passed.": "the present",
    "reason must not name the patient: the log keeps it for good.": "who the patient is",
    "The dates are at the end of the calendar.": "a zone's offset there",
    "start is at the end of the calendar.": "a zone's offset there",
    # A list that is too long for the document.
    "is not an IANA time zone such as Europe/Berlin": "600 zones",
    "must be a country such as IN, or a part of one such as DE-BY (ISO 3166)": "3,000 of them",
    # What a character is, which no regular expression says in a way that all readers know.
    "must not be blank": "white space of every script",
    "must not hold control or invisible characters": "Unicode's categories",
    "must hold a letter, a digit or a symbol": "Unicode's categories",
    "must not hold a NUL": "what a database can store",
    "must be an e-mail address": "all that `format: email` leaves open",
    # What people type is read leniently: there is no one pattern for it.
    "must be a time slot such as 10:00 AM - 10:30 AM": "every way to write a slot",
    "must say AM or PM for both times, or for neither": "every way to write a slot",
    "must have hours from 1 to 12 with AM and PM": "every way to write a slot",
    "must hold times that a clock shows": "every way to write a slot",
    "must be some of mon, tue, wed, thu, fri, sat, sun, with commas between them": "a list",
    # JSON Schema takes 1.0 for an integer; who sends it has counted in floats.
    "Input should be a valid integer": "1.0",
    "must be a text, or a whole number of 64 bits": "1.0",
    # The body is a file.
    "The first row must name the columns.": "a table's rows",
}
# A stale version is the outcome of a request that was right, as 409 is. The rest are its own.
_ACCEPTED = ["2xx", "401", "403", "404", "409", "412"]
# Bodies that are wrong may be too large as well.
_REFUSED = ["4xx"]


class Found(NamedTuple):
    """What was asked, and what was wrong with the answers."""

    failures: list[str]
    asked: Counter[str]
    """How many requests each phase sent."""
    done: set[str]
    """The operations that were done at least once."""


def ask(
    app: FastAPI,
    headers: Mapping[str, str],
    ids: Mapping[str, str],
    bounds: settings,
    *,
    coverage: bool = True,
) -> Found:
    """Ask an app all that its document says can be asked, and return what came of it.

    `coverage` is whether every limit of every field is tried, which are thousands of requests.
    """
    phases = {"phases": {"coverage": {"enabled": coverage}}}
    config = SchemathesisConfig.from_dict(_config(headers, ids, bounds) | phases)
    with _served(app):
        schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
        schema.hooks.hook("filter_failure")(filter_failure)
        found = Found([], Counter(), set())
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _look_at(event, found)
            if isinstance(event, (events.NonFatalError, events.FatalError)):
                found.failures.append(repr(getattr(event, "info", event)))
            if isinstance(event, events.EngineFinished):
                found.failures.extend(map(str, event.failures))
    return found


def filter_failure(_: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Tell whether a failure counts: not what the document had no way to say."""
    if "content-length" in map(str.lower, case.headers or ()):
        return False  # one that was made up, by which the server tells where a request ends
    if isinstance(failure, AcceptedNegativeData):
        # `?force` is `?force=true`, and still a boolean to those who generate code.
        return "" not in {(case.query or {}).get(flag) for flag in ("dry_run", "force")}
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = json.loads(response.content)
    faults = [it["detail"] for it in problem.get("errors", ())] or [problem["detail"]]
    return response.status_code != 422 or not _UNSAYABLE.keys() >= set(faults)


@contextmanager
def _served(app: FastAPI) -> Iterator[None]:
    """Let the app's lifespan, which Schemathesis begins, end with the block."""
    try:
        yield
    finally:
        asgi.shutdown_lifespans()


def _config(headers: Mapping[str, str], ids: Mapping[str, str], bounds: settings) -> dict[str, Any]:
    days = [(DAY + timedelta(days=ahead)).isoformat() for ahead in range(3)]
    known = {
        **{name: [value] for name, value in ids.items() if name.endswith("_id")},
        "date": days,
        "instant": [f"{day}T{hour}:30:00Z" for day in days for hour in ("05", "04", "09")],
    }
    places = {f"path.{name}": name for name in known if name != "instant"}
    for name in "doctor", "patient", "appointment", "visit_type":
        places |= {f"query.{name}": f"{name}_id", f"body.{name}_id": f"{name}_id"}
    places |= {"body.start": "instant", "query.start": "instant", "body.date": "date"}
    places |= {"query.from": "date", "query.date": "date"}
    return {
        **({"seed": 1} if bounds.derandomize else {}),
        "headers": dict(headers),
        "continue-on-failure": True,
        "generation": {
            "max-examples": max(3, bounds.max_examples // 20),
            "deterministic": bounds.derandomize,
            "database": "none",
        },
        "checks": {
            "positive_data_acceptance": {"expected-statuses": _ACCEPTED},
            "negative_data_rejection": {"expected-statuses": _REFUSED},
        },
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {
            place: {"dictionary": name, "probability": _OFTEN} for place, name in places.items()
        },
    }


def _look_at(event: events.ScenarioFinished, found: Found) -> None:
    """Take what one operation, or one way through several, came to."""
    recorder = event.recorder
    found.asked[event.phase.value] += len(recorder.interactions)
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None and interaction.response.status_code < 300:
            found.done.add(recorder.cases[case_id].value.operation.label)
    for case_id, checks in recorder.checks.items():
        answer = recorder.interactions[case_id].response
        said = f"{answer.status_code} {answer.text[:400]}" if answer else "nothing"
        for check in checks:
            if check.failure_info is not None:
                what = check.failure_info.failure
                lines = what.message, check.failure_info.code_sample, said
                found.failures.append("\n".join((f"{check.name}: {what.operation}", *lines)))
