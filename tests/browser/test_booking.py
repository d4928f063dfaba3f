"""The booking page in a real browser: the whole way, for everybody, and two who want one slot."""

import re
import time
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from calendula.patients.models import Patient
from calendula.timetables.models import DateOverride
from support.booking import expire
from support.browsing import OpenPage, Site, assert_accessible, press_until
from support.clinic import DAY, MEI

NAMES = ["<script>alert(1)</script>", "محمد بن عبد الله"]
ASHA = {"Full name": "Asha Verma", "E-mail address (optional)": "asha@example.org"}
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def doctor(site: Site) -> str:
    """The path of Dr. Mei Chen's page, at a day that lies ahead."""
    with site.database.read() as session:
        found = session.scalars(select(Doctor.id).where(Doctor.name == MEI)).one()
    return f"/doctors/{found}?date={DAY}"


def _slot(page: Page, time: str = "10:00") -> Locator:
    return page.get_by_role("button", name=time, exact=True)


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def _fill(page: Page, **others: str) -> None:
    _heading(page, "Your details")
    for label, value in {**ASHA, **others}.items():
        page.get_by_label(label).fill(value)


def _check(page: Page, **others: str) -> None:
    _fill(page, **others)
    _press(page, "Continue")
    _heading(page, "Check your answers")


def _book(page: Page) -> None:
    _press(page, "Book this appointment")
    _heading(page, "Your appointment is booked")


def _booked(site: Site) -> list[str | None]:
    """Return the names of those who have an appointment, in the order of time."""
    with site.database.read() as session:
        query = select(Patient.name).join(Appointment, Appointment.patient_id == Patient.id)
        return list(session.scalars(query.order_by(Appointment.starts_at)))


