"""Time off, closed days and hours at the desk, in a browser."""

import re
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from playwright.sync_api import Page, expect

from support.browsing import OpenPage, Site
from support.clinic import DAY, MEI, TEN, TWO
from support.desk_pages import api_of, at_desk, expect_page, press

scripts = pytest.mark.parametrize("java_script", [True, False])


@pytest.fixture
def api(site: Site) -> Iterator[httpx.Client]:
    """The site's API, with an admin's key."""
    with api_of(site) as api:
        yield api


def _book(api: httpx.Client, label: str = TEN, name: str = "Asha Verma") -> None:
    who = {"patient_id": name, "patient_name": name, "doctor_name": MEI}
    answer = api.post("/book_appointment", json={**who, "date": str(DAY), "time_slot": label})
    assert answer.status_code == 201, answer.text


def _from_doctors(open_page: OpenPage, site: Site, link: str, *, java_script: bool) -> Page:
    """Return the page behind a link of Dr. Mei Chen's."""
    page = at_desk(open_page, site, "/desk/doctors", java_script=java_script)
    expect_page(page, "Doctors and their hours")
    _follow(page, link)
    return page


def _follow(page: Page, link: str) -> None:
    """Follow a link of Dr. Mei Chen's, of which the name says whose it is."""
    page.get_by_role("link", name=re.compile(rf"{link}\W+{MEI}")).click()


@scripts
def test_time_is_blocked_and_opened(
    site: Site, open_page: OpenPage, api: httpx.Client, *, java_script: bool
) -> None:
    """Whoever blocks time sees first who loses theirs, then who has, and can take it back."""
    _book(api)
    page = _from_doctors(open_page, site, "Block time", java_script=java_script)
    press(page, "See what it would change")
    expect(
        page.get_by_role("alert").get_by_role("link", name="Enter the first day.")
    ).to_be_visible()
    expect_page(page, f"Block time: {MEI}")
    page.get_by_label("First day").fill(DAY.isoformat())
    page.get_by_label("Reason (optional)").fill("A talk")
    press(page, "See what it would change")
    expect_page(page, "Block this time?")
    expect(page.get_by_text("1 appointment would lose its time")).to_be_visible()
    press(page, "Change something")
    expect(page.get_by_label("Reason (optional)")).to_have_value("A talk")
    press(page, "See what it would change")
    press(page, "Block this time")
    expect_page(page, "Appointments without a time")
    expect(page.get_by_role("listitem").filter(has_text="Asha Verma")).to_be_visible()
    page.get_by_role("link", name="Doctors", exact=True).click()
    _follow(page, "Block time")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("The time is open again.")).to_be_visible()
    expect(page.get_by_text("Nothing is blocked.")).to_be_visible()
    page.get_by_role("link", name="Without a time", exact=True).click()
    expect_page(page, "Appointments without a time")
    expect(page.get_by_text("There is nothing to do here.")).to_be_visible()


@scripts
def test_a_day_is_closed(
    site: Site, open_page: OpenPage, api: httpx.Client, *, java_script: bool
) -> None:
    """Whoever closes a day sees first where each goes, and then whom to call."""
    _book(api)
    _book(api, TWO, "<script>alert(1)</script>")
    page = _from_doctors(open_page, site, "Close a day", java_script=java_script)
    expect_page(page, f"Close a day: {MEI}")
    page.get_by_label("Day", exact=True).fill(DAY.isoformat())
    press(page, "See what becomes of the appointments")
    expect_page(page, "Close this day?")
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="Asha Verma")).to_contain_text("Moved to")
    expect(rows.filter(has_text="<script>alert(1)</script>")).to_contain_text("14:00")
    press(page, "Close the day")
    expect_page(page, "The day is closed")
    expect(page.get_by_role("listitem").filter(has_text="Asha Verma")).to_contain_text("Moved")


@scripts
def test_hours_are_edited(
    site: Site, open_page: OpenPage, api: httpx.Client, *, java_script: bool
) -> None:
    """Whoever edits the week sees what that does first, and is told of another's edit."""
    _book(api)
    page = _from_doctors(open_page, site, "Edit the week’s hours", java_script=java_script)
    expect_page(page, f"The week’s hours: {MEI}")
    press(page, "Add a row to each day")
    expect(page.get_by_label("From, Monday 4")).to_be_visible()
    page.get_by_label("From, Monday 4").fill("18:00")
    press(page, "See what it would change")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_text(
        "Enter when the hours end, such as 12:00."
    )
    expect_page(page, f"The week’s hours: {MEI}")
    page.get_by_label("Until, Monday 3").fill("19:00")
    press(page, "See what it would change")
    expect_page(page, "Save these hours?")
    expect(page.get_by_text("18:00 to 19:00, 30 minutes each")).to_be_visible()
    doctor = page.url.split("/doctors/")[1].split("/")[0]
    assert api.put(f"/v1/doctors/{doctor}/hours", json={"windows": []}).status_code == 200
    press(page, "Save the hours")
    expect(page.get_by_text("Somebody else has changed these hours")).to_be_visible()
    expect_page(page, f"The week’s hours: {MEI}")
    press(page, "See what it would change")
    expect_page(page, "Save these hours?")
    press(page, "Save the hours")
    expect(page.get_by_text("The hours are saved.")).to_be_visible()
    expect(page.get_by_label("Until, Monday 3")).to_have_value("19:00")
