"""Pages as a browser without JavaScript has them: forms that are filled in and sent."""

from html.parser import HTMLParser
from typing import Any, NamedTuple

from fastapi.testclient import TestClient

_WITHOUT_END = {"input", "meta", "link", "img", "br", "path"}


class Form(NamedTuple):
    """A form of a page, as it would be sent."""

    action: str
    method: str
    fields: dict[str, str]
    """By their names: what they carry, or what is typed in them."""
    buttons: list[tuple[str, str, str]]
    """The text of each, its name and its value."""


class Page(HTMLParser):
    """What a page says, and the forms and links that it has."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.status: int = answer.status_code
        self.html: str = answer.text
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        """By what they are called."""
        self.said: list[str] = []
        """Its texts, hidden or not, in their order."""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._inside: list[list[str]] = []
        self.feed(self.html)

    @property
    def text(self) -> str:
        """All that it says, with single spaces."""
        return " ".join(" ".join(self.said).split())

    def form(self, action: str) -> Form:
        """Return the form that is sent to a path that ends like this."""
        return next(it for it in self.forms if it.action.endswith(action))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's begin (HTMLParser)."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", ""), {}, []))
        if tag == "input" and self.forms:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        if tag not in _WITHOUT_END:
            self._open.append((tag, found))
            self._inside.append([])

    def handle_data(self, data: str) -> None:
        """Take a text (HTMLParser)."""
        self.said.append(data)
        for texts in self._inside:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Take an element's end (HTMLParser)."""
        if tag in _WITHOUT_END:
            return
        opened, found = self._open.pop()
        assert opened == tag, f"</{tag}> ends <{opened}>"
        text = "".join(self._inside.pop())
        name = found.get("aria-label") or " ".join(text.split())
        if tag == "a":
            self.links[name] = found.get("href", "")
        if tag == "textarea":
            self.forms[-1].fields[found["name"]] = text
        if tag == "button":
            button = name, found.get("name", ""), found.get("value", "")
            self.forms[-1].buttons.append(button)


def open_page(client: TestClient, path: str, **query: str) -> Page:
    """Return the page at a path."""
    return Page(client.get(path, params=query or None, headers={"Accept-Language": "en-GB"}))


def press(client: TestClient, form: Form, button: str = "", **typed: str) -> Page:
    """Fill a form in, press its button of this name, or its first, and return what comes."""
    answers = [it for it in form.buttons if it[0] == button or not button]
    name, value = answers[0][1:]
    fields = {**form.fields, **typed, **({name: value} if name else {})}
    return Page(
        client.request(
            form.method.upper(), form.action, data=fields, headers={"Accept-Language": "en-GB"}
        )
    )


class Loaded(HTMLParser):
    """The paths of what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    @classmethod
    def of(cls, html: str) -> set[str]:
        """Return the paths of the files that a page loads."""
        page = cls()
        page.feed(html)
        return set(page.paths)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's begin (HTMLParser)."""
        found = dict(attrs)
        if tag in {"script", "img"}:
            self.paths.append(found.get("src") or "")
        if tag == "link":
            self.paths.append(found.get("href") or "")