@pytest.mark.parametrize("java_script", [True, False], ids=["script", "no script"])
def test_the_whole_way(site: Site, open_page: OpenPage, *, java_script: bool) -> None:
    """Somebody finds a doctor, a day and a time, makes a mistake, mends it, and has booked."""
    page = open_page("/", java_script=java_script)
    page.get_by_label("Doctor’s name").fill("mei")
    _press(page, "Find")
    page.get_by_role("link", name=f"See free times with {MEI}").click()
    _heading(page, MEI)
    if not page.locator(f"#day-{DAY}").count():
        page.get_by_role("link", name=re.compile("^Later month")).click()
    page.locator(f"#day-{DAY}").click()
    expect(page.locator(f"#day-{DAY}")).to_have_attribute("aria-current", "date")
    _slot(page).click()
    _fill(page, **{"E-mail address (optional)": "nobody"})
    _press(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("Enter an e-mail address")
    expect(page.get_by_label("Full name")).to_have_value("Asha Verma")
    _check(page)
    _press(page, "Change the full name")
    _check(page, **{"Full name": "Asha V. Verma"})
    _book(page)
    link = page.get_by_role("link", name="Manage your appointment").get_attribute("href")
    assert re.fullmatch("/manage#mng_.{43}", link or "")
    page.reload()
    _heading(page, "Your appointment is booked")
    assert _booked(site) == ["Asha V. Verma"]


def test_an_open_page_loses_what_is_taken(site: Site, open_page: OpenPage, doctor: str) -> None:
    """A time that one takes disappears from another's open page, and is told.

    The delay is printed, and not held against a machine that is busy.
    """
    mine, theirs = open_page(doctor), open_page(doctor)
    expect(_slot(theirs)).to_be_visible()
    theirs.wait_for_timeout(500)  # until it listens
    theirs.evaluate("window.here = true")
    _slot(theirs).focus()
    with mine.expect_response("**/hold"):
        _slot(mine).click()
    taken = time.perf_counter()
    _slot(theirs).wait_for(state="detached")
    delay = time.perf_counter() - taken
    print(f"The open page lost the time after {delay * 1000:.0f} ms.")  # noqa: T201
    assert theirs.evaluate("window.here"), "it was loaded again"
    expect(theirs.get_by_role("status")).to_have_text("No longer free: 10:00")
    expect(theirs.locator("#day")).to_be_focused()
    press_until(theirs, _slot(theirs, "09:00"), most=2)


def test_two_want_one_time(site: Site, open_page: OpenPage, doctor: str) -> None:
    """Of two who click at the same moment one has it; the other is told kindly, and books near."""
    both = [open_page(doctor), open_page(doctor)]
    for page in both:  # neither hears of the other
        page.context.route("**/live*", lambda it: it.fulfill(status=204))
        page.reload()
        expect(_slot(page)).to_be_visible()
    for page in both:
        _slot(page).evaluate("it => setTimeout(() => it.click())")
    for page in both:
        expect(page.locator("h1")).to_have_text(re.compile("Your details|Somebody else"))
    (late,) = [it for it in both if "Somebody else" in it.locator("h1").inner_text()]
    late.get_by_role("button", name=re.compile("10:30")).click()
    for page in both:
        _check(page, **{"Full name": "Late" if page is late else "Early"})
        _book(page)
    assert _booked(site) == ["Early", "Late"]


def test_what_was_typed_is_kept(site: Site, open_page: OpenPage, doctor: str) -> None:
    """Who loses their time while they check what they typed goes on with another, and all of it."""
    late, early = open_page(doctor), open_page(doctor)
    _slot(late).click()
    _check(late, **{"Note for the doctor (optional)": "The left knee"})
    expire(site.database)
    early.reload()
    _slot(early).click()
    _check(early, **{"Full name": "Early"})
    _book(early)
    _press(late, "Book this appointment")
    _heading(late, "Somebody else was faster")
    expect(late.get_by_text("Nothing that you entered is lost")).to_be_visible()
    late.get_by_role("button", name=re.compile("10:30")).click()
    _heading(late, "Check your answers")
    expect(late.get_by_text("The left knee")).to_be_visible()
    _book(late)
    assert _booked(site) == ["Early", "Asha Verma"]


def test_a_hold_that_ends_costs_nothing(site: Site, open_page: OpenPage, doctor: str) -> None:
    """Whose hold ended while nobody else wanted the time books it all the same."""
    page = open_page(doctor)
    _slot(page).click()
    _fill(page)
    expire(site.database)
    _check(page)
    expire(site.database)
    _book(page)
    assert _booked(site) == ["Asha Verma"]


@on_one_database
@pytest.mark.parametrize("java_script", [True, False], ids=["script", "no script"])
def test_the_first_available_time_is_at_hand(open_page: OpenPage, *, java_script: bool) -> None:
    """Who goes to the first available time finds it marked, in sight, and with the focus."""
    page = open_page("/", java_script=java_script, width=375, height=500)
    link = page.locator(".soonest a").last
    named = link.inner_text()
    link.click()
    marked = page.locator(".slot[aria-current]")
    expect(marked).to_be_focused()
    expect(marked).to_be_in_viewport()
    if java_script:
        assert_accessible(page)
    name = marked.get_attribute("data-name") or ""
    assert named.endswith(name)
    expect(page.get_by_role("button", name=f"{name} The time that you chose")).to_be_focused()
    page.locator(".day.free:not([aria-current])").last.click()
    expect(marked).to_have_count(0)


@on_one_database
def test_the_time_left_is_shown(open_page: OpenPage, doctor: str) -> None:
    """The time that is left counts down; when it is over, the page says what that means."""
    page = open_page("/")
    page.clock.install()
    page.goto(doctor)
    _slot(page).click()
    expect(page.locator("[data-until]")).to_have_text("10 minutes")
    page.clock.fast_forward("08:40")
    expect(page.locator("[data-until]")).to_have_text(re.compile(r"(7|8)\d seconds"))
    expect(page.get_by_role("status")).to_contain_text("We keep this time for you until")
    page.clock.fast_forward("01:30")
    expect(page.locator("#over")).to_be_visible()
    expect(page.locator("[data-while]")).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("it may still be free")


@on_one_database
@pytest.mark.parametrize("java_script", [True, False], ids=["script", "no script"])
def test_the_keyboard_is_enough(site: Site, open_page: OpenPage, *, java_script: bool) -> None:
    """The whole booking is done with Tab, Enter and letters."""
    page = open_page("/", java_script=java_script)

    def go(wanted: Locator) -> None:
        expect(wanted).to_be_visible()
        press_until(page, wanted)
        page.keyboard.press("Enter")

    go(page.get_by_role("link", name=f"See free times with {MEI}"))
    day = page.locator(".day.free").last
    go(day)
    expect(day).to_have_attribute("aria-current", "date")
    go(page.locator(".slot").last)
    _heading(page, "Your details")
    press_until(page, page.get_by_label("Full name"))
    page.keyboard.type("Asha Verma")
    go(page.get_by_role("button", name="Continue"))
    go(page.get_by_role("button", name="Book this appointment"))
    _heading(page, "Your appointment is booked")
    assert _booked(site) == ["Asha Verma"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text(site: Site, open_page: OpenPage, doctor: str, name: str) -> None:
    """A name is shown as it was typed, whatever it looks like, and in its own direction."""
    page = open_page(doctor)
    page.on("dialog", lambda it: pytest.fail(it.message))
    _slot(page).click()
    _check(page, **{"Full name": name})
    shown = page.locator("bdi", has_text=name).first
    expect(shown).to_be_visible()
    direction = shown.evaluate("it => getComputedStyle(it).direction")
    assert direction == ("rtl" if name == NAMES[1] else "ltr")
    _book(page)
    expect(page.locator("bdi", has_text=name)).to_be_visible()
    assert _booked(site) == [name]


@on_one_database
def test_who_is_elsewhere_sees_their_own_clock(open_page: OpenPage, doctor: str) -> None:
    """Who reads in another zone is told the clinic's and their own; who does not, only one."""
    here, there = open_page(doctor), open_page(doctor, timezone_id="Europe/Berlin")
    for page in (here, there):
        expect(page.get_by_text("Times are in India Time.")).to_be_visible()
    expect(here.locator("[data-instant]")).to_be_hidden()
    expect(there.locator("[data-mine]")).to_contain_text(re.compile("0[45]:30"))
    for page, said in ((here, 0), (there, 2)):
        page.locator(".slot").first.click()
        expect(page.locator(".keeping")).to_contain_text("We keep this time for you until")
        expect(page.locator("[data-mine]:visible")).to_have_count(said)  # the start, the hold's end
        page.goto("/")
        for each in page.locator(".card .row"), page.locator(".cards .card"):  # soonest, doctors
            expect(each).to_have_count(4)
            expect(each.locator("[data-mine]:visible")).to_have_count(min(said, 1) * 4)


@on_one_database
def test_a_page_has_one_kind_of_digits(open_page: OpenPage, doctor: str) -> None:
    """What a script writes of times has the digits of all the others, in Egypt too."""
    page = open_page(doctor, locale="ar-EG", timezone_id="Europe/Berlin")
    page.locator(".slot").first.click()
    expect(page.locator("[data-mine]:visible").last).to_have_text(re.compile("[0-9]"))
    assert re.findall("[٠-٩]", page.locator("body").inner_text()) == []


@on_one_database
def test_who_looks_at_another_day_keeps_their_place(open_page: OpenPage, doctor: str) -> None:
    """Choosing a day loads no new page, keeps the focus, and tells what has come."""
    page = open_page(doctor)
    page.evaluate("window.here = true")
    day = page.locator(".day.free").last
    day.focus()
    page.keyboard.press("Enter")
    expect(day).to_have_attribute("aria-current", "date")
    assert page.evaluate("window.here")
    expect(day).to_be_focused()
    expect(page.get_by_role("status")).to_have_text(page.locator("#day").inner_text())


@on_one_database
@pytest.mark.parametrize("width", [320, 768, 1440])
@pytest.mark.parametrize("locale", ["en-GB", "ar", "hi", "de"])
def test_nothing_is_cut_off(open_page: OpenPage, doctor: str, width: int, locale: str) -> None:
    """No step has to be scrolled sideways, on a small screen either, in any language."""

    def fits() -> bool:
        return bool(
            page.evaluate("document.documentElement.scrollWidth <= document.body.clientWidth")
        )

    page = open_page(doctor, width=width, locale=locale)
    assert fits()
    page.locator(".slot").first.click()
    page.locator("#name").fill("A" * 200)
    assert fits()
    page.locator("form[action$=check] [type=submit]").click()
    page.locator("form[action$=book]").wait_for()
    assert fits()
    page.locator("form[action$=book] button").click()
    page.locator(".address").wait_for()
    assert fits()


def _close(site: Site) -> None:
    with site.database.write() as session:
        mei = session.scalars(select(Doctor.id).where(Doctor.name == MEI)).one()
        session.add(DateOverride(doctor_id=mei, date=DAY, windows=[]))


@on_one_database
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_every_state_is_for_everyone(
    site: Site, open_page: OpenPage, doctor: str, color_scheme: Literal["light", "dark"]
) -> None:
    """Axe finds nothing to object to, in any state that the booking page can be in."""
    page = open_page("/", color_scheme=color_scheme)
    states = 0

    def look() -> None:
        nonlocal states
        assert_accessible(page)
        states += 1

    look()
    page.goto("/?name=nobody")
    look()
    page.goto("/doctors/nobody")
    look()
    page.goto(doctor)
    look()
    _slot(page).click()
    _heading(page, "Your details")
    look()
    _press(page, "Continue")
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    _check(page)
    look()
    early = open_page(doctor)
    expire(site.database)
    early.reload()
    _slot(early).click()
    _heading(early, "Your details")
    _press(page, "Book this appointment")
    _heading(page, "Somebody else is booking this time")
    look()
    page.get_by_role("button", name=re.compile("10:30")).click()
    _heading(page, "Check your answers")
    _book(page)
    look()
    _close(site)
    page.goto(doctor)
    expect(page.get_by_text("The doctor sees no patients on this day.")).to_be_visible()
    look()
    assert states == 10
