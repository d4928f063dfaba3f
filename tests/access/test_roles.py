from uuid import uuid4

import pytest

from calendula.access import roles
from calendula.access.roles import (
    ADMIN,
    ANYBODY,
    DOCTOR,
    OWN,
    PUBLIC,
    RECEPTION,
    UNASKED,
    Caller,
    Role,
)

MEI, LENA = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with a row of each kind."""
    rows = {
        "probe": {UNASKED},
        "look": {ANYBODY},
        "edit": {ADMIN, RECEPTION, OWN},
        "read": {ADMIN, DOCTOR},
        "locked": set[Role](),
    }
    monkeypatch.setattr(roles, "TABLE", rows)


def _caller(role: Role) -> Caller:
    return Caller(role, uuid4(), MEI if role is DOCTOR else None)


@pytest.mark.parametrize("operation", ["probe", "look"])
def test_what_anybody_may_everybody_may(operation: str) -> None:
    """What is public is so for every role too."""
    assert roles.may(operation, PUBLIC, None)
    assert all(roles.may(operation, _caller(role), None) for role in Role)
    assert roles.needed(operation) == []


@pytest.mark.parametrize("operation", ["locked", "unheard of"])
def test_what_nobody_was_given_nobody_may(operation: str) -> None:
    """An operation without a row, or with an empty one, is closed to all, the admin too."""
    assert not any(roles.may(operation, caller, MEI) for caller in (PUBLIC, *map(_caller, Role)))


def test_a_role_in_the_row_may() -> None:
    """Whose role the row has may, for any doctor; the others may not, nor may the public."""
    allowed = [role for role in Role if roles.may("read", _caller(role), LENA)]
    assert allowed == [ADMIN, DOCTOR]
    assert not roles.may("read", PUBLIC, MEI)
    assert roles.needed("read") == ["admin", "doctor"]


def test_a_doctor_may_do_to_their_own() -> None:
    """Where the row says OWN, a doctor may what names them, and nothing that names another."""
    mei = _caller(DOCTOR)
    assert roles.may("edit", mei, MEI)
    assert not roles.may("edit", mei, LENA)
    assert not roles.may("edit", mei, None)
    assert not roles.may("edit", Caller(DOCTOR, uuid4(), None), None)
    assert not roles.may("edit", Caller(Role.AUDITOR, uuid4(), MEI), MEI)
    assert roles.may("edit", _caller(RECEPTION), LENA)
    assert roles.needed("edit") == ["admin", "reception", "doctor (their own)"]


def test_only_probes_are_not_asked() -> None:
    """A key that is shown is looked at everywhere but where the row says UNASKED."""
    assert [it for it in (*roles.TABLE, "unheard of") if not roles.asks(it)] == ["probe"]


def test_an_actor_is_no_name() -> None:
    """The event log calls a caller by the id of the key, or public."""
    key_id = uuid4()
    assert PUBLIC.actor == "public"
    assert Caller(ADMIN, key_id).actor == f"key:{key_id}"
