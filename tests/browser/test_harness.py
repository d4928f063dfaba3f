"""What every browser test relies on: the checks behind its back work, and can fail."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from calendula.access.roles import ADMIN
from support.access import bearer, make_key
from support.browsing import HOW_TO_GET_ONE, OpenPage, Site, assert_accessible, axe, press_until
from support.servers import clean_environment

EMPTY = "<!doctype html><html lang='en'><title>A page</title><main><h1>A page</h1>{}</main></html>"
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_site_is_served_from_the_database(site: Site, open_page: OpenPage) -> None:
    """A page of the served clinic opens, and a key made in its database is good there."""
    page = open_page("/docs")
    expect(page.get_by_role("heading", name="Calendula")).to_be_visible()
    key = bearer(make_key(site.database, ADMIN).text)
    assert page.request.get("/v1/keys", headers=key).status == 200


@on_one_database
def test_axe_finds_what_is_planted(open_page: OpenPage) -> None:
    """An image without a text for those who cannot see it is found; with one, all is well."""
    page = open_page("/docs")
    page.set_content(EMPTY.format("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"))
    assert [it["id"] for it in axe(page)] == ["image-alt"]
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page)
    page.locator("img").evaluate("it => it.alt = 'A marigold'")
    assert_accessible(page)


@on_one_database
@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("console.error('oh')", "console: oh"),
        ("setTimeout(() => { throw new Error('oh') })", "uncaught error: "),
        ("location = 'http://other.example/'", "to another host: http://other.example/"),
        ("new Image().src = '/nowhere.png'", "answered 404: "),
        ("eval('1')", "Content Security Policy"),
    ],
)
def test_a_fault_is_written_down(
    open_page: OpenPage, faults: list[str], script: str, fault: str
) -> None:
    """No page may log an error, throw, ask elsewhere, miss a file, or break its own policy."""
    page = open_page("/docs")
    page.evaluate(f"() => setTimeout(() => {{ {script} }})")
    deadline = time.monotonic() + 10
    while fault not in "\n".join(faults) and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert fault in "\n".join(faults)
    faults.clear()


@on_one_database
def test_an_answer_of_no_is_no_fault(open_page: OpenPage, faults: list[str]) -> None:
    """A page that is not there and a form that is refused are the site's good answers."""
    page = open_page("/nowhere")
    assert page.evaluate("async () => (await fetch('/v1/keys')).status") == 401
    assert not faults


@on_one_database
def test_the_focus_is_followed(open_page: OpenPage) -> None:
    """Tab brings the focus to what can have it, and to nothing else."""
    page = open_page("/docs")
    page.set_content(EMPTY.format("<a href='#'>One</a><a href='#'>Two</a><p>No link</p>"))
    press_until(page, page.get_by_text("Two"), most=2)
    with pytest.raises(AssertionError, match="5 times Tab"):
        press_until(page, page.get_by_text("No link"), most=5)


@pytest.mark.parametrize(("required", "verdict"), [("", "1 skipped"), ("required", "1 error")])
def test_a_browser_that_is_missing_is_named(tmp_path: Path, required: str, verdict: str) -> None:
    """Without a browser the tests say how to get one and are skipped or, where it is due, fail."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "focus"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **clean_environment(),
            "PATH": "",
            "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path),
            "TEST_BROWSER": required,
        },
    )
    assert verdict in run.stdout
    assert HOW_TO_GET_ONE in run.stdout
