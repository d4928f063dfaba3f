"""The pages of the desk in a browser."""

from typing import Any

import httpx2 as httpx
from playwright.sync_api import Page, expect

from calendula.access.roles import ADMIN, RECEPTION, Role
from support.access import bearer, make_key
from support.browsing import OpenPage, Site, assert_accessible


def at_desk(
    open_page: OpenPage, site: Site, path: str, *, role: Role = RECEPTION, **options: Any
) -> Page:
    """Return a page of the desk, of a browser in which a new key of a role has signed in."""
    page = open_page(f"/desk/sign-in?back={path}", **options)
    page.get_by_label("Your key").fill(make_key(site.database, role).text)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{path}")
    return page


def api_of(site: Site) -> httpx.Client:
    """Return the site's API, with an admin's key; close it."""
    key = bearer(make_key(site.database, ADMIN).text)
    return httpx.Client(base_url=site.url, headers=key)


def press(page: Page, name: str) -> None:
    """Press a button."""
    page.get_by_role("button", name=name, exact=True).click()


def expect_page(page: Page, heading: str) -> None:
    """Wait for a page by its heading; look at it in light and dark where it can be examined."""
    expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    if not page.evaluate("() => 'htmx' in window"):
        return
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)
