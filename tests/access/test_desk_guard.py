"""What is at the desk is for the session in the cookie; everything else is for keys and tokens."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

import pytest
from fastapi import Form, Request, Response
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from calendula import clock
from calendula.access import guard, roles, service, sessions
from calendula.access.guard import CallerOfRequest, SessionOfRequest
from calendula.access.models import ApiKey, DeskSession
from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, RECEPTION, UNASKED
from calendula.app import create_app
from calendula.database import Database
from calendula.errors import Conflict, Unavailable
from calendula.events.models import Event
from calendula.http.dependencies import DatabaseOfApp
from calendula.settings import Settings
from support.access import bearer, cookie, make_key, make_session

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UNKNOWN = "ses_" + "a" * 43


async def _day(caller: CallerOfRequest, session: SessionOfRequest) -> dict[str, Any]:
    csrf = sessions.csrf_of(session)
    return {"actor": caller.actor, "doctor": caller.doctor_id, "csrf": csrf}


async def _board() -> Response:
    return Response("<p>the board</p>", media_type="text/html")


async def _note(note: Annotated[str, Form()]) -> str:
    return note


async def _trouble() -> None:
    raise Conflict("Not so.")


def _sign_in(key: Annotated[str, Form()], database: DatabaseOfApp) -> None:
    with database.write() as session:
        sessions.sign_in(session, key, idle=timedelta(minutes=1))


async def _page(request: Request) -> str:
    return guard.session_of(request)


@pytest.fixture
def desk(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """A client of the app with a small desk beside the real one: what one sees and does there."""
    app = create_app(settings)
    staff = {ADMIN, RECEPTION, DOCTOR}
    rows: dict[str, tuple[Any, ...]] = {
        "desk_day": (_day, "/desk/small", "GET", staff),
        "desk_board": (_board, "/desk/small/board", "GET", staff),
        "desk_live": (_board, "/desk/small/live", "GET", staff),
        "desk_note": (_note, "/desk/small/note", "POST", staff),
        "desk_trouble": (_trouble, "/desk/small/trouble", "GET", staff),
        "desk_close": (_board, "/desk/small/close", "POST", {ADMIN}),
        "sign_in_page": (_page, "/desk/small/sign-in", "GET", {UNASKED}),
        "sign_in": (_sign_in, "/desk/small/sign-in", "POST", {UNASKED}),
    }
    for name, (endpoint, path, method, _) in rows.items():
        app.add_api_route(path, endpoint, methods=[method], name=name)
    table = {**roles.TABLE, **{name: row[-1] for name, row in rows.items()}}
    monkeypatch.setattr(roles, "TABLE", table)
    with TestClient(app) as client:
        yield client


def _age(database: Database, minutes: float, column: str = "last_seen_at") -> None:
    with database.write() as session:
        then = clock.now() - timedelta(minutes=minutes)
        session.execute(update(DeskSession).values({column: then}))


def _denied(database: Database) -> list[tuple[str, Any]]:
    with database.read() as session:
        events = session.scalars(select(Event).where(Event.action == "access.denied"))
        return [(event.actor, event.data["operation"]) for event in events]


def _signed_out(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, "signed-out")


def _forged(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_who_is_signed_in_is_the_key(desk: TestClient, database: Database) -> None:
    """The desk knows the session, and by it whose key it is: a doctor's has its doctor."""
    key = make_key(database, DOCTOR).key
    text = make_session(database, key)
    answer = desk.get("/desk/small", headers=cookie(text))
    assert answer.json() == {
        "actor": f"key:{key.id}",
        "doctor": str(key.doctor_id),
        "csrf": sessions.csrf_of(text),
    }


@pytest.mark.parametrize("path", ["/desk/small", "/desk/small/board", "/desk/small/live"])
def test_nobody_is_at_the_desk_without_a_session(
    desk: TestClient, database: Database, path: str
) -> None:
    """No cookie, an unknown one, one of another name and one that is no text: signed out."""
    good = make_session(database, make_key(database, ADMIN).key)
    named = {"Cookie": f"calendula={good}"}
    for headers in {}, cookie(UNKNOWN), cookie(good[:-1]), cookie(""), named:
        _signed_out(desk.get(path, headers=headers))
    assert _denied(database) == []


