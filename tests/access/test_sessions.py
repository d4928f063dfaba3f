from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update
from starlette.responses import Response

from calendula import clock
from calendula.access import service, sessions
from calendula.access.models import ApiKey, DeskSession
from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.database import Database
from calendula.errors import Forbidden, InvalidToken
from calendula.events.models import Event
from support.access import make_key

IDLE = timedelta(minutes=30)
INSTANT = timedelta(microseconds=1)
UNKNOWN = "ses_" + "a" * 43

After = Callable[[timedelta], None]


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> After:
    """Stops the clock; sets it to so long after the start of the test."""
    start = clock.now()

    def go(since: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: start + since)

    go(timedelta())
    return go


def _sign_in(database: Database, text: str) -> str:
    with database.write() as session:
        return sessions.sign_in(session, text, idle=IDLE)


def _find(database: Database, text: str, idle: timedelta = IDLE) -> sessions.Found | None:
    with database.read() as session:
        return sessions.find(session, text, idle=idle)


def _touch(database: Database, text: str, idle: timedelta = IDLE) -> None:
    with database.write() as session:
        sessions.touch(session, text, idle=idle)


def _end(database: Database, text: str) -> None:
    with database.write() as session:
        sessions.end(session, text)


def _seen(database: Database) -> list[datetime]:
    with database.read() as session:
        return list(session.scalars(select(DeskSession.last_seen_at)))


