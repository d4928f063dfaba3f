"""The import over HTTP, and what clients send to it by mistake or on purpose."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.types import Message

from calendula.access.roles import ADMIN, RECEPTION
from calendula.database import Database
from calendula.events.models import Event
from calendula.imports.table import MAX_FILE
from support import tables
from support.access import bearer, make_key
from support.tables import APPOINTMENT, DOCTOR, HOURS

PATH = "/v1/imports"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GOOD = tables.csv_of([DOCTOR, HOURS, APPOINTMENT])
MARK = "Zanzibar"  # stands in every bad body, and must stand in no answer and no log line

Counts = Callable[[], dict[str, int]]


@pytest.fixture
def admin(client: TestClient, database: Database) -> TestClient:
    """An admin's client."""
    client.headers.update(bearer(make_key(database, ADMIN).text))
    return client


def _send(client: TestClient, content: Any, kind: str = CSV, query: str = "") -> Any:
    return client.post(PATH + query, content=content, headers={"Content-Type": kind})


def test_a_file_is_imported(admin: TestClient, database: Database, counts: Counts) -> None:
    """The answer has a report for each row, and the log says whose key it was."""
    before = counts()
    answer = _send(admin, GOOD, "text/csv; charset=UTF-8")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert not report["dry_run"]
    assert report["summary"] == {
        "rows": 3,
        "added": 3,
        "kept": 0,
        "replaced": 0,
        "error": 0,
        "warnings": 0,
    }
    assert report["rows"][2] == {
        "row": 4,
        "record": "appointment",
        "outcome": "added",
        "errors": [],
        "warnings": [],
    }
    assert counts()["appointment"] == before["appointment"] + 1
    with database.read() as session:
        actors = session.scalars(select(Event.actor).where(Event.action == "appointment.booked"))
        assert actors.one().startswith("key:")


def test_a_dry_run_is_answered_alike(admin: TestClient, counts: Counts) -> None:
    """`?dry_run=true` gives the same report and writes nothing."""
    before = counts()
    tried = _send(admin, GOOD, query="?dry_run=true")
    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    assert counts() == before
    assert _send(admin, GOOD).json() == {**tried.json(), "dry_run": False}


def test_a_workbook_is_imported(admin: TestClient) -> None:
    """A workbook gives the report that a CSV file of the same rows gives."""
    tried = _send(admin, GOOD, query="?dry_run").json()
    workbook = tables.xlsx_of([DOCTOR, HOURS, APPOINTMENT])
    assert _send(admin, workbook, XLSX, "?dry_run=1").status_code == 422  # no truth of ours
    assert _send(admin, workbook, XLSX, "?dry_run=true").json() == tried


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_rows_at_fault_are_a_problem(admin: TestClient, counts: Counts, query: str) -> None:
    """One wrong row is 422 with the report of all rows, and nothing is imported."""
    before = counts()
    bad = {**APPOINTMENT, "date": MARK}
    answer = _send(admin, tables.csv_of([DOCTOR, APPOINTMENT, bad]), CSV, query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "import-refused"
    assert problem["detail"] == "Rows at fault: 1 of 3. Nothing was imported."
    assert problem["summary"]["error"] == 1
    assert problem["rows"][2]["errors"] == [
        {"field": "date", "detail": "must be a date such as 2027-02-26"}
    ]
    assert MARK not in answer.text
    assert counts() == before


@pytest.mark.parametrize(
    ("role", "kind", "status"),
    [(None, CSV, 401), (RECEPTION, CSV, 403), (ADMIN, "application/json", 415)],
)
def test_nothing_is_read_of_who_may_not(
    client: TestClient, database: Database, role: Any, kind: str, status: int
) -> None:
    """The body of somebody who may not import, or of another kind, is not even read."""
    key = bearer(make_key(database, role).text) if role else {}
    headers = {**key, "Content-Type": kind}
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    anyio.run(client.app, scope, receive, send)
    assert sent[0]["status"] == status


@pytest.mark.parametrize(
    "kind", ["", "application/json", "text/plain", "multipart/form-data", "text/csv; charset=x"]
)
def test_another_content_type_is_refused(admin: TestClient, kind: str) -> None:
    """What is neither CSV in UTF-8 nor a workbook gets 415."""
    answer = _send(admin, GOOD, kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize("kind", [CSV, XLSX])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        MARK.encode(),
        b"PK\x03\x04" + MARK.encode(),
        f"record,{MARK}\ndoctor,x".encode(),
        f"record\n{MARK}\n".encode("utf-16"),
        f"record,doctor\ndoctor,{MARK}\0\n".encode(),
        b"record,doctor\ndoctor,\xff\n",
        b"record,doctor\ndoctor,\xed\xa0\x80\n",
        b"record,doctor\n",
        f"record,doctor\ndoctor,{MARK * 126}\n".encode(),
        b"record,doctor\n" + b"x\n" * 100_001,
        b"record" + b"," * 50 + b"x\n",
        f'record,doctor\ndoctor,"{MARK}'.encode(),
        tables.xlsx_of([DOCTOR])[:-30],
    ],
    ids=range(15),
)
def test_what_is_no_table_is_refused(
    admin: TestClient, counts: Counts, caplog: pytest.LogCaptureFixture, content: bytes, kind: str
) -> None:
    """A file that cannot be read is 422 with one sentence, and is quoted nowhere."""
    before = counts()
    answer = _send(admin, content, kind)
    assert (answer.status_code, answer.json()["code"]) == (422, "import-unreadable")
    assert len(answer.content) < 1000
    assert MARK not in answer.text
    assert MARK not in caplog.text
    assert counts() == before