def test_a_session_that_has_ended_is_signed_out(desk: TestClient, database: Database) -> None:
    """Idle, old, or its key revoked or expired: the answer is the same."""
    key = make_key(database, ADMIN).key
    headers = cookie(make_session(database, key))
    _age(database, 29)
    assert desk.get("/desk/small", headers=headers).status_code == 200
    for column, minutes in ("last_seen_at", 30), ("created_at", 12 * 60):
        _age(database, 0)
        _age(database, minutes, column)
        _signed_out(desk.get("/desk/small", headers=headers))
    for column in "revoked_at", "expires_at":
        headers = cookie(make_session(database, key))
        assert desk.get("/desk/small", headers=headers).status_code == 200
        with database.write() as session:
            session.execute(update(ApiKey).values({column: clock.now()}))
        _signed_out(desk.get("/desk/small", headers=headers))
        with database.write() as session:
            session.execute(update(ApiKey).values({column: None}))


def test_the_idle_time_is_the_operators(settings: Settings, database: Database) -> None:
    """The setting says after how many minutes the desk signs out."""
    app = create_app(settings.model_copy(update={"desk_idle_minutes": 2}))
    app.add_api_route("/desk/small/it", _board, name="desk_it")
    with TestClient(app) as client:
        headers = cookie(make_session(database, make_key(database, ADMIN).key))
        _age(database, 1.9)
        assert client.get("/desk/small/it", headers=headers).status_code == 403  # it has no row
        _age(database, 2)
        _signed_out(client.get("/desk/small/it", headers=headers))


def test_a_key_opens_nothing_at_the_desk(desk: TestClient, database: Database) -> None:
    """An Authorization header is not looked at there, neither for good nor for bad."""
    good = make_key(database, ADMIN)
    _signed_out(desk.get("/desk/small", headers=bearer(good.text)))
    headers = cookie(make_session(database, make_key(database, RECEPTION).key))
    for text in good.text, "no key":
        assert desk.get("/desk/small", headers={**headers, **bearer(text)}).status_code == 200
    closed = desk.post("/desk/small/close", headers={**headers, **bearer(good.text)})
    assert closed.json()["code"] == "forbidden"


