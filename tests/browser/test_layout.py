"""What holds for every page: small screens, paper, no motion, and a reader's own colours."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from calendula import samples
from calendula.access.roles import ADMIN
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.settings import Settings
from calendula.timetables.models import DateOverride
from support import databases, servers
from support.access import make_key
from support.browsing import OpenPage, Site
from support.clinic import DAY, MEI
from support.waiting import wait_until

LONG = "Maximilian Freiherr von und zu Hohenstein-Schwarzenburg " + "A" * 60
SCREENS = [("100%", 320), ("100%", 768), ("100%", 1440), ("200%", 320), ("200%", 375)]
PAGES = 21
APPOINTMENTS = {"done", "own appointment", "appointment"}
CLOSED = DAY + timedelta(days=1)

_ENLARGE = "size => { document.documentElement.style.fontSize = size; }"
_SPILLING = """() => [...document.querySelectorAll("body *")].filter(it =>
    it.checkVisibility() && getComputedStyle(it).display !== "inline"
    && it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0
    && !it.matches("input, select, svg, svg *")
    && !it.closest(".scroll, .board, .skip, .visually-hidden")
).map(it => it.outerHTML.slice(0, 100))"""
_MOVING = """() => [...document.querySelectorAll("*")].filter(it => {
    const { animationName, transitionDuration } = getComputedStyle(it);
    return animationName !== "none" || transitionDuration !== "0s" || it.getAnimations().length;
}).map(it => it.outerHTML.slice(0, 100))"""
_PAPER = "() => getComputedStyle(document.documentElement).backgroundColor"
_BORDERS = "all => all.map(it => getComputedStyle(it).borderBlockStartColor)"
_UNBOUNDED = """paper => {
    const buttons = ".button, .slot, .day.free:not([aria-current])";  // which is filled
    const fields = "input:not([type=radio], [type=checkbox]), select, textarea";
    return [...document.querySelectorAll(`${buttons}, ${fields}`)].filter(it => {
        it.focus();
        const { borderBlockStartStyle, borderBlockStartColor, outlineStyle, outlineColor } =
            getComputedStyle(it);
        const bounded = borderBlockStartStyle !== "none" && borderBlockStartColor !== paper;
        const focused = outlineStyle !== "none" && outlineColor !== paper;
        return it.checkVisibility() && !(bounded && focused);
    }).map(it => it.outerHTML.slice(0, 100));
}"""


@pytest.fixture(scope="module")
def site(
    browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An open clinic with its sample doctors, served to all the tests of this module."""
    folder = tmp_path_factory.mktemp("site")
    url = databases.sqlite_copy(sqlite_template, folder)
    settings = Settings(database_url=url, open_clinic=True, time_zone="Asia/Kolkata")
    database = Database.from_settings(settings)
    samples.add_doctors(database, settings.time_zone)
    environment = {
        f"CALENDULA_{name.upper()}": str(it)
        for name, it in settings.model_dump(exclude_unset=True).items()
    }
    with servers.running(folder, environment) as server:
        yield Site(server, database)
    database.close()


def _booking(page: Page) -> Iterator[str]:
    """Go through a booking, and stop at each page: its name."""
    page.goto("/")
    yield "doctors"
    page.locator(".cards").get_by_role("link", name=MEI).click()
    page.locator(".month").wait_for()
    page.goto(f"{page.url}?date={DAY}")
    yield "doctor"
    page.locator(".slot").first.click()
    page.locator("#name").fill(LONG)
    yield "details"
    page.locator("form[action$='/check'] [type=submit]").click()
    page.locator("form[action$='/book']").wait_for()
    yield "check"
    page.locator("form[action$='/book'] button").click()
    page.locator(".address").wait_for()
    yield "done"


def _managing(page: Page) -> Iterator[str]:
    """Go through what a patient does with the link of the booking on the page."""
    link = page.locator("a[href*='/manage#']").get_attribute("href") or ""
    page.goto("/manage")
    yield "link"
    page.goto(link)
    page.locator(".facts").wait_for()
    yield "own appointment"
    page.locator("form[action$='/manage/move'] button").click()
    page.locator(".slot").first.wait_for()
    yield "another time"
    page.locator(".slot").first.click()
    page.locator("form[action$='/manage/moved'] button").wait_for()
    yield "confirm the other time"


