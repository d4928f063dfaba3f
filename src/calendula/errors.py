"""The kinds of domain error. What each means in HTTP is decided in `http/problems.py` alone."""

from typing import ClassVar, TypeVar


class CalendulaError(Exception):
    """An outcome that the caller must be told.

    `detail` is a sentence for people, without personal data. `members` are further facts for
    programs; they stand beside the detail in the answer. `retry_after` says in how many seconds
    the outcome may be another one, where that is known.
    """

    code: ClassVar[str]
    is_denial = False
    """Whether somebody asked for what is not theirs, which is written down."""
    actor: str | None = None
    """Who asked, as the event log calls them, where the request alone does not say it."""

    def __init__(self, detail: str, *, retry_after: int | None = None, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.members = members


class Invalid(CalendulaError):
    """The request can be read, but what it says is not allowed."""

    code = "invalid"


class Unauthenticated(CalendulaError):
    """The request needs a key and shows none."""

    code = "unauthenticated"


class InvalidToken(Unauthenticated):
    """The request shows a key that is no good: not known, expired, revoked, or no key at all.

    Which of these it is, nobody is told.
    """

    code = "invalid-token"


class SignedOut(Unauthenticated):
    """The request needs a session at the desk and has none, or one that has ended."""

    code = "signed-out"


class Forbidden(CalendulaError):
    """Whoever asks may not have it."""

    code = "forbidden"
    is_denial = True


class Forged(Forbidden):
    """The request has a session, but comes from a page that was not made for it."""

    code = "csrf"


class NotFound(CalendulaError):
    """What the request names does not exist."""

    code = "not-found"


class Conflict(CalendulaError):
    """The request was right, and the state of the clinic stands against it."""

    code = "conflict"


class Stale(CalendulaError):
    """What is to be changed is not what the caller has seen of it."""

    code = "stale"


class TooManyRequests(CalendulaError):
    """The caller has had as much as one may have for now; `retry_after` says for how long."""

    code = "too-many-requests"


class Unavailable(CalendulaError):
    """The outcome is not known, or nothing can be done right now; a retry may help."""

    code = "unavailable"


_Error = TypeVar("_Error", bound=CalendulaError)


def denying(error: _Error, *, actor: str | None = None) -> _Error:
    """Return an error that says the same as ever, but is about what is another's."""
    error.is_denial = True
    error.actor = actor
    return error