def _events(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        desk = select(Event).where(Event.action.startswith("desk.")).order_by(Event.number)
        return [(event.action, event.actor) for event in session.scalars(desk)]


@pytest.mark.parametrize("role", [ADMIN, RECEPTION, DOCTOR])
def test_the_staff_sign_in(database: Database, role: Role) -> None:
    """A key of the staff starts a session that is known by its key, and is in the log."""
    key, text = make_key(database, role)
    found = _find(database, _sign_in(database, f" {text}\n"))
    assert found is not None
    assert found.key.id == key.id
    assert _events(database) == [("desk.signed-in", f"key:{key.id}")]


@pytest.mark.parametrize("role", [AUDITOR, INTEGRATION])
def test_others_do_not(database: Database, role: Role) -> None:
    """A key that is not the staff's starts none, and the refusal says whose it was, for the log."""
    key, text = make_key(database, role)
    with pytest.raises(Forbidden) as refused:
        _sign_in(database, text)
    assert refused.value.is_denial
    assert refused.value.actor == f"key:{key.id}"
    assert (_seen(database), _events(database)) == ([], [])


def test_what_is_no_good_key_signs_nobody_in(database: Database) -> None:
    """Unknown, revoked, expired or no key at all: all are refused alike."""
    revoked, expired = (make_key(database, ADMIN) for _ in range(2))
    with database.write() as session:
        for made, column in (revoked, "revoked_at"), (expired, "expires_at"):
            change = update(ApiKey).where(ApiKey.id == made.key.id)
            session.execute(change.values({column: clock.now()}))
    said = set()
    for text in "", "cal_", "cal_zzzzzzzz_" + "a" * 43, UNKNOWN, revoked.text, expired.text:
        with pytest.raises(InvalidToken) as refused:
            _sign_in(database, text)
        said.add(refused.value.detail)
    assert (len(said), _seen(database)) == (1, [])


def test_a_session_cannot_be_read_from_the_table(database: Database) -> None:
    """Of a session the SHA-256 alone is kept, and each sign-in makes another of 256 bits."""
    key = make_key(database, ADMIN).text
    texts = [_sign_in(database, key) for _ in range(2)]
    with database.read() as session:
        digests = session.scalars(select(DeskSession.digest)).all()
    assert set(digests) == {sha256(text.encode()).digest() for text in texts}
    assert len(set(digests)) == 2
    assert {len(text) for text in texts} == {len(UNKNOWN)}


@pytest.mark.parametrize("text", ["", "ses_", UNKNOWN, UNKNOWN + "\n", "ses_" + "é" * 43, "\0"])
def test_an_unknown_session_is_nobodys(database: Database, text: str) -> None:
    """What was never given out finds nothing, and can be touched and ended without harm."""
    _sign_in(database, make_key(database, ADMIN).text)
    assert _find(database, text) is None
    _end(database, text)
    assert len(_seen(database)) == 1
    assert len(_events(database)) == 1


def test_a_key_is_no_session(database: Database) -> None:
    """The key that signs in is not taken for the session that it starts."""
    key = make_key(database, ADMIN).text
    _sign_in(database, key)
    assert _find(database, key) is None


def test_an_idle_session_ends(database: Database, after: After) -> None:
    """From the instant on at which nothing was done for so long, nobody is signed in."""
    text = _sign_in(database, make_key(database, ADMIN).text)
    after(IDLE - INSTANT)
    assert _find(database, text) is not None
    after(IDLE)
    assert _find(database, text) is None


def test_a_busy_session_goes_on(database: Database, after: After) -> None:
    """Whoever does something starts the idle time anew."""
    text = _sign_in(database, make_key(database, ADMIN).text)
    after(IDLE - INSTANT)
    _touch(database, text)
    after(2 * IDLE - 2 * INSTANT)
    assert _find(database, text) is not None
    after(2 * IDLE - INSTANT)
    assert _find(database, text) is None


def test_no_session_outlives_half_a_day(database: Database, after: After) -> None:
    """Twelve hours after its start the busiest session ends."""
    text = _sign_in(database, make_key(database, ADMIN).text)
    after(timedelta(hours=12) - INSTANT)
    _touch(database, text)
    assert _find(database, text) is not None
    after(timedelta(hours=12))
    assert _find(database, text) is None


def test_a_session_ends_with_its_key(database: Database, after: After) -> None:
    """When its key is revoked or expires, nobody is signed in by it from then on."""
    revoked = make_key(database, ADMIN)
    expiring = make_key(database, ADMIN, expires_at=clock.now() + timedelta(minutes=10))
    texts = [_sign_in(database, made.text) for made in (revoked, expiring)]
    assert all(_find(database, text) for text in texts)
    with database.write() as session:
        service.revoke(session, ApiKey.id == revoked.key.id, actor="command")
    assert [_find(database, text) is not None for text in texts] == [False, True]
    after(timedelta(minutes=10))
    assert _find(database, texts[1]) is None


def test_being_seen_is_written_once_a_minute(database: Database, after: After) -> None:
    """The last sight of a session, and with it of its key, is known to the minute."""
    text = _sign_in(database, make_key(database, ADMIN).text)
    start = clock.now()
    for seconds, expected in (59, 0), (60, 60), (61, 60), (120, 120):
        after(timedelta(seconds=seconds))
        found = _find(database, text)
        assert found is not None
        assert found.touch_is_due is (seconds == expected)
        _touch(database, text)
        assert _seen(database) == [start + timedelta(seconds=expected)]
    with database.read() as session:
        assert session.scalar(select(ApiKey.last_used_at)) == start + timedelta(seconds=120)


def test_a_short_idle_time_is_kept(database: Database, after: After) -> None:
    """Who does something every 50 seconds stays signed in, where a minute is the idle time-out."""
    minute = timedelta(minutes=1)
    text = _sign_in(database, make_key(database, ADMIN).text)
    for seconds in range(0, 300, 50):
        after(timedelta(seconds=seconds))
        assert _find(database, text, minute) is not None, seconds
        _touch(database, text, minute)


def test_signing_out_twice_is_once(database: Database) -> None:
    """Who signs out is out, and the other sessions of the key are not; the log has it once."""
    key, secret = make_key(database, ADMIN)
    text, other = (_sign_in(database, secret) for _ in range(2))
    for _ in range(2):
        _end(database, text)
    assert _find(database, text) is None
    assert _find(database, other) is not None
    signed_in = ("desk.signed-in", f"key:{key.id}")
    assert _events(database) == [signed_in, signed_in, ("desk.signed-out", f"key:{key.id}")]


def test_signing_in_sweeps_the_table(database: Database, after: After) -> None:
    """Sessions that are idle or old go when somebody signs in, and the good ones stay."""
    key = make_key(database, ADMIN).text
    busy = _sign_in(database, key)
    after(timedelta(hours=12) - IDLE)
    _touch(database, busy)
    _sign_in(database, key)
    assert len(_seen(database)) == 2
    after(timedelta(hours=12) - INSTANT)
    _touch(database, busy)
    young = _sign_in(database, key)
    assert len(_seen(database)) == 3
    after(timedelta(hours=12))
    last = _sign_in(database, key)
    with database.read() as session:
        kept = set(session.scalars(select(DeskSession.digest)))
    assert kept == {sha256(text.encode()).digest() for text in (young, last)}


def test_a_form_is_of_one_session(database: Database) -> None:
    """What a session's forms send is the same each time, no other's, and not its secret."""
    one, other = (sessions.csrf_of(text) for text in (UNKNOWN, UNKNOWN.upper()))
    assert sessions.is_csrf(UNKNOWN, one)
    assert UNKNOWN.removeprefix("ses_") not in one
    for given in other, "", one[:-1], one.upper(), "é", "\ud800", UNKNOWN:
        assert not sessions.is_csrf(UNKNOWN, given)


def test_the_cookie_stays_with_the_browser() -> None:
    """Scripts, other sites, other hosts and plain HTTP do not get it; it goes with the browser."""
    response = Response()
    sessions.set_cookie(response, UNKNOWN)
    name, *attributes = response.headers["set-cookie"].split("; ")
    assert name == f"__Host-calendula={UNKNOWN}"
    assert {it.lower() for it in attributes} == {"httponly", "path=/", "samesite=strict", "secure"}


def test_the_cookie_can_be_taken_back() -> None:
    """It is cleared with what it was set with, or a browser would refuse that."""
    response = Response()
    sessions.clear_cookie(response)
    name, *attributes = response.headers["set-cookie"].split("; ")
    assert name == '__Host-calendula=""'
    given = {it.lower() for it in attributes if not it.startswith("expires=")}
    assert given == {"httponly", "max-age=0", "path=/", "samesite=strict", "secure"}
