from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import LargeBinary, func, inspect, select

from calendula import clock
from calendula.access import service
from calendula.access.models import ApiKey
from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, RECEPTION, Role
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.errors import Invalid, NotFound
from calendula.events.models import Event
from support.access import make_key


def _events(database: Database) -> list[Event]:
    with database.read() as session:
        keys = select(Event).where(Event.action.startswith("key.")).order_by(Event.number)
        return list(session.scalars(keys))


def test_a_key_cannot_be_read_from_the_table(database: Database) -> None:
    """Of a key only its handle and digest are kept, and its event has no more than the handle."""
    key, text = make_key(database, ADMIN)
    secret = text.removeprefix(f"cal_{key.handle}_")
    with database.read() as session:
        (row,) = session.execute(select(*inspect(ApiKey).columns)).all()
    (event,) = _events(database)
    assert secret not in str(row)
    assert secret.encode() not in b"".join(it for it in row if isinstance(it, bytes))
    assert secret not in str(event.data)
    digests = [it.name for it in inspect(ApiKey).columns if isinstance(it.type, LargeBinary)]
    assert digests == ["digest"]


@pytest.mark.parametrize("role", Role)
def test_a_valid_key_is_found(database: Database, role: Role) -> None:
    """Whoever shows a key is known by it, with its role."""
    made = make_key(database, role, expires_at=clock.now() + timedelta(hours=1))
    with database.read() as session:
        found = service.find_valid(session, made.text)
    assert found is not None
    assert (found.id, found.role) == (made.key.id, role)


def test_another_secret_opens_nothing(database: Database) -> None:
    """A known handle with another secret, an unknown handle and a cut key are nobody's."""
    one, other = (make_key(database, ADMIN) for _ in range(2))
    mixed = other.text.replace(other.key.handle, one.key.handle)
    unknown = one.text.replace(one.key.handle, "zzzzzzzz")
    with database.read() as session:
        for text in (mixed, unknown, one.text[:-1], one.key.handle, "", "Zürich"):
            assert service.find_valid(session, text) is None


def test_a_key_expires(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the instant on at which it expires, a key opens nothing."""
    end = clock.now() + timedelta(hours=1)
    made = make_key(database, ADMIN, expires_at=end)
    with database.read() as session:
        monkeypatch.setattr(clock, "now", lambda: end - timedelta(microseconds=1))
        assert service.find_valid(session, made.text) is not None
        monkeypatch.setattr(clock, "now", lambda: end)
        assert service.find_valid(session, made.text) is None


def test_a_revoked_key_opens_nothing(database: Database) -> None:
    """A key that was revoked is good for nothing, and the others stay good."""
    made, other = (make_key(database, ADMIN) for _ in range(2))
    with database.write() as session:
        service.revoke(session, ApiKey.id == made.key.id, actor="command")
    with database.read() as session:
        assert service.find_valid(session, made.text) is None
        assert service.find_valid(session, other.text) is not None


def test_what_happens_to_keys_is_an_event(database: Database) -> None:
    """Making and revoking are in the log, once each, with who did it and which key it was."""
    key = make_key(database, DOCTOR).key
    for _ in range(2):
        with database.write() as session:
            service.revoke(session, ApiKey.id == key.id, actor="key:1")
    created, revoked = _events(database)
    assert (created.action, created.actor) == ("key.created", "command")
    assert (revoked.action, revoked.actor) == ("key.revoked", "key:1")
    assert created.doctor_id == revoked.doctor_id == key.doctor_id
    told = {"key_id": str(key.id), "role": "doctor", "handle": key.handle}
    assert created.data == {
        **told,
        "before": None,
        "after": {"expires_at": None, "revoked_at": None},
    }
    after = revoked.data["after"]
    assert revoked.data == {**told, "before": created.data["after"], "after": after}
    assert after["revoked_at"] is not None


def test_revoking_twice_keeps_the_first_time(database: Database) -> None:
    """When a key was revoked is not forgotten."""
    key = make_key(database, ADMIN).key
    seen = []
    for _ in range(2):
        with database.write() as session:
            service.revoke(session, ApiKey.id == key.id, actor="command")
        with database.read() as session:
            seen.append(session.scalar(select(ApiKey.revoked_at)))
    assert seen[0] == seen[1] is not None


def test_an_unknown_key_cannot_be_revoked(database: Database) -> None:
    """Revoking what is not there is not found."""
    with pytest.raises(NotFound), database.write() as session:
        service.revoke(session, ApiKey.handle == "zzzzzzzz", actor="command")


def test_a_doctors_key_names_the_doctor(database: Database) -> None:
    """The role doctor and a known doctor go together, and neither comes alone."""
    with database.read() as session:
        doctor_id = session.scalars(select(Doctor.id)).first()
    for role, whose in (DOCTOR, None), (RECEPTION, doctor_id), (DOCTOR, uuid4()):
        with pytest.raises(Invalid):
            make_key(database, role, doctor_id=whose)
    assert _events(database) == []


def test_no_key_is_born_expired(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that would expire before it can be used is a mistake."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    with pytest.raises(Invalid, match="must lie ahead"):
        make_key(database, ADMIN, expires_at=now)
    make_key(database, ADMIN, expires_at=now + timedelta(microseconds=1))


def test_a_use_is_written_once_a_minute(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last use is known to the minute, and not written at every request."""
    key_id, other_id = (make_key(database, ADMIN).key.id for _ in range(2))
    start = clock.now()
    for seconds, expected, due in (0, 0, False), (59, 0, False), (60, 60, False), (61, 60, False):
        now = start + timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        with database.write() as session:
            service.record_use(session, key_id)
        with database.read() as session:
            key, other = session.get_one(ApiKey, key_id), session.get_one(ApiKey, other_id)
        assert other.last_used_at is None
        assert key.last_used_at == start + timedelta(seconds=expected)
        assert service.use_is_due(key) is due
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=120))
    assert service.use_is_due(key)


def test_the_first_key_is_made_once(database: Database) -> None:
    """Where no key was ever made, one of an admin is; a revoked one was made too."""
    with database.write() as session:
        text = service.create_first(session)
    assert text is not None
    with database.write() as session:
        key = service.find_valid(session, text)
        assert key is not None
        assert key.role == ADMIN
        service.revoke(session, ApiKey.id == key.id, actor="command")
    with database.write() as session:
        assert service.create_first(session) is None
        assert session.scalar(select(func.count(ApiKey.id))) == 1


def test_keys_are_listed_as_they_were_made(database: Database) -> None:
    """The list has each key, and the doctor's name where it has one."""
    roles = [ADMIN, DOCTOR, AUDITOR]
    for role in roles:
        make_key(database, role)
    with database.read() as session:
        listed = service.everyone(session)
    assert [key.role for key, _ in listed] == roles
    assert [doctor for _, doctor in listed] == [None, "Dr. Mei Chen", None]
