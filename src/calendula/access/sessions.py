"""The session of a browser at the desk: `ses_` and 256 bits in a cookie, signed in by a key."""

import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, delete, not_, or_, select, update
from sqlalchemy.orm import Session
from starlette.responses import Response

from calendula import clock
from calendula.access import keys, service
from calendula.access.models import ApiKey, DeskSession
from calendula.errors import Forbidden, InvalidToken, denying
from calendula.events import service as events

COOKIE = "__Host-calendula"
"""By its prefix (RFC 6265bis) a browser takes it by HTTPS alone and for this one host."""

LONGEST = timedelta(hours=12)
"""However busy a session is, it ends then."""

_PREFIX = "ses_"
_SECRET_BYTES = 32
_SESSION = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")
_SEEN_WRITTEN_EVERY = timedelta(minutes=1)
_SEEN_WRITTEN_PER_IDLE = 10  # a short idle time-out must not end for want of writing


class Found(NamedTuple):
    """A session that is good: the key that it was signed in by, and whether to touch it."""

    key: ApiKey
    touch_is_due: bool


def sign_in(session: Session, text: str, *, idle: timedelta) -> str:
    """Start a session by the text of a key, and return the session's.

    Raises InvalidToken where the key is no good, and Forbidden as `start` does.
    """
    key = service.find_valid(session, text.strip())
    if key is None:
        raise InvalidToken("The key is not valid.")
    return start(session, key, idle=idle)


def start(session: Session, key: ApiKey, *, idle: timedelta) -> str:
    """Sign a key in and return the session's text, which nobody can find out later.

    Sessions that have ended, whosever they were, go from the table. Raises Forbidden where the key
    is not one of the staff's.
    """
    caller = service.caller_of(key)
    if not caller.is_staff:
        raise denying(Forbidden("The desk is for the staff's keys."), actor=caller.actor)
    now = clock.now()
    ended = or_(DeskSession.last_seen_at <= now - idle, DeskSession.created_at <= now - LONGEST)
    session.execute(delete(DeskSession).where(ended))
    text = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    session.add(
        DeskSession(digest=keys.digest(text), key_id=key.id, created_at=now, last_seen_at=now)
    )
    events.record(session, "desk.signed-in", actor=caller.actor)
    return text


def find(session: Session, text: str, *, idle: timedelta) -> Found | None:
    """Return the session of this text, or None where nobody is signed in by it any more.

    It ends when nothing was done for as long as `idle`, 12 hours after its start, and with its key.
    """
    if not _SESSION.fullmatch(text):
        return None
    query = select(DeskSession, ApiKey).join(ApiKey).where(DeskSession.digest == keys.digest(text))
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    found, key = row
    now = clock.now()
    if now >= min(found.last_seen_at + idle, found.created_at + LONGEST):
        return None
    due = not _last_due(now, idle) < found.last_seen_at <= now
    return Found(key, due) if service.is_good(key) else None


def touch(session: Session, text: str, *, idle: timedelta) -> None:
    """Write down that a session and its key are used now, unless that was just done."""
    now = clock.now()
    this = DeskSession.digest == keys.digest(text)
    lately = DeskSession.last_seen_at > _last_due(now, idle), DeskSession.last_seen_at <= now
    touching = update(DeskSession).where(this, not_(and_(*lately))).values(last_seen_at=now)
    key_id = session.scalar(touching.returning(DeskSession.key_id))
    if key_id is not None:
        service.record_use(session, key_id)


def end(session: Session, text: str) -> None:
    """Sign a session out. One that is not there stays so, and nothing is written."""
    this = DeskSession.digest == keys.digest(text)
    key_id = session.scalar(delete(DeskSession).where(this).returning(DeskSession.key_id))
    if key_id is not None:
        events.record(session, "desk.signed-out", actor=f"key:{key_id}")


def csrf_of(text: str) -> str:
    """Return what the forms of a session's pages send along, which no other site can know.

    It is made of the session's secret, which it does not give away, so nothing more is kept (OWASP,
    Cross-Site Request Forgery Prevention: HMAC-based token).
    """
    return hmac.digest(text.encode(), b"csrf", "sha256").hex()


def is_csrf(text: str, given: str) -> bool:
    """Tell whether a form was made for the session of this text."""
    return hmac.compare_digest(csrf_of(text).encode(), given.encode(errors="replace"))


def set_cookie(response: Response, text: str) -> None:
    """Let a browser keep a session until it is closed, out of reach of scripts and other sites."""
    response.set_cookie(COOKIE, text, secure=True, httponly=True, samesite="strict")


def clear_cookie(response: Response) -> None:
    """Let a browser forget its session."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")


def _last_due(now: datetime, idle: timedelta) -> datetime:
    """Return when a session must have been seen last, or before, to be written down again.

    One that was seen in the future must be too: the clock was put back, and it would end too late.
    """
    return now - min(_SEEN_WRITTEN_EVERY, idle / _SEEN_WRITTEN_PER_IDLE)
