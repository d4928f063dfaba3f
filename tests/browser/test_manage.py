"""The page of a patient's own appointment, in a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx2 as httpx
import pytest
import vobject
from playwright.sync_api import Page, Request, expect

from calendula.access.roles import ADMIN
from support.access import bearer, make_key
from support.browsing import OpenPage, Site, assert_accessible, press_until
from support.clinic import DAY, MEI

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def api(site: Site) -> Iterator[httpx.Client]:
    """The site's API, with an admin's key."""
    key = bearer(make_key(site.database, ADMIN).text)
    with httpx.Client(base_url=site.url, headers=key) as api:
        yield api


@pytest.fixture
def token(api: httpx.Client) -> str:
    """The token of Asha Verma's appointment, at ten."""
    return _book(api, "10:00 AM - 10:30 AM")


def _book(api: httpx.Client, label: str, name: str = "Asha Verma") -> str:
    who = {"patient_id": name, "patient_name": name, "doctor_name": MEI}
    answer = api.post("/book_appointment", json={**who, "date": str(DAY), "time_slot": label})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["manage_token"])


def _requests(page: Page) -> list[Request]:
    """Return the list that each request of a session comes to from now on."""
    sent: list[Request] = []

    def note(request: Request) -> None:
        sent.append(request)

    page.context.on("request", note)
    return sent


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _expect(page: Page, heading: str) -> None:
    """Wait for a page, of which the heading is read out: it has the focus."""
    found = page.get_by_role("heading", level=1, name=heading, exact=True)
    expect(found).to_be_visible()
    if page.evaluate("() => 'htmx' in window"):
        expect(found).to_be_focused()


def test_the_whole_way_with_the_link(open_page: OpenPage, token: str, tmp_path: Path) -> None:
    """Whoever follows their link sees, moves and cancels; the link stays in the address."""
    page = open_page(f"/manage#{token}", timezone_id="Europe/Berlin")
    _expect(page, "Your appointment")
    expect(page.get_by_text("10:00 to 10:30, India Time")).to_be_visible()
    expect(page.get_by_text("on your own clock")).to_have_count(3)  # when, and the ends of changes
    for note in page.get_by_text("on your own clock").all():
        expect(note).to_be_visible()
    with page.expect_download() as file:
        _press(page, "Add to calendar")
    assert file.value.suggested_filename == "appointment.ics"
    file.value.save_as(tmp_path / "file.ics")
    assert vobject.readOne((tmp_path / "file.ics").read_text()).method.value == "REQUEST"
    _press(page, "Move it")
    _expect(page, "Choose another time")
    _press(page, "14:00")
    _expect(page, "Move your appointment?")
    _press(page, "Yes, move it")
    _expect(page, "Your appointment is moved")
    expect(page.get_by_text("14:00 to 14:30, India Time")).to_be_visible()
    assert page.url.endswith(f"/manage#{token}")
    page.reload()
    expect(page.get_by_text("14:00 to 14:30, India Time")).to_be_visible()
    _press(page, "Cancel it")
    _expect(page, "Cancel your appointment?")
    page.get_by_label("Why? You need not say.").fill("I feel well again")
    _press(page, "Yes, cancel it")
    _expect(page, "Your appointment is cancelled")
    assert page.url.endswith(f"/manage#{token}")


def test_the_whole_way_without_a_script(open_page: OpenPage, token: str, api: httpx.Client) -> None:
    """The page of the link says what to do, also by telephone; forms alone lead all the way."""
    phone = "+91 80 5550 0100"
    clinic = {"name": "Sunrise", "phone": phone, "holidays": None}
    assert api.put("/v1/clinic", json={**clinic, "policy": {}}).is_success
    expect(open_page("/manage").locator("noscript")).to_be_hidden()
    page = open_page(f"/manage#{token}", java_script=False)
    said = page.locator("noscript .notice").inner_text()
    assert said.startswith("Your browser runs no scripts")
    expect(page.locator(f"noscript a[href='tel:{phone.replace(' ', '')}']")).to_be_visible()
    page.get_by_label("Link to your appointment").fill(f"https://clinic.example/manage#{token}")
    _press(page, "Show the appointment")
    expect(page.get_by_text("10:00 to 10:30, India Time")).to_be_visible()
    for button in ("Move it", "09:00", "Yes, move it"):
        _press(page, button)
    _expect(page, "Your appointment is moved")
    with page.expect_download():
        _press(page, "Add to calendar")
    for button in ("Cancel it", "Yes, cancel it"):
        _press(page, button)
    _expect(page, "Your appointment is cancelled")
    assert token not in page.url


