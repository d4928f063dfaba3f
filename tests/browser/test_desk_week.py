"""The picture of the week, in a browser."""

import pytest
from playwright.sync_api import expect

from support.browsing import OpenPage, Site, assert_accessible
from support.clinic import DAY, MEI, TEN
from support.desk_pages import api_of, at_desk, expect_page

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _book(site: Site) -> None:
    who = {"patient_id": "P-1", "patient_name": "Asha Verma", "doctor_name": MEI}
    with api_of(site) as api:
        answer = api.post("/book_appointment", json={**who, "date": str(DAY), "time_slot": TEN})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("java_script", [True, False])
def test_the_week_is_looked_at(site: Site, open_page: OpenPage, *, java_script: bool) -> None:
    """Whoever looks for a week finds its picture, and its numbers as a table."""
    _book(site)
    page = at_desk(open_page, site, "/desk/week", java_script=java_script)
    expect_page(page, "How full the week is")
    page.get_by_label("Week of", exact=True).fill(DAY.isoformat())
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(f"**/desk/week?date={DAY}")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=MEI))
    expect(card.get_by_role("img", name=f"How full the week of {MEI} is")).to_be_visible()
    card.locator("summary").click()
    expect(card.get_by_role("table", name=MEI).get_by_text("30 of 60")).to_have_count(1)
    expect_page(page, "How full the week is")
    page.get_by_role("link", name="Week after").click()
    expect(page.get_by_text("30 of 60")).to_have_count(0)


@on_one_database
@pytest.mark.parametrize("width", [320, 768, 1440])
@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_it_fits_every_screen(site: Site, open_page: OpenPage, width: int, locale: str) -> None:
    """No screen is too small for the picture, whichever side reading begins at."""
    page = at_desk(open_page, site, "/desk/week", width=width)
    page.context.set_extra_http_headers({"Accept-Language": locale})
    page.reload()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert_accessible(page)


@on_one_database
def test_forced_colours(site: Site, open_page: OpenPage) -> None:
    """Where a reader has colours of their own, the numbers are there in these."""
    _book(site)
    page = at_desk(open_page, site, "/desk/week", forced_colors="active")
    paper = page.evaluate("() => getComputedStyle(document.body.parentElement).backgroundColor")
    filled = "it => getComputedStyle(it).fill"
    assert page.locator(".heat rect").first.evaluate(filled) == paper
    assert page.locator(".heat .on-0").first.evaluate(filled) != paper
