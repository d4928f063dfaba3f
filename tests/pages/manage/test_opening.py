"""The link to an appointment opens it, and is told to nobody."""

import logging

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from calendula import clock
from calendula.access.models import AppointmentToken
from calendula.database import Database
from support.booking import free, hold
from support.clinic import contents
from support.managing import Patient, facts, heading, problem

STEPS = ["", "/move", "/move-confirm", "/moved", "/cancel", "/cancelled", "/calendar.ics"]


def test_the_page_asks_for_the_link(client: TestClient) -> None:
    """Without a script there is a field to paste the link in."""
    page = client.get("/manage")
    assert (page.status_code, problem(page)) == (200, "")
    assert '<input id="token" name="token"' in page.text


@pytest.mark.parametrize(
    "pasted",
    ["{}", " {} ", "https://clinic.example/manage#{}", "<https://clinic.example/manage#{}>."],
    ids=["token", "spaces", "link", "from a mail"],
)
def test_the_link_opens_the_appointment(patient: Patient, pasted: str) -> None:
    """The token alone is enough, and so is the whole link as it was copied."""
    page = patient.send(token=pasted.format(patient.text))
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert facts(page)["Doctor"] == "Dr. Mei Chen"


@pytest.mark.parametrize("step", STEPS)
def test_a_link_that_opens_nothing_is_asked_for_again(
    patient: Patient, database: Database, step: str
) -> None:
    """Unknown, cut off, expired or revoked: the form comes again at every step, and says no more.

    Nothing is changed or written down.
    """
    client = patient.client
    other = "mng_" + "a" * 43
    held = hold(client, client.get("/v1/doctors").json()["items"][0]["id"], patient.start)
    before = contents(database)
    wrong = [other, patient.text[:-1], "nonsense", f"http://x/manage?{other}", held.json()["token"]]
    pages = [patient.send(step, token=token, start=patient.start) for token in wrong]
    with database.write() as session:
        session.execute(update(AppointmentToken).values(expires_at=clock.now()))
    expired = patient.send(step)
    for page in [*pages, expired]:
        assert (page.status_code, problem(page)) == (422, "There is a problem")
        assert "This link opens no appointment." in page.text
        assert page.headers["cache-control"] == "no-store"
    assert {k: it for k, it in contents(database).items() if k != "appointment_token"} == {
        k: it for k, it in before.items() if k != "appointment_token"
    }


def test_an_empty_form_says_what_to_enter(client: TestClient) -> None:
    """Whoever sends nothing is told what is missing."""
    page = client.post("/manage", data={"token": " "})
    assert page.status_code == 422
    assert "Paste the link to your appointment" in page.text
    assert "<title>Error: Your appointment" in page.text


def test_what_was_pasted_is_text(client: TestClient) -> None:
    """What is no link stays in the field as what it is, and not without end."""
    page = client.post("/manage", data={"token": '"><script>alert(1)</script>' + "x" * 10_000})
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "x" * 300 not in page.text


def test_revoked_links_open_nothing(patient: Patient, desk: dict[str, str]) -> None:
    """Once the clinic has taken all links back, the page opens for none of them."""
    patient.client.delete(f"{patient.path}/tokens", headers=desk)
    assert patient.send().status_code == 422


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_begins_at_the_beginning(client: TestClient, step: str) -> None:
    """Whoever comes to a step by its address, as after a reload, is sent to where the steps begin.

    The browser keeps the fragment, so that the appointment is there again.
    """
    answer = client.get(f"/manage{step}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/manage")


def test_the_token_is_told_to_nobody(
    patient: Patient, mei: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in no address, header or cookie of an answer, and in no line of the log."""
    caplog.set_level(logging.DEBUG)
    start = free(patient.client, mei)[0]
    for step in STEPS:
        page = patient.send(step, start=start)
        assert page.status_code in {200, 412}
        assert patient.text not in str(page.headers) + str(page.request.url)
        addresses = page.text.replace(f'name="token" value="{patient.text}"', "")
        assert patient.text not in addresses
    lines = [it.getMessage() + str(it.__dict__) for it in caplog.records]
    assert len(lines) >= len(STEPS)
    assert not [line for line in lines if patient.text in line]


def test_the_api_takes_the_token_for_what_it_is(patient: Patient) -> None:
    """A key or token in a header opens no page: the form alone counts."""
    page = patient.client.post("/manage", headers=patient.token)
    assert page.status_code == 422
    assert heading(page) == "Your appointment"