def test_a_session_opens_nothing_elsewhere(desk: TestClient, database: Database) -> None:
    """The API takes no cookie: another site's form cannot use what a browser sends by itself."""
    headers = cookie(make_session(database, make_key(database, ADMIN).key))
    answer = desk.get("/v1/keys", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "cookie" not in answer.headers.get("vary", "").lower()
    assert desk.get("/v1/doctors", headers=cookie(UNKNOWN)).status_code == 200


def test_a_role_that_may_not_is_written_down(desk: TestClient, database: Database) -> None:
    """What the key's role may not do, it may not do at the desk, and the log has the attempt."""
    for role in RECEPTION, AUDITOR:
        key = make_key(database, role).key
        answer = desk.post("/desk/small/close", headers=cookie(make_session(database, key)))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert _denied(database)[-1] == (f"key:{key.id}", "desk_close")


def test_a_form_of_the_session_is_taken(desk: TestClient, database: Database) -> None:
    """In the form or in the header: the route still reads the rest of the form."""
    text = make_session(database, make_key(database, ADMIN).key)
    headers = cookie(text)
    in_header = desk.post("/desk/small/note", data={"note": "hello"}, headers=headers)
    csrf = headers.pop("X-CSRF-Token")
    in_form = desk.post("/desk/small/note", data={"note": "hello", "csrf": csrf}, headers=headers)
    for answer in in_header, in_form:
        assert (answer.status_code, answer.json()) == (200, "hello")


def test_a_form_from_elsewhere_is_refused(desk: TestClient, database: Database) -> None:
    """Missing, wrong, another's, in the query or a file: nothing is done, and it is known."""
    key = make_key(database, ADMIN).key
    text, other = (make_session(database, key) for _ in range(2))
    headers = {**FORM, "Cookie": cookie(text)["Cookie"]}
    good, others = sessions.csrf_of(text), sessions.csrf_of(other)
    bodies = ["", "note=x", "csrf=", f"csrf={others}", f"csrf={good[:-1]}", "csrf=%FF%00", "csrf"]
    for body in bodies:
        _forged(desk.post("/desk/small/close", content=body, headers=headers))
    _forged(desk.post("/desk/small/close", headers={**headers, "X-CSRF-Token": others}))
    _forged(desk.post(f"/desk/small/close?csrf={good}", headers=headers))
    attached = {"csrf": ("csrf", good.encode())}
    cookies = {"Cookie": headers["Cookie"]}
    assert desk.post("/desk/small/close", files=attached, headers=cookies).status_code == 400
    assert _denied(database) == [(f"key:{key.id}", "desk_close")] * (len(bodies) + 2)


def test_signed_out_comes_before_the_form(desk: TestClient) -> None:
    """Whose session has ended meanwhile is told so, and not that the form is wrong."""
    _signed_out(desk.post("/desk/small/close", headers=cookie(UNKNOWN)))
    _signed_out(desk.post("/desk/small/close"))


def test_what_is_done_is_activity(desk: TestClient, database: Database) -> None:
    """Whoever looks, does something, or is refused something, is there."""
    headers = cookie(make_session(database, make_key(database, RECEPTION).key))
    for method, path in (
        ("GET", "/desk/small"),
        ("POST", "/desk/small/close"),
        ("GET", "/desk/small/trouble"),
    ):
        _age(database, 20)
        desk.request(method, path, headers=headers)
        assert _seen_lately(database), path


@pytest.mark.parametrize("path", ["/desk/small/board", "/desk/small/live"])
def test_a_refresh_is_no_activity(desk: TestClient, database: Database, path: str) -> None:
    """An open page that renews itself does not keep anybody signed in."""
    headers = cookie(make_session(database, make_key(database, ADMIN).key))
    _age(database, 20)
    assert desk.get(path, headers=headers).status_code == 200
    assert not _seen_lately(database)


def _seen_lately(database: Database) -> bool:
    with database.read() as session:
        (seen,) = session.scalars(select(DeskSession.last_seen_at))
    return seen > clock.now() - timedelta(minutes=10)


def test_being_seen_is_not_written_again_at_once(
    desk: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request within a minute writes nothing; a database that cannot does not matter."""

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("Not now.")

    headers = cookie(make_session(database, make_key(database, ADMIN).key))
    monkeypatch.setattr(service, "record_use", fail)
    _age(database, 20)
    assert desk.get("/desk/small", headers=headers).status_code == 200
    monkeypatch.setattr(sessions, "touch", lambda *_, **__: 1 / 0)
    _age(database, 0.5)
    assert desk.get("/desk/small", headers=headers).status_code == 200


def test_anybody_may_sign_in(desk: TestClient, database: Database) -> None:
    """At the door neither cookie nor key is looked at; who has no desk is refused, and known."""
    text = make_key(database, ADMIN).text
    for headers in {}, cookie(UNKNOWN), bearer("no key"):
        assert desk.get("/desk/small/sign-in", headers=headers).status_code == 200
        assert (
            desk.post("/desk/small/sign-in", data={"key": text}, headers=headers).status_code == 200
        )
    bad = desk.post("/desk/small/sign-in", data={"key": "no key"})
    assert (bad.status_code, bad.json()["code"]) == (401, "invalid-token")
    assert _denied(database) == []
    auditor = make_key(database, AUDITOR)
    assert desk.post("/desk/small/sign-in", data={"key": auditor.text}).status_code == 403
    assert _denied(database) == [(f"key:{auditor.key.id}", "sign_in")]


def test_no_cache_keeps_the_desk(desk: TestClient, database: Database) -> None:
    """Each answer under /desk is for one session: pages, refusals, the door, and what is not."""
    good = cookie(make_session(database, make_key(database, ADMIN).key))
    for path in (
        "/desk/small",
        "/desk/small/board",
        "/desk/small/trouble",
        "/desk/small/sign-in",
        "/desk/small/nothing",
    ):
        for headers in good, {}:
            answer = desk.get(path, headers=headers)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["vary"].count("Cookie") == 1, path
    for path in "/healthz", "/desktop":
        assert "Cookie" not in desk.get(path).headers.get("vary", "")


def test_no_session_is_logged(
    desk: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of a session is in the log, good or not."""
    text = make_session(database, make_key(database, ADMIN).key)
    for shown in text, UNKNOWN:
        desk.get("/desk/small", headers=cookie(shown))
        desk.post("/desk/small/close", headers={"Cookie": cookie(shown)["Cookie"]})
    lines = str([(record.msg, record.args) for record in caplog.get_records("call")])
    assert "/desk/small" in lines
    for secret in text, UNKNOWN, sessions.csrf_of(text):
        assert secret not in lines
