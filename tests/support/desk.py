"""Somebody of the staff, at the desk."""

import re
from typing import Any

from fastapi.testclient import TestClient

from calendula.access import sessions
from calendula.access.roles import Role
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support.access import make_key


class DeskClient(TestClient):
    """A browser at the desk, which follows no redirect."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            create_app(settings), base_url="https://testserver", follow_redirects=False
        )

    def submit(self, path: str, **fields: Any) -> Any:
        """Return the answer to a form of the desk, sent from a page of the session."""
        text = self.cookies.get(sessions.COOKIE) or ""
        return self.post(path, data={"csrf": sessions.csrf_of(text), **fields})

    def sign_in(self, database: Database, role: Role, **other: Any) -> str:
        """Sign a new key in; return what the log calls whoever has it."""
        made = make_key(database, role, **other)
        answer = self.post("/desk/sign-in", data={"key": made.text})
        assert answer.status_code == 303, answer.text
        return f"key:{made.key.id}"


def words(answer: Any) -> str:
    """Return what can be read on a page, with single spaces."""
    text = re.sub(r"<(head|script)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())
