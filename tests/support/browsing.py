"""A real Chromium, what may not happen in it, and what a test does with a page again and again."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, Protocol, TypedDict
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)

from calendula.database import Database
from support.servers import Server

AXE = Path(__file__).parents[1] / "browser" / "vendor" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOW_TO_GET_ONE = (
    "no browser: `apt-get install chromium` or `.venv/bin/playwright install chromium` gets one"
)
TIMEOUT = 10_000  # milliseconds that Playwright waits for whatever it waits for

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_STAY_AT_HOME = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_ANSWERED_4XX = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# A page may be told no, a form too; its stylesheets, scripts, fonts and pictures may not.
_MAY_BE_REFUSED = {"document", "fetch", "xhr", "eventsource"}
_RUN_AXE = """async (standards) => {
    for (const animation of document.getAnimations()) {
        try { animation.finish(); } catch { /* one without an end */ }
    }
    const { violations } = await axe.run(document, {
        runOnly: standards, resultTypes: ["violations"],
    });
    return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(
        ({ target, failureSummary }) => ({ target: target.join(" "), summary: failureSummary }),
    ) }));
}"""


class NoBrowser(Exception):
    """There is no Chromium on this machine; the text says how to get one."""


@dataclass(frozen=True)
class Site:
    """A clinic that is really served, and its database, to look into or to set things up."""

    server: Server
    database: Database

    @property
    def url(self) -> str:
        """Where the clinic is, without a slash in the end."""
        return self.server.url


class OpenPage(Protocol):
    """Opens a page of the site in a browser session of its own: another patient, other cookies.

    Another tab of the same session is `page.context.new_page()`.
    """

    def __call__(
        self,
        path: str = "/",
        *,
        locale: str = "en-GB",
        timezone_id: str = "Asia/Kolkata",
        color_scheme: Literal["light", "dark"] = "light",
        reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
        forced_colors: Literal["active", "none"] = "none",
        width: int = 1280,
        height: int = 900,
        java_script: bool = True,
    ) -> Page:
        """Return the page at a path once it is loaded; lengths are in CSS pixels."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium or, where there is none, Playwright's own; raise NoBrowser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_executable(playwright), args=[_STAY_AT_HOME]
        )
        yield browser
        browser.close()


def _executable(playwright: Playwright) -> str:
    found = next(filter(None, map(shutil.which, _NAMES)), playwright.chromium.executable_path)
    if not Path(found).exists():
        raise NoBrowser(HOW_TO_GET_ONE)
    return found


@dataclass
class Watch:
    """Writes down what may not happen in a browser session: `faults`, a line each."""

    origin: str
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a session, those too that it will open."""
        context.on("console", self._on_console)
        context.on("weberror", lambda it: self.faults.append(f"uncaught error: {it.error}"))
        context.on("request", self._on_request)
        context.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        is_fault = message.type == "error" or "Content Security Policy" in message.text
        if is_fault and not _ANSWERED_4XX.match(message.text):
            self.faults.append(f"console: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        asked = f"{parts.scheme}://{parts.netloc}"
        if asked != self.origin and parts.scheme not in {"data", "blob"}:
            self.faults.append(f"a request to another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        may_be_refused = response.request.resource_type in _MAY_BE_REFUSED
        if response.status >= (500 if may_be_refused else 400):
            self.faults.append(f"answered {response.status}: {response.url}")


class Node(TypedDict):
    """An element that breaks a rule: its CSS selector, and what would mend it."""

    target: str
    summary: str


class Violation(TypedDict):
    """A rule of axe that a page breaks, and the elements that do."""

    id: str
    help: str
    nodes: list[Node]


def axe(page: Page) -> list[Violation]:
    """Return what axe-core finds wrong with a page as it is now: WCAG 2.2 AA and good practice.

    Transitions are taken to their end first. The page needs JavaScript.
    """
    page.evaluate(_axe_source())
    violations: list[Violation] = page.evaluate(_RUN_AXE, STANDARDS)
    return violations


def assert_accessible(page: Page) -> None:
    """Fail where axe-core finds a violation, with each rule and element in the message."""
    found = [
        f"{violation['id']}: {violation['help']}\n  {node['target']}\n  {node['summary']}"
        for violation in axe(page)
        for node in violation["nodes"]
    ]
    assert not found, f"{page.url} is not for everyone:\n" + "\n".join(found)


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def press_until(page: Page, wanted: Locator, *, key: str = "Tab", most: int = 60) -> None:
    """Press a key until an element has the focus; fail where it never gets it."""
    for _ in range(most):
        page.keyboard.press(key)
        if wanted.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"{most} times {key} did not bring the focus to {wanted}")
