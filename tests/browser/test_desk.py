"""The desk in a browser: a day's work of the clinic's staff."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import httpx2 as httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from calendula import clock
from calendula.access.models import DeskSession
from calendula.access.roles import ADMIN, DOCTOR, RECEPTION, Role
from support.access import bearer, make_key
from support.browsing import OpenPage, Site, assert_accessible, press_until
from support.clinic import DAY, MEI, RAJESH

YESTERDAY = datetime.now(UTC).astimezone(ZoneInfo("Asia/Kolkata")).date() - timedelta(days=1)
SCRIPT, ARABIC = "<script>alert(1)</script>", "مريم الحسيني"
TEN = "10:00 AM - 10:30 AM"

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def api(site: Site) -> Iterator[httpx.Client]:
    """The site's API, with an admin's key."""
    key = bearer(make_key(site.database, ADMIN).text)
    with httpx.Client(base_url=site.url, headers=key) as api:
        yield api


def _book(api: httpx.Client, name: str = "Asha Verma", day: date = DAY, label: str = TEN) -> str:
    who = {"patient_id": name, "patient_name": name, "doctor_name": MEI}
    answer = api.post("/book_appointment", json={**who, "date": str(day), "time_slot": label})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["appointment_id"])


def _sign_in(page: Page, site: Site, role: Role = RECEPTION) -> None:
    page.get_by_label("Your key").fill(make_key(site.database, role).text)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/desk*")


def _column(page: Page, doctor: str = MEI) -> Locator:
    return page.get_by_role("region", name=doctor)


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _fill_in(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Telephone (optional)").fill("+91 80 5550 1234")


def _whole_day(page: Page) -> None:
    """Book a time of the open day and see its patient through; then move another and cancel it."""
    _column(page).get_by_role("link", name="10:00 free").click()
    _fill_in(page, "Asha Verma")
    page.get_by_label("Note for the doctor (optional)").fill("Bring the X-rays.")
    _press(page, "Book")
    expect(page.get_by_role("heading", level=1, name="Booked")).to_be_visible()
    expect(page.get_by_text("/manage#mng_")).to_be_visible()
    page.get_by_role("link", name="Back to the day").click()
    for button, told in (
        ("Has arrived", "The patient has arrived."),
        ("Check in", "The patient is checked in."),
        ("Was seen", "The patient was seen."),
    ):
        _column(page).get_by_role("link", name="10:00 Asha Verma").click()
        _press(page, button)
        expect(page.get_by_text(told).first).to_be_visible()
    expect(_column(page).locator(".item.booked")).to_contain_text("Seen")
    _column(page).get_by_role("link", name="11:00 free").click()
    _fill_in(page, "Li Wei")
    _press(page, "Book")
    page.get_by_role("link", name="See the appointment").click()
    page.get_by_role("link", name="Move", exact=True).click()
    _press(page, "14:30")
    expect(page.get_by_text("The appointment is moved.").first).to_be_visible()
    _column(page).get_by_role("link", name="14:30 Li Wei").click()
    page.get_by_text("Cancel the appointment").click()
    page.get_by_label("Reason (optional)").fill("Feels well")
    _press(page, "Yes, cancel it")
    expect(page.get_by_text("The appointment is cancelled.").first).to_be_visible()
    expect(_column(page).get_by_role("link", name="14:30 free")).to_be_visible()


@pytest.mark.parametrize("java_script", [True, False], ids=["with", "without"])
def test_a_days_work(open_page: OpenPage, site: Site, java_script: bool) -> None:
    """Sign in, book, let come, see, move, cancel and sign out, with a script or without any."""
    page = open_page(f"/desk?date={DAY}", java_script=java_script)
    _sign_in(page, site)
    _whole_day(page)
    _press(page, "Sign out")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/desk")
    expect(page.get_by_role("heading", name="Sign in at the desk")).to_be_visible()


def test_whoever_did_not_come_comes_after_all(
    open_page: OpenPage, site: Site, api: httpx.Client
) -> None:
    """A no-show is taken back, and the next thing to do is a button on the day."""
    _book(api, day=YESTERDAY)
    page = open_page(f"/desk?date={YESTERDAY}")
    _sign_in(page, site)
    page.get_by_role("link", name="10:00 Asha Verma").click()
    _press(page, "Did not come")
    expect(_column(page).locator(".noshow")).to_be_visible()
    page.get_by_role("link", name="10:00 Asha Verma").click()
    _press(page, "Take back")
    for button, state in (
        ("Has arrived", "Arrived"),
        ("Check in", "Checked in"),
        ("Was seen", "Seen"),
    ):
        page.get_by_role("button", name=re.compile(f"{button}.*Asha Verma, 10:00")).click()
        expect(_column(page).locator(".item.booked .badge")).to_have_text(state)
    assert page.url.endswith("done=fulfil")


@on_one_database
def test_the_day_by_keyboard_alone(open_page: OpenPage, site: Site, api: httpx.Client) -> None:
    """The key, the day, a button: the focus stays where it was, and what was done is told."""
    _book(api, day=YESTERDAY)
    page = open_page(f"/desk?date={YESTERDAY}")
    press_until(page, page.get_by_label("Your key"))
    page.keyboard.type(make_key(site.database, RECEPTION).text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk?date=*")
    press_until(page, page.get_by_role("button", name="Has arrived"))
    page.keyboard.press("Enter")
    check_in = page.get_by_role("button", name="Check in")
    expect(check_in).to_be_focused()
    expect(page.locator("#told")).to_have_text("The patient has arrived.")
    press_until(page, page.get_by_role("link", name="10:00 Asha Verma"), key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Asha Verma")).to_be_focused()
    press_until(page, page.get_by_role("button", name="Check in"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator("#told")).to_have_text("The patient is checked in.")


def test_a_booking_elsewhere_appears_at_once(
    open_page: OpenPage, site: Site, api: httpx.Client
) -> None:
    """It is there without a reload, and the one who looks on keeps their place.

    The delay is printed, and not held against a machine that is busy.
    """
    page = open_page(f"/desk?date={DAY}")
    with page.expect_response("**/desk/live"):
        _sign_in(page, site)
    page.evaluate("window.stayed = true")
    focused = _column(page, RAJESH).get_by_role("link", name="09:00 free")
    focused.focus()
    expect(_column(page).get_by_role("link", name="10:00 free")).to_be_visible()
    _book(api)
    booked = time.perf_counter()
    expect(_column(page).get_by_role("link", name="10:00 Asha Verma")).to_be_visible()
    delay = time.perf_counter() - booked
    print(f"\nlive at the desk: {delay * 1000:.0f} ms")  # noqa: T201 - it is to be read
    assert page.evaluate("window.stayed")
    expect(focused).to_be_focused()
    expect(page.locator("#told")).to_have_text(f"No longer free: 10:00, {MEI}")


@on_one_database
def test_a_session_that_was_left_alone_ends(open_page: OpenPage, site: Site) -> None:
    """The next step leads to sign in, which says so, and from there to where it was."""
    page = open_page(f"/desk?date={DAY}")
    _sign_in(page, site)
    with site.database.write() as session:
        long_ago = clock.now() - timedelta(hours=1)
        session.execute(update(DeskSession).values(last_seen_at=long_ago))
    page.get_by_role("link", name="Day after").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    _sign_in(page, site)
    assert page.url.endswith(f"/desk?date={DAY + timedelta(days=1)}")


@on_one_database
def test_an_open_day_ends_with_its_session(
    open_page: OpenPage, site: Site, api: httpx.Client
) -> None:
    """The board that wants to renew itself leads the whole page to sign in."""
    page = open_page(f"/desk?date={DAY}")
    with page.expect_response("**/desk/live"):
        _sign_in(page, site)
    with site.database.write() as session:
        long_ago = clock.now() - timedelta(hours=1)
        session.execute(update(DeskSession).values(last_seen_at=long_ago))
    _book(api)
    expect(page.get_by_text("Your session has ended.")).to_be_visible()


@on_one_database
def test_names_are_what_they_are(open_page: OpenPage, site: Site, api: httpx.Client) -> None:
    """A name that is a script, and one from right to left, are read on every page as they are."""
    ids = [_book(api, SCRIPT), _book(api, ARABIC, label="10:30 AM - 11:00 AM")]
    page = open_page(f"/desk?date={DAY}")
    _sign_in(page, site)
    for name in SCRIPT, ARABIC:
        expect(_column(page).get_by_text(name)).to_be_visible()
    for appointment_id, name in zip(ids, (SCRIPT, ARABIC), strict=True):
        for path in "", "/move":
            page.goto(f"/desk/appointments/{appointment_id}{path}")
            expect(page.get_by_role("heading", level=1)).to_contain_text(name)


@on_one_database
def test_somebody_known_is_found_and_booked(
    open_page: OpenPage, site: Site, api: httpx.Client
) -> None:
    """Enter in the field looks, a choice is made, and nothing else need be typed."""
    _book(api, ARABIC)
    page = open_page(f"/desk?date={DAY}")
    _sign_in(page, site)
    _column(page).get_by_role("link", name="10:30 free").click()
    page.get_by_label("Find somebody known").fill(ARABIC)
    page.keyboard.press("Enter")
    page.get_by_role("radio", name=ARABIC).check()
    _press(page, "Book")
    expect(page.get_by_role("heading", level=1, name="Booked")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text(ARABIC)


@on_one_database
def test_who_was_slower_loses_nothing(open_page: OpenPage, site: Site, api: httpx.Client) -> None:
    """They are told kindly, and take another time with what they typed."""
    page = open_page(f"/desk?date={DAY}")
    _sign_in(page, site)
    _column(page).get_by_role("link", name="10:00 free").click()
    _fill_in(page, "Li Wei")
    _book(api)
    _press(page, "Book")
    expect(page.get_by_role("heading", name="Somebody else was faster")).to_be_visible()
    expect(page.locator("[data-problem]")).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Li Wei")
    page.locator(".slot").first.click()
    expect(page.get_by_role("heading", level=1, name="Booked")).to_be_visible()


@on_one_database
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_for_everyone(
    open_page: OpenPage, site: Site, api: httpx.Client, scheme: Literal["light", "dark"]
) -> None:
    """No page or state of the desk has anything that axe-core finds wrong."""
    page = open_page("/desk", color_scheme=scheme)
    assert_accessible(page)
    page.get_by_label("Your key").fill("none")
    _press(page, "Sign in")
    assert_accessible(page)
    _sign_in(page, site, ADMIN)
    labels = [f"{it}:00 AM - {it}:30 AM" for it in (9, 10, 11)] + ["9:30 AM - 10:00 AM"]
    ids = [_book(api, day=YESTERDAY, label=label) for label in labels]
    actions = ["arrive", "no-show", "cancel", None]
    for appointment_id, action in zip(ids, actions, strict=True):
        if action:
            path = f"/v1/appointments/{appointment_id}/{action}"
            assert api.post(path, json={}).status_code == 200
    _book(api)
    for path in (
        "/desk",
        f"/desk?date={YESTERDAY}&done=arrive",
        f"/desk?date={DAY}",
        "/desk?date=0001-01-01&specialty=Nothing",
        *(f"/desk/appointments/{it}" for it in ids),
        f"/desk/appointments/{ids[3]}/move",
        f"/desk/appointments/{ids[3]}/move?date={DAY}",
        f"/desk/book?date={DAY}",
        "/desk/appointments/none",
    ):
        page.goto(path)
        assert_accessible(page)
    page.goto(f"/desk?date={DAY}")
    _column(page).get_by_role("link", name="11:00 free").click()
    assert_accessible(page)
    _press(page, "Book")
    expect(page.locator("[data-problem]")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Find somebody known").fill("Asha")
    _press(page, "Find")
    expect(page.get_by_role("radio", name="Asha Verma").first).to_be_visible()
    assert_accessible(page)
    _fill_in(page, "Li Wei")
    _press(page, "Book")
    expect(page.get_by_role("heading", level=1, name="Booked")).to_be_visible()
    assert_accessible(page)


@on_one_database
@pytest.mark.parametrize("width", [320, 768, 1440])
def test_no_page_is_wider_than_the_window(
    open_page: OpenPage, site: Site, api: httpx.Client, width: int
) -> None:
    """The day scrolls within itself where it must, and stacks where it is narrow."""
    appointment_id = _book(api, "Maximilian Freiherr von und zu Hohenstein-Schwarzenburg")
    page = open_page(f"/desk?date={DAY}", width=width, locale="ar")
    page.locator("#key").fill(make_key(site.database, RECEPTION).text)
    page.locator("main button").click()
    for path in f"/desk?date={DAY}", f"/desk/appointments/{appointment_id}", "/desk/book":
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (path, wide)
    page.goto(f"/desk?date={DAY}")
    tops = {box["y"] for it in page.locator(".column").all() if (box := it.bounding_box())}
    assert (len(tops) == 1) == (width >= 768)


@on_one_database
def test_a_doctor_sees_one_column(open_page: OpenPage, site: Site) -> None:
    """Their own."""
    page = open_page(f"/desk?date={DAY}")
    _sign_in(page, site, DOCTOR)
    expect(page.locator(".column")).to_have_count(1)
    expect(_column(page)).to_be_visible()
