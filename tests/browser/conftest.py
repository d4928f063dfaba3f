"""The fixtures of the browser tests: a clinic that is served, and Chromium to look at it."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from calendula.database import Database
from calendula.settings import Settings
from support import servers
from support.browsing import TIMEOUT, NoBrowser, OpenPage, Site, Watch, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Without one the test is skipped, or fails where TEST_BROWSER=required.

    Not for longer than a module: as long as it is open, Playwright's event loop runs in the test's
    thread, and no other test could start one.
    """
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(chromium())
        except NoBrowser as missing:
            give_up = pytest.fail if os.environ.get("TEST_BROWSER") == "required" else pytest.skip
            give_up(str(missing))
        expect.set_options(timeout=TIMEOUT)
        yield browser


@pytest.fixture
def site_settings() -> dict[str, Any]:
    """What the site's settings are besides those of `settings`; a test parametrizes it."""
    return {}


@pytest.fixture
def site_workers() -> int:
    """How many processes serve the site; more than one needs PostgreSQL."""
    return 1


@pytest.fixture
def site(
    browser: Browser,
    settings: Settings,
    database: Database,
    site_settings: dict[str, Any],
    site_workers: int,
    tmp_path: Path,
) -> Iterator[Site]:
    """The open clinic with its sample doctors, served. It must not log an error."""
    chosen = settings.model_dump(exclude_unset=True) | site_settings | {"log_format": "json"}
    environment = {f"CALENDULA_{name.upper()}": str(it) for name, it in chosen.items()}
    with servers.running(tmp_path, environment, workers=site_workers) as server:
        yield Site(server, database)
    written = server.log.read_text().rpartition("\n")[0]  # the kill may have cut off a line
    lines = [it for it in written.splitlines() if it.startswith("{")]
    assert not [it for it in lines if json.loads(it)["level"] in {"error", "critical"}]


@pytest.fixture
def faults(site: Site) -> Iterator[list[str]]:
    """What went wrong in the pages so far: nothing may have, once the test is over.

    That is an error in the console, an uncaught exception, a request to another host, or an answer
    of 500 and more. A test that brings one about looks at it and clears the list.
    """
    faults: list[str] = []
    yield faults
    assert not faults, "\n".join(faults)


@pytest.fixture
def open_page(browser: Browser, site: Site, faults: list[str]) -> Iterator[OpenPage]:
    """Open a page of the site in a session of its own; see support.browsing.OpenPage."""
    watch = Watch(site.url, faults)
    with ExitStack() as stack:

        def open_page(
            path: str = "/",
            *,
            width: int = 1280,
            height: int = 900,
            java_script: bool = True,
            locale: str = "en-GB",
            timezone_id: str = "Asia/Kolkata",
            **others: Any,
        ) -> Page:
            context = browser.new_context(
                base_url=site.url,
                viewport={"width": width, "height": height},
                java_script_enabled=java_script,
                locale=locale,
                timezone_id=timezone_id,
                **others,
            )
            stack.callback(context.close)
            context.set_default_timeout(TIMEOUT)
            watch.over(context)
            page = context.new_page()
            page.goto(path)
            return page

        yield open_page