def test_a_formula_is_a_text(admin: TestClient) -> None:
    """A cell that begins with = is a name like any other, and nobody evaluates it."""
    for kind, content in (
        (CSV, tables.csv_of([{**DOCTOR, "doctor": "=1+1"}])),
        (XLSX, tables.xlsx_of([{**DOCTOR, "doctor": "=1+1"}])),
    ):
        assert _send(admin, content, kind).status_code == 200
    (found,) = admin.get("/v1/doctors?name=1").json()["items"]
    assert found["name"] == "=1+1"


@pytest.mark.parametrize(
    "name", ["José", "O'Brien", "张伟", "<script>alert(1)</script>", "{{7*7}}"]
)
def test_a_strange_name_is_kept(admin: TestClient, name: str) -> None:
    """Whatever can be seen may be a name, and is stored as it came."""
    assert _send(admin, tables.csv_of([{**DOCTOR, "doctor": name}])).status_code == 200
    names = [it["name"] for it in admin.get("/v1/doctors").json()["items"]]
    assert name in names


def test_a_body_may_be_large_here_alone(admin: TestClient) -> None:
    """16 MiB are read here, a byte more is 413, and other paths keep their limit."""
    blank = GOOD + b"\n" * (MAX_FILE - len(GOOD))
    assert _send(admin, blank, query="?dry_run=true").status_code == 422  # too many rows
    answer = _send(admin, blank + b"\n")
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body must have at most 16384 KiB."
    assert _send(admin, iter([blank, b"\n"])).status_code == 413
    keys = admin.post("/v1/keys", content=b" " * 65_537)
    assert keys.status_code == 413


@pytest.mark.parametrize("query", ["?dry_run=maybe", "?dry_run=true&dry_run=false", "?dry_run=%ff"])
def test_a_bad_query_is_refused(admin: TestClient, counts: Counts, query: str) -> None:
    """A dry run that is neither wanted nor not is 422, and nothing is imported."""
    before = counts()
    assert _send(admin, GOOD, CSV, query).status_code == 422
    assert counts() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused(admin: TestClient, method: str) -> None:
    """A wrong method gets 405 with the right one."""
    answer = admin.request(method, PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_the_document_names_both_kinds(client: TestClient) -> None:
    """The API's documentation says which bodies there may be."""
    operation = client.get("/openapi.json").json()["paths"][PATH]["post"]
    assert set(operation["requestBody"]["content"]) == {CSV, XLSX}
    assert set(operation["responses"]) >= {"200", "401", "403", "413", "415", "422"}