def _desk(page: Page, site: Site) -> Iterator[str]:
    """Go through the desk's pages."""
    page.goto(f"/desk?date={DAY}")
    yield "sign-in"
    page.locator("#key").fill(make_key(site.database, ADMIN).text)
    page.locator("main form button").click()
    page.locator(".board").wait_for()
    yield "day"
    for name, link in (("appointment", ".who"), ("book", ".item.free a")):
        page.goto(f"/desk?date={DAY}")
        page.locator(link).first.click()
        page.locator(".facts").wait_for()
        yield name
    page.goto("/desk/doctors")
    yield "doctors of the desk"
    links = page.locator(".cards").first.get_by_role("link").all()
    for path in [it.get_attribute("href") or "" for it in links[:3]]:
        page.goto(path)
        yield path
    for path in "/desk/time-off", "/desk/patients", "/desk/orphaned", "/desk/week":
        page.goto(path)
        yield path


def _every_page(page: Page, site: Site) -> Iterator[str]:
    """Go through all pages; stop at each with its name."""
    yield from _booking(page)
    yield from _managing(page)
    yield from _desk(page, site)


def _close(site: Site, day: date) -> None:
    with site.database.write() as session:
        mei = session.scalars(select(Doctor.id).where(Doctor.name == MEI)).one()
        session.add(DateOverride(doctor_id=mei, date=day, windows=[]))


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_every_page_fits_every_screen(open_page: OpenPage, site: Site, locale: str) -> None:
    """No page is scrolled sideways, and nothing stands out of its card or is cut off by it.

    Not with text twice as large either (WCAG 1.4.4), with a long name, or from right to left.
    """
    page = open_page(locale=locale)
    seen = 0
    for name in _every_page(page, site):
        seen += 1
        for size, width in SCREENS:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(_ENLARGE, size)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (name, size, width, wide)
            assert not page.evaluate(_SPILLING), (name, size, width)
        page.evaluate(_ENLARGE, "")
    assert seen == PAGES
    assert page.locator("html").get_attribute("dir") == ("rtl" if locale == "ar" else "ltr")


def test_paper_shows_the_appointment(open_page: OpenPage, site: Site) -> None:
    """Of no page is the navigation printed, and of an appointment's what there is to know of it."""
    page = open_page()
    for name in _every_page(page, site):
        page.emulate_media(media="print")
        on_screens = "nav, .bottom, .skip, .button, .slot, input"
        expect(page.locator(on_screens).filter(visible=True)).to_have_count(0)
        if name in APPOINTMENTS:
            for fact in MEI, f"{DAY.day} {DAY:%B %Y}":
                expect(page.locator(".facts").get_by_text(fact).first).to_be_visible()
        page.emulate_media(media="screen")


def test_who_wants_no_motion_gets_none(open_page: OpenPage, site: Site) -> None:
    """On no page does anything move, fade or glide where the reader has asked for that."""
    page = open_page(reduced_motion="reduce")
    for name in _every_page(page, site):
        assert not page.evaluate(_MOVING), name


def _focus_is_shown(page: Page) -> bool:
    """Press Tab, which nobody hears while a page comes; tell whether the focus is shown."""
    page.keyboard.press("Tab")
    return page.locator(":focus-visible").count() > 0


def test_colours_of_ones_own_keep_what_can_be_done(open_page: OpenPage, site: Site) -> None:
    """Where a reader has colours of their own, what can be pressed has a border, and the focus one.

    A day with free times has one too, and a day without has none: their colours are gone.
    """
    _close(site, CLOSED)
    page = open_page(forced_colors="active")
    paper = page.evaluate(_PAPER)
    for name in _every_page(page, site):
        wait_until(lambda: _focus_is_shown(page))
        assert not page.evaluate(_UNBOUNDED, paper), name
        if name == "doctor":
            page.goto(f"{page.url.partition('?')[0]}?month={CLOSED:%Y-%m}")
            borders = page.locator(".day:not(.free)").evaluate_all(_BORDERS)
            assert set(borders) == {paper}
            page.go_back()
