"""ETag and If-Match (RFC 9110): nobody overwrites an edit that they have not seen."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from calendula.errors import Stale

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(_TAG)
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")


@dataclass(frozen=True, slots=True)
class Precondition:
    """Which versions a caller is ready to change."""

    tags: frozenset[str] | None = None
    """None is any."""

    def check(self, version: int) -> None:
        """Raise Stale where what is there is not what the caller has seen."""
        if self.tags is not None and _tag(version) not in self.tags:
            raise Stale("It was changed in the meantime. Read it again.")


def seen(version: str) -> Precondition:
    """Return the precondition of a form, which says in a field which version its page showed."""
    return Precondition(frozenset({f'"{version}"'}))


def show(response: Response, version: int) -> None:
    """Let an answer say which version it shows."""
    response.headers["ETag"] = _tag(version)


async def _if_match(
    request: Request,
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The `ETag` that was read: the edit is refused (412) where it is stale.",
            examples=['"1"'],
        ),
    ] = None,
) -> Precondition:
    """Take weak tags for what they are: If-Match compares strongly, so they match nothing.

    What is no list of tags matches nothing either.
    """
    if if_match is None or if_match.strip() == "*":
        return Precondition()
    tags = ", ".join(request.headers.getlist("if-match"))
    return Precondition(frozenset(_TAGS.findall(tags) if _LIST.fullmatch(tags) else ()))


def _tag(version: int) -> str:
    return f'"{version}"'


IfMatch = Annotated[Precondition, Depends(_if_match)]
