"""A patient is found at the desk, in a browser."""

import pytest
from playwright.sync_api import Request, expect

from support.browsing import OpenPage, Site
from support.clinic import DAY, MEI, TEN
from support.desk_pages import api_of, at_desk, expect_page, press

ARABIC = "ليلى حداد"


@pytest.mark.parametrize("java_script", [True, False])
def test_a_patient_is_found_and_put_right(
    site: Site, open_page: OpenPage, *, java_script: bool
) -> None:
    """By a part of the name a patient is found, and their details changed; no address tells it."""
    who = {"patient_id": "P-1", "patient_name": ARABIC, "doctor_name": MEI}
    with api_of(site) as api:
        answer = api.post("/book_appointment", json={**who, "date": str(DAY), "time_slot": TEN})
    assert answer.status_code == 201, answer.text
    page = at_desk(open_page, site, "/desk/patients", java_script=java_script)
    addresses: list[str] = []

    def note(request: Request) -> None:
        addresses.append(request.url)

    page.context.on("request", note)
    expect_page(page, "Find a patient")
    press(page, "Find")
    expect(page.get_by_role("alert")).to_contain_text("Enter at least one thing to look for.")
    expect_page(page, "Find a patient")
    page.get_by_label("Name").fill("حداد")
    press(page, "Find")
    expect(page.get_by_role("heading", name="1 patient found")).to_be_visible()
    expect_page(page, "Find a patient")
    page.get_by_role("link", name=ARABIC).click()
    expect_page(page, ARABIC)
    expect(page.get_by_role("listitem").filter(has_text=MEI)).to_contain_text("Booked")
    page.get_by_label("E-mail").fill("leila")
    press(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("Enter an e-mail address")
    expect_page(page, ARABIC)
    page.get_by_label("E-mail").fill("leila@example.com")
    press(page, "Save")
    expect(page.get_by_text("The details are saved.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("leila@example.com")
    assert addresses
    assert not [it for it in addresses if "leila" in it or "%D8" in it]
