"""The pages on which a patient manages their appointment."""

import re
from html import unescape
from typing import Any

from support.booking import Booked


class Patient(Booked):
    """A patient with the link to their appointment, who uses the pages."""

    @property
    def text(self) -> str:
        """The token itself."""
        return self.token["Authorization"].removeprefix("Bearer ")

    def send(self, step: str = "", **fields: str) -> Any:
        """Return the page that a form leads to; `version` is the first unless told otherwise."""
        own = {"token": self.text, "version": "1"}
        return self.client.post(f"/manage{step}", data={**own, **fields}, follow_redirects=False)


def heading(page: Any) -> str:
    """Return the first heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    return unescape(found[1]) if found else ""


def problem(page: Any) -> str:
    """Return the heading of what a page says is wrong; empty where all is well."""
    found = re.search(r'<h2 id="problem">(.*?)</h2>', page.text)
    return unescape(found[1]) if found else ""


def facts(page: Any) -> dict[str, str]:
    """Return what a page says of an appointment, by the words in front of it."""
    rows = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page.text, re.DOTALL)
    return {name: _text(it) for name, it in rows}


def plain(page: Any) -> str:
    """Return the words of a page."""
    return _text(page.text)


def starts(page: Any) -> list[str]:
    """Return the times that a page offers, as it writes them in its forms."""
    return re.findall(r'name="start" value="([^"]+)"', page.text)


def _text(html: str) -> str:
    """Return the words of HTML, in which a link is a part of its sentence."""
    words = re.sub(r"</?(?:a|bdi|span|strong)\b[^>]*>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", words)).split())
