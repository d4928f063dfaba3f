import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update

from calendula import clock
from calendula.access import guard, roles, service
from calendula.access.models import ApiKey
from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, OWN, RECEPTION, Role
from calendula.app import create_app
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.errors import Unavailable
from calendula.events.models import Event
from calendula.settings import Settings
from support import BOOKING
from support.access import bearer, make_key

CHALLENGE = 'Bearer realm="calendula"'
NO_GOOD = f'{CHALLENGE}, error="invalid_token"'
ASKED = "/available_slots?doctor_name=Dr.%20Mei%20Chen&date=2025-02-07"
UNKNOWN = "cal_zzzzzzzz_" + "a" * 43


def _refused(answer: Any, challenge: str = NO_GOOD) -> bytes:
    """See that an answer asks for another key; return what it says."""
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == challenge
    assert answer.headers["content-type"] == "application/problem+json"
    content: bytes = answer.content
    return content


def test_who_needs_a_key_is_told(client: TestClient) -> None:
    """Without a key, what needs one is 401, with how to show it."""
    answer = client.get("/v1/keys")
    _refused(answer, CHALLENGE)
    assert answer.json()["code"] == "unauthenticated"


def test_a_role_that_may_not_is_told(client: TestClient, database: Database) -> None:
    """A good key of another role is 403, without a challenge: another try is no use."""
    answer = client.get("/v1/keys", headers=bearer(make_key(database, RECEPTION).text))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "www-authenticate" not in answer.headers


def test_no_answer_tells_why_a_key_is_no_good(client: TestClient, database: Database) -> None:
    """Unknown, wrong, expired, revoked, cut or no key at all: the answers are the same bytes."""
    expired, revoked, wrong = (make_key(database, ADMIN) for _ in range(3))
    with database.write() as session:
        for made, column in (expired, "expires_at"), (revoked, "revoked_at"):
            change = update(ApiKey).where(ApiKey.id == made.key.id)
            session.execute(change.values({column: clock.now()}))
    shown = [
        *("", " ", "Zanzibar", f"{UNKNOWN}, Bearer {UNKNOWN}", f"{wrong.text} x"),
        *(UNKNOWN, expired.text, revoked.text, f"{wrong.text[:-4]}AAAA", wrong.text[:-1]),
    ]
    for path in "/v1/keys", ASKED:
        answers = {_refused(client.get(path, headers=bearer(text))) for text in shown}
        assert len(answers) == 1
        assert b"Zanzibar" not in answers.pop()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_schemes_case_does_not_matter(
    client: TestClient, database: Database, scheme: str
) -> None:
    """`Authorization: bearer …` is the same (RFC 9110, section 11.1)."""
    made = make_key(database, ADMIN)
    headers = {"Authorization": f"{scheme} {made.text}"}
    assert client.get("/v1/keys", headers=headers).status_code == 200


@pytest.mark.parametrize("credential", ["Basic YTpi", "Digest x", "", "cal_x", "Bearerx y", "é"])
def test_other_credentials_are_not_ours(client: TestClient, credential: str) -> None:
    """What a proxy in front may want is ignored where no key is needed, and no key elsewhere."""
    headers: Any = {"Authorization": credential.encode("latin-1")}
    assert client.get(ASKED, headers=headers).status_code == 200
    _refused(client.get("/v1/keys", headers=headers), CHALLENGE)


def test_one_key_at_a_time(client: TestClient, database: Database) -> None:
    """Two Authorization headers are refused, even where one of them is good."""
    good = bearer(make_key(database, ADMIN).text)
    for other in bearer(UNKNOWN), good, {"Authorization": "Basic YTpi"}:
        for path in "/v1/keys", ASKED:
            _refused(client.get(path, headers=[*good.items(), *other.items()]))


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_not_asked(client: TestClient, path: str) -> None:
    """Whatever a probe sends along, the answer is about the service."""
    for headers in [*bearer(UNKNOWN).items()], [*bearer("a").items(), *bearer("b").items()]:
        assert client.get(path, headers=headers).status_code == 200


def test_who_has_no_key_costs_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, the guard asks neither the database nor a thread."""

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(guard, "run_in_threadpool", fail)
    assert client.get(ASKED).status_code == 200


def test_a_key_is_looked_up_in_a_thread(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the look-up of somebody else's key: the event loop goes on."""

    def look_up(*_: object) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()

    monkeypatch.setattr(service, "find_valid", look_up)
    _refused(client.get("/v1/keys", headers=bearer(UNKNOWN)))


def test_a_silent_database_is_no_refusal(settings: Settings, database: Database) -> None:
    """Where nobody can look a key up, nobody knows whether it is good: 503, not 401."""
    made = make_key(database, ADMIN)
    nowhere = settings.model_copy(update={"database_url": "postgresql+psycopg://a@127.0.0.1:1/b"})
    with TestClient(create_app(nowhere)) as client:
        answer = client.get("/v1/keys", headers=bearer(made.text))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        _refused(client.get("/v1/keys", headers=bearer("no key")))