@on_one_database
def test_the_link_goes_nowhere_but_into_the_form(open_page: OpenPage, token: str) -> None:
    """No address, header or body of a request has the token, but the body of the page's own form.

    Nor has any after the language was switched, which keeps the appointment.
    """
    page = open_page("/manage")
    sent = _requests(page)
    page.goto(f"/manage#{token}", wait_until="load")
    page.reload()
    for button in ("Move it", "14:00", "Yes, move it"):
        _press(page, button)
    _expect(page, "Your appointment is moved")
    _press(page, "Deutsch")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator(".facts")).to_contain_text("14:30")
    assert page.url.endswith(f"/manage#{token}")
    posts = [it for it in sent if it.method == "POST"]
    assert len(posts) >= 5
    for request in sent:
        address = request.url.partition("#")[0]  # which is all that goes over the wire
        assert token not in address + str(request.all_headers())
        if request.method != "POST" or not address.startswith(f"{page.url.split('#')[0]}"):
            assert token not in (request.post_data or "")
    assert any(token in (it.post_data or "") for it in posts)


@on_one_database
def test_another_link_in_the_address_opens_another(
    open_page: OpenPage, api: httpx.Client, token: str
) -> None:
    """Whoever pastes a second link over the first sees the second appointment."""
    page = open_page(f"/manage#{token}")
    expect(page.get_by_text("10:00 to 10:30, India Time")).to_be_visible()
    page.evaluate(f"location.hash = '{_book(api, '2:00 PM - 2:30 PM', 'Ben')}'")
    expect(page.get_by_text("14:00 to 14:30, India Time")).to_be_visible()


@on_one_database
def test_a_link_that_opens_nothing(open_page: OpenPage) -> None:
    """A link that is no good is asked for again, once, and what is wrong has the focus."""
    page = open_page(f"/manage#mng_{'a' * 43}")
    expect(page.locator("[data-problem]")).to_be_focused()
    asked = _requests(page)
    page.wait_for_timeout(500)
    assert not asked
    expect(page).to_have_title("Error: Your appointment · Calendula")


@on_one_database
def test_a_time_that_is_taken_meanwhile(open_page: OpenPage, api: httpx.Client, token: str) -> None:
    """Of two who want a time the second is told, and moves to the nearest one in two clicks."""
    page = open_page(f"/manage#{token}")
    _press(page, "Move it")
    _press(page, "14:00")
    _expect(page, "Move your appointment?")
    _book(api, "2:00 PM - 2:30 PM", "Ben")
    _press(page, "Yes, move it")
    expect(page.locator("[data-problem]")).to_be_focused()
    page.locator("[data-problem] .slot").first.click()
    _press(page, "Yes, move it")
    expect(page.get_by_text("14:30 to 15:00, India Time")).to_be_visible()


@on_one_database
def test_the_whole_way_by_keyboard(open_page: OpenPage, token: str) -> None:
    """Tab and Enter lead from the pasted link to another time, and to the cancellation."""
    page = open_page("/manage")
    press_until(page, page.get_by_label("Link to your appointment"))
    page.keyboard.insert_text(token)
    page.keyboard.press("Enter")
    _expect(page, "Your appointment")
    for name, heading in (
        ("Move it", "Choose another time"),
        ("11:30", "Move your appointment?"),
        ("Yes, move it", "Your appointment is moved"),
        ("Cancel it", "Cancel your appointment?"),
        ("Yes, cancel it", "Your appointment is cancelled"),
    ):
        press_until(page, page.get_by_role("button", name=name, exact=True))
        page.keyboard.press("Enter")
        _expect(page, heading)


@on_one_database
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_state_is_for_everyone(
    open_page: OpenPage,
    api: httpx.Client,
    token: str,
    color_scheme: Literal["light", "dark"],
    width: int,
) -> None:
    """Nothing is found wrong with any state, and no state is wider than its window."""
    page = open_page("/manage", color_scheme=color_scheme, width=width)

    def look() -> None:
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def press(*steps: tuple[str, str]) -> None:
        for name, heading in steps:
            _press(page, name)
            _expect(page, heading)
            look()

    look()
    _press(page, "Show the appointment")
    expect(page.locator("[data-problem]")).to_be_focused()
    look()
    page.goto(f"/manage#{token}")
    page.reload()
    _expect(page, "Your appointment")
    look()
    press(("Move it", "Choose another time"), ("14:00", "Move your appointment?"))
    _book(api, "2:00 PM - 2:30 PM", "Ben")
    _press(page, "Yes, move it")
    expect(page.get_by_text("This time is not free any more")).to_be_visible()
    look()
    press(("09:00", "Move your appointment?"), ("Yes, move it", "Your appointment is moved"))
    press(
        ("Cancel it", "Cancel your appointment?"),
        ("Yes, cancel it", "Your appointment is cancelled"),
    )
    too_late = {"move_cutoff_minutes": 60 * 24 * 30, "cancel_cutoff_minutes": 60 * 24 * 30}
    rules = {"name": "Sunrise", "phone": "+91 80 5550 0100", "holidays": None, "policy": too_late}
    other = _book(api, "11:00 AM - 11:30 AM", "Cleo")
    page.goto(f"/manage#{other}")
    _expect(page, "Your appointment")
    assert api.put("/v1/clinic", json=rules).is_success
    _press(page, "Move it")
    expect(page.get_by_text("It is too late to change this appointment here")).to_be_visible()
    look()
