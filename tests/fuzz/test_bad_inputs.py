"""What clients send by mistake or on purpose, to every operation of the OpenAPI document.

`rows.py` has the table. Whatever a row sends, no answer echoes it, none is a 5xx, each request is
one line in the log, and nothing is written that was refused.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from fuzz import rows, values
from fuzz.rows import ROWS
from fuzz.sending import Row, Sent
from fuzz.values import MARK
from support import openapi
from support.bodies import BODIES
from support.clinic import contents
from support.furnished import Furnished, furnished
from support.openapi import Operation


@pytest.fixture(scope="module")
def clinic(module_url: str) -> Iterator[Furnished]:
    """A clinic with one of each thing on each database, one for all these tests."""
    with furnished(module_url) as clinic:
        yield clinic


def _send(clinic: Furnished, operation: Operation, sent: Sent) -> Any:
    content = iter(sent.content) if isinstance(sent.content, list) else sent.content
    method = sent.method or operation.method
    return clinic.client.request(method, sent.path, content=content, headers=sent.headers)


def _wrong(clinic: Furnished, operation: Operation, sent: Sent, answer: Any) -> list[str]:
    """Return what is wrong with an answer."""
    wrong = [] if answer.status_code in sent.right else [f"is {answer.status_code}"]
    if answer.status_code >= 400:
        if answer.headers["content-type"] != "application/problem+json":
            wrong.append("is no problem")
        elif answer.json()["status"] != answer.status_code:
            wrong.append("says another status")
        if MARK in answer.text or len(answer.content) > 4000:
            wrong.append("echoes")
    if answer.status_code == 405:
        allowed = set(answer.headers["allow"].split(", "))
        wrong += [f"allows {allowed}"] if allowed != openapi.methods(operation.path) else []
    return [f"{operation} {sent.path[:90]} {str(sent.content)[:200]}: {it}" for it in wrong]


def _log_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [it for it in caplog.get_records("call") if it.name != "httpx2"]
    assert {it.name for it in records} <= {"calendula.http"}
    return [str(it.msg) for it in records]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
def test_bad_inputs(clinic: Furnished, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    """Every operation that takes the kind of thing answers as the table says and writes nothing."""
    before, wrong, requests = contents(clinic.database), list[str](), 0
    for operation in openapi.operations():
        for sent in row(operation, clinic.ids):
            answer = _send(clinic, operation, sent)
            wrong += _wrong(clinic, operation, sent, answer)
            requests += 1
    assert not wrong, "\n".join(wrong)
    assert requests, "a row of the table applies to nothing"
    log = _log_of(caplog)
    assert len(log) == requests
    assert MARK not in str(log)
    after = contents(clinic.database)
    written = {table for table in before if before[table] != after[table]}
    assert written <= rows.MAY_WRITE.get(row, set())


@pytest.mark.parametrize("name", values.NAMES + values.SCRIPTS)
def test_a_name_is_kept_as_it_is(clinic: Furnished, name: str) -> None:
    """Whatever can be seen may be a name, and is given back as it came, in NFC."""
    client = clinic.client
    kept = unicodedata.normalize("NFC", name)
    patient = clinic.ids["patient_id"]
    answer = client.patch(f"/v1/patients/{patient}", json={"name": name, "identifier": "N"})
    assert (answer.status_code, answer.json()["name"]) == (200, kept)
    found = client.post("/v1/patients/search", json={"name": name}).json()["items"]
    assert kept in [it["name"] for it in found]
    added = client.post("/v1/keys", json={"name": name, "role": "auditor"})
    assert (added.status_code, added.json()["name"]) == (201, kept)


def test_anothers_appointment_is_as_one_that_is_not_there(clinic: Furnished) -> None:
    """With a good token, another's appointment and none at all get the same bytes."""
    asked = [it for it in openapi.operations() if list(rows.anothers(it, clinic.ids))]
    for operation in asked:
        (sent,) = rows.anothers(operation, clinic.ids)
        (other,) = rows.anothers(operation, {**clinic.ids, **rows.NOWHERE})
        first, second = (_send(clinic, operation, it) for it in (sent, other))
        assert first.content == second.content, operation
        assert first.headers.keys() == second.headers.keys()
    assert len(asked) > 4


def test_every_body_is_tried() -> None:
    """Nobody can add an operation with a body and leave it untried."""
    assert {it.name for it in openapi.operations() if it.has_json} == set(BODIES)