def test_a_use_is_remembered(client: TestClient, database: Database) -> None:
    """When a key was used last is kept, also where its role may not or it is not needed."""
    made = make_key(database, AUDITOR)
    for path, status in (ASKED, 200), ("/v1/keys", 403):
        with database.write() as session:
            session.execute(update(ApiKey).values(last_used_at=None))
        assert client.get(path, headers=bearer(made.text)).status_code == status
        with database.read() as session:
            assert session.scalar(select(ApiKey.last_used_at)) is not None


def test_a_use_that_cannot_be_written_does_not_matter(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key opens what it opens while the database takes no writes."""
    made = make_key(database, ADMIN)

    def fail(*_: object) -> None:
        raise Unavailable("Not now.")

    monkeypatch.setattr(service, "record_use", fail)
    assert client.get("/v1/keys", headers=bearer(made.text)).status_code == 200


def test_a_use_is_not_written_again_at_once(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request within a minute writes nothing."""
    headers = bearer(make_key(database, ADMIN).text)
    client.get("/v1/keys", headers=headers)
    monkeypatch.setattr(service, "record_use", lambda *_: 1 / 0)
    assert client.get("/v1/keys", headers=headers).status_code == 200


def test_a_booking_says_who_made_it(client: TestClient, database: Database) -> None:
    """The event of a booking has the key that was shown, or public."""
    key, secret = make_key(database, RECEPTION)
    for date, headers in ("2025-02-07", bearer(secret)), ("2025-02-08", None):
        booking = {**BOOKING, "doctor_name": f"Dr. {date}", "date": date}
        answer = client.post("/book_appointment", json=booking, headers=headers)
        assert answer.status_code == 201
    actors = select(Event.actor).order_by(Event.number)
    with database.read() as session:
        booked = list(session.scalars(actors.where(Event.action == "appointment.booked")))
        added = list(session.scalars(actors.where(Event.action == "doctor.added")))
    assert booked == added[-2:] == [f"key:{key.id}", "public"]


def test_no_key_is_logged(
    client: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of a key is in the log, whether it is good, refused or just made."""
    good, weak = make_key(database, ADMIN), make_key(database, AUDITOR)
    shown = [good.text, weak.text, UNKNOWN, "Zanzibar", good.text[:-1]]
    for secret in shown:
        client.get("/v1/keys", headers=bearer(secret))
    new = {"name": "Zanzibar", "role": "admin"}
    shown.append(client.post("/v1/keys", json=new, headers=bearer(good.text)).json()["key"])
    lines = str([(record.msg, record.args) for record in caplog.get_records("call")])
    assert "/v1/keys" in lines
    for secret in shown:
        assert secret.removeprefix("cal_") not in lines


async def _edit(doctor_id: UUID, caller: guard.CallerOfRequest) -> str:
    return f"{caller.actor} edits {doctor_id}"


async def _forgotten() -> None:
    return None


@pytest.fixture
def more(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The app with two routes more: one that a doctor may do to their own, one in no table."""
    app = create_app(settings)
    app.add_api_route("/doctors/{doctor_id}", _edit, methods=["PUT"], name="edit")
    app.add_api_route("/forgotten", _forgotten)
    monkeypatch.setattr(roles, "TABLE", {**roles.TABLE, "edit": {ADMIN, OWN}})
    return app


def _doctor_id(database: Database, name: str) -> UUID:
    with database.read() as session:
        return session.scalars(select(Doctor.id).where(Doctor.name == name)).one()


def test_a_doctor_may_change_their_own(more: FastAPI, database: Database) -> None:
    """A doctor's key opens what is theirs, in any spelling of the id, and 403 is the rest."""
    mine, another = (_doctor_id(database, f"Dr. {it}") for it in ("Mei Chen", "Lena Hoffmann"))
    key, secret = make_key(database, DOCTOR, doctor_id=mine)
    cases = [
        *((mine, 200), (str(mine).upper(), 200), (another, 403), (uuid4(), 403)),
        *((mine.hex, 403), (f"{{{mine}}}", 403), ("x", 403)),
    ]
    with TestClient(more) as client:
        for whose, status in cases:
            answer = client.put(f"/doctors/{whose}", headers=bearer(secret))
            assert answer.status_code == status, whose
        answer = client.put(f"/doctors/{mine}", headers=bearer(secret))
        assert answer.json() == f"key:{key.id} edits {mine}"


@pytest.mark.parametrize("role", Role)
def test_what_is_in_no_table_is_closed(more: FastAPI, database: Database, role: Role) -> None:
    """A route that somebody forgot to give to anybody is 403 to every role, and 401 without."""
    with TestClient(more) as client:
        answer = client.get("/forgotten", headers=bearer(make_key(database, role).text))
        assert answer.status_code == 403
        _refused(client.get("/forgotten"), CHALLENGE)


def test_a_locked_database_does_not_hold_up_a_key(settings: Settings, database: Database) -> None:
    """A key that another transaction has locked still opens, unless the database waits forever."""
    made = make_key(database, ADMIN)
    impatient = settings.model_copy(update={"lock_timeout": 0.2, "pool_timeout": 0.2})
    with TestClient(create_app(impatient)) as client, database.write() as session:
        session.execute(text("UPDATE api_key SET name = 'locked'"))
        assert client.get("/v1/keys", headers=bearer(made.text)).status_code == 200
