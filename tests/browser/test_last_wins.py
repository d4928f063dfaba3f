"""Whoever asks for something else before an answer has come gets what they have asked last."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import select

from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from support.browsing import OpenPage, Site
from support.clinic import DAY, MEI
from support.desk_pages import api_of, at_desk, press

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_IDLE = "() => new Promise(done => setTimeout(() => requestIdleCallback(done), 50))"
_REFRESH = "document.dispatchEvent(new Event('visibilitychange'))"


class Requests:
    """The requests of a page: those for some paths are not answered until they are let go."""

    def __init__(self, page: Page, held: str = "") -> None:
        self._page = page
        self._held: list[Route] = []
        self._over: list[Request] = []
        page.on("requestfinished", self._note)
        page.on("requestfailed", self._note)
        if held:
            page.route(held, self._hold)

    def wait(self, most: int = 1) -> None:
        """Wait until so many are held."""
        self._until(lambda: len(self._held) >= most)

    def let_go(self) -> None:
        """Let them be answered, and the page do with that what it does."""
        for route in self._held:
            route.continue_()
        self.end(*(it.request for it in self._held))

    def end(self, *requests: Request) -> None:
        """Wait until these have been answered or given up, and the page has done what it does."""
        self._until(lambda: all(_last(it) in self._over for it in requests))
        self._page.evaluate(_IDLE)

    def _hold(self, route: Route) -> None:
        self._held.append(route)

    def _note(self, request: Request) -> None:
        self._over.append(request)

    def _until(self, done: Callable[[], bool]) -> None:
        for _ in range(1000):
            if done():
                return
            self._page.wait_for_timeout(10)
        raise AssertionError("It did not come to that.")


def _last(request: Request) -> Request:
    """Return the request to which the answers to one have led so far."""
    return _last(request.redirected_to) if request.redirected_to else request


def _doctor(site: Site) -> str:
    """Return the path of Dr. Mei Chen's page."""
    with site.database.read() as session:
        return f"/doctors/{session.scalars(select(Doctor.id).where(Doctor.name == MEI)).one()}"


def _search(page: Page, name: str) -> None:
    page.get_by_label("Doctor’s name").fill(name)
    press(page, "Find")


def _press(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def _is_at(page: Page, path: str, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    assert page.url.endswith(path)
    expect(page.locator("#trouble")).to_be_hidden()


def _status(site: Site) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with site.database.read() as session:
            status = session.scalars(select(Appointment.status)).one()
        if status != "booked":
            break
        time.sleep(0.01)
    return status


def test_a_link_wins_over_a_search(open_page: OpenPage) -> None:
    """Who presses a link while a search is on its way stays on the link's page."""
    page = open_page("/")
    searches = Requests(page, "**/?*name=mei*")
    _search(page, "mei")
    searches.wait()
    _press(page, "Your appointment")
    _is_at(page, "/manage", "Your appointment")
    searches.let_go()
    _is_at(page, "/manage", "Your appointment")


def test_a_link_wins_over_a_step_back(open_page: OpenPage) -> None:
    """Who presses a link while the page before is on its way stays on the link's page."""
    page = open_page("/manage")
    _press(page, "Book")
    _is_at(page, "/", "Book an appointment")
    steps = Requests(page, "**/manage")
    page.evaluate("history.back()")
    steps.wait()
    page.locator(".cards").get_by_role("link", name=MEI).click()
    expect(page.get_by_role("heading", name=MEI, level=1)).to_be_visible()
    steps.let_go()
    expect(page.get_by_role("heading", name=MEI, level=1)).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()


def test_the_last_of_three_searches_wins(open_page: OpenPage) -> None:
    """Who searches again and again, before anything is found, finds what they searched last."""
    page = open_page("/")
    searches = Requests(page, "**/?*name=m*")
    for number, name in enumerate(("m", "me", "mei"), start=1):
        _search(page, name)
        searches.wait(number)
    searches.let_go()
    expect(page.get_by_role("link", name="See free times")).to_have_count(1)
    assert page.url.endswith("name=mei&specialty=")
    expect(page.locator("#trouble")).to_be_hidden()


def test_what_was_sent_is_done(open_page: OpenPage, site: Site) -> None:
    """Who presses a link while something they sent is on its way has done it all the same."""
    with api_of(site) as api:
        who = {"patient_id": "P-1", "patient_name": "Asha Verma", "doctor_name": MEI}
        when = {"date": str(DAY), "time_slot": "10:00 AM - 10:30 AM"}
        api.post("/book_appointment", json=who | when).raise_for_status()
    page = at_desk(open_page, site, f"/desk?date={DAY}")
    page.get_by_role("link", name="10:00 Asha Verma").click()
    expect(page.get_by_role("button", name="Has arrived")).to_be_visible()
    requests = Requests(page)
    with site.database.write() as session:
        session.connection()  # from here on nobody else can write
        with page.expect_request(lambda it: it.method == "POST") as sent:
            press(page, "Has arrived")
        _press(page, "Doctors")
        _is_at(page, "/desk/doctors", "Doctors and their hours")
    assert _status(site) == "arrived"
    requests.end(sent.value)
    _is_at(page, "/desk/doctors", "Doctors and their hours")


def test_a_refresh_gives_nothing_up(open_page: OpenPage, site: Site) -> None:
    """What a page fetches of itself while a link's page is on its way does not end that."""
    page = open_page(_doctor(site))
    links = Requests(page, "**/manage")
    _press(page, "Your appointment")
    links.wait()
    with page.expect_response(f"**{_doctor(site)}?*"):
        page.evaluate(_REFRESH)
    page.evaluate(_IDLE)
    links.let_go()
    _is_at(page, "/manage", "Your appointment")


def test_nobody_waits_for_a_refresh(open_page: OpenPage, site: Site) -> None:
    """Who goes back twice while a page fetches something of itself is there before it has come."""
    page = open_page("/manage")
    _press(page, "Book")
    _is_at(page, "/", "Book an appointment")
    page.locator(".cards").get_by_role("link", name=MEI).click()
    expect(page.locator(".month")).to_be_visible()
    refreshes = Requests(page, f"**{_doctor(site)}?*")
    page.evaluate(_REFRESH)
    refreshes.wait()
    page.evaluate("history.back()")
    page.evaluate("history.back()")
    _is_at(page, "/manage", "Your appointment")
    refreshes.let_go()
    _is_at(page, "/manage", "Your appointment")
