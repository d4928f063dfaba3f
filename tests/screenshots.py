"""Takes the pictures of docs/pictures: pages of a clinic with made-up patients, on this day.

Another picture is another function in PICTURES, which brings a page to what is to be seen.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
from playwright.sync_api import Browser, Page

from calendula import clock
from calendula.access.roles import ADMIN
from calendula.database import Database
from calendula.settings import Settings
from support import servers
from support.access import bearer, make_key
from support.browsing import TIMEOUT, chromium

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

# The pictures are taken where it is about eleven: the day has a past and a future.
ZONES = [
    "Pacific/Auckland", "Asia/Tokyo", "Asia/Dhaka", "Asia/Karachi", "Africa/Nairobi",
    "Europe/Berlin", "Atlantic/Azores", "America/Sao_Paulo", "America/New_York",
    "America/Denver", "America/Los_Angeles", "Pacific/Honolulu",
]  # fmt: skip

PATIENTS = [
    "Asha Verma", "Tomás Rivera", "आशा वर्मा", "Jonas Weber", "ليلى حداد", "Grace Okafor",
    "Emil Lindqvist", "Priya Nair", "Noah Fischer", "Zofia Kowalska", "Samuel Osei", "Yuki Tanaka",
]  # fmt: skip
LABELS = [
    "9:00 AM - 9:30 AM", "9:30 AM - 10:00 AM", "10:00 AM - 10:30 AM", "10:30 AM - 11:00 AM",
    "11:00 AM - 11:30 AM", "11:30 AM - 12:00 PM", "2:00 PM - 2:30 PM", "2:30 PM - 3:00 PM",
]  # fmt: skip
# Which of those are booked.
BOOKED = {
    "Dr. Amina Yusuf": (0, 1, 3, 4, 6),
    "Dr. Lena Hoffmann": (1, 2, 5),
    "Dr. Mei Chen": (0, 2, 3, 7),
}
# What has happened to the first of them since.
HISTORY = [("arrive", "check-in", "fulfil"), ("arrive", "check-in"), ("arrive",)]


@dataclass(frozen=True)
class Clinic:
    """What a picture may need: an admin's key, and the token of the last patient."""

    url: str
    zone: str
    key: str
    manage_token: str


def booking(page: Page, clinic: Clinic) -> None:
    """The month of a doctor, and the times of a day."""
    page.goto("/?name=Mei")
    page.get_by_role("link", name="See free times").click()
    page.locator(".month").wait_for()


def manage(page: Page, clinic: Clinic) -> None:
    """An appointment, by the link that its patient got."""
    page.goto(f"/manage#{clinic.manage_token}")
    page.get_by_role("button", name="Cancel it").wait_for()


def desk(page: Page, clinic: Clinic) -> None:
    """The day of all doctors, for the staff."""
    page.goto("/desk")
    page.get_by_label("Your key").fill(clinic.key)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Dr. Mei Chen").wait_for()


PICTURES: list[Callable[[Page, Clinic], None]] = [booking, manage, desk]


def main() -> None:
    """Write a picture for each of PICTURES, named like its function."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    zone = min(ZONES, key=_minutes_from_eleven)
    with tempfile.TemporaryDirectory(prefix="calendula-pictures-") as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/clinic.db", time_zone=zone)
        environment = {
            "CALENDULA_DATABASE_URL": settings.database_url,
            "CALENDULA_OPEN_CLINIC": "true",
            "CALENDULA_TIME_ZONE": zone,
        }
        with servers.running(Path(folder), environment) as server, chromium() as browser:
            clinic = _busy(server.url, settings)
            for picture in PICTURES:
                _take(browser, clinic, picture)


def _minutes_from_eleven(zone: str) -> int:
    here = clock.now().astimezone(ZoneInfo(zone))
    return abs(here.hour * 60 + here.minute - 11 * 60)


def _busy(url: str, settings: Settings) -> Clinic:
    """Return the clinic, once patients have booked today and some of them have come."""
    database = Database.from_settings(settings)
    key = make_key(database, ADMIN).text
    database.close()
    today = clock.now().astimezone(ZoneInfo(settings.time_zone)).date()
    booked = list(_book(url, today))
    for appointment, actions in zip(booked, HISTORY, strict=False):
        for action in actions:
            path = f"{url}/v1/appointments/{appointment['appointment_id']}/{action}"
            httpx.post(path, headers=bearer(key)).raise_for_status()
    return Clinic(url, settings.time_zone, key, booked[-1]["manage_token"])


def _book(url: str, day: date) -> Iterator[dict[str, Any]]:
    slots = [(doctor, LABELS[number]) for doctor, some in BOOKED.items() for number in some]
    for number, ((doctor, label), name) in enumerate(zip(slots, PATIENTS, strict=True)):
        body = {
            "patient_id": f"P-{number}",
            "patient_name": name,
            "doctor_name": doctor,
            "time_slot": label,
            "date": day.isoformat(),
        }
        yield httpx.post(f"{url}/book_appointment", json=body).raise_for_status().json()


def _take(browser: Browser, clinic: Clinic, picture: Callable[[Page, Clinic], None]) -> None:
    context = browser.new_context(
        base_url=clinic.url,
        viewport={"width": 1280, "height": 900},
        locale="en-GB",
        timezone_id=clinic.zone,
    )
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    picture(page, clinic)
    page.screenshot(path=FOLDER / f"{picture.__name__}.png", animations="disabled")
    context.close()


main()
