"""Whoever comes too late is told kindly, offered the nearest times, and loses nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from calendula.database import Database
from support.booking import expire, hold, reserve
from support.clinic import DAY, every_day, horizon_to, last_event, window
from support.pages import Page, open_page, press

TEN = f"{DAY}T10:00:00+05:30"
ASHA = {"name": "Asha Verma", "email": "asha@example.org", "phone": "+91 80 5550 1234"}
NEAREST = ["09:00", "09:30", "10:30", "11:00", "11:30"]


def _page(client: TestClient, doctor: str) -> Page:
    return open_page(client, f"/doctors/{doctor}", date=str(DAY))


def _check(client: TestClient, doctor: str) -> Page:
    details = press(client, _page(client, doctor).form("/hold"), "10:00")
    return press(client, details.form("/check"), **ASHA)


def _offered(page: Page) -> list[str]:
    return [text.rpartition(" ")[2] for text, _, _ in page.form("/hold").buttons]


@pytest.mark.parametrize(
    ("take", "said"),
    [(reserve, "Somebody else was faster"), (hold, "Somebody else is booking this time")],
    ids=["booked", "held"],
)
def test_a_time_that_was_taken_is_told(
    client: TestClient, mei: str, take: Callable[..., object], said: str
) -> None:
    """Who clicks a time that was taken meanwhile is offered the nearest free ones."""
    form = _page(client, mei).form("/hold")
    take(client, mei, TEN)
    page = press(client, form, "10:00")
    assert page.status == 409
    assert said in page.text
    assert "Nothing that you entered" not in page.text
    assert set(NEAREST) <= set(_offered(page))
    chosen = press(client, page.form("/hold"))
    assert "Your details" in chosen.text
    assert "There is a problem" not in chosen.text


@pytest.mark.parametrize("step", ["/check", "/book"])
def test_what_was_typed_is_kept(
    client: TestClient, database: Database, mei: str, step: str
) -> None:
    """Who loses their time to another books a near one with all that they had typed."""
    form = _check(client, mei).form(step)
    expire(database)
    assert reserve(client, mei, TEN).status_code == 201
    page = press(client, form)
    assert page.status == 409
    assert "Nothing that you entered is lost" in page.text
    assert set(NEAREST) <= set(_offered(page))
    check = press(client, page.form("/hold"))
    assert "Check your answers" in check.text
    for value in ASHA.values():
        assert value in check.text
    done = press(client, check.form("/book"))
    assert done.status == 201
    assert "Asha Verma" in done.text


def test_the_nearest_may_be_before(admin: TestClient, mei: str) -> None:
    """Times of the days before are offered too, in the order of time."""
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("10:00", "10:30")))
    form = _page(admin, mei).form("/hold")
    reserve(admin, mei, TEN)
    page = press(admin, form, "10:00")
    starts = [value[:10] for _, _, value in page.form("/hold").buttons]
    assert starts == [str(DAY + timedelta(days=n)) for n in (-3, -2, -1, 1, 2, 3)]


def test_nothing_else_is_free(admin: TestClient, mei: str) -> None:
    """Where no other time is free, the page leads to the doctors."""
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": [window("10:00", "10:30")]})
    form = _page(admin, mei).form("/hold")
    reserve(admin, mei, TEN)
    page = press(admin, form, "10:00")
    assert page.status == 409
    assert page.links["Choose another doctor"] == "/"


def test_holds_have_an_end(client: TestClient, mei: str) -> None:
    """Who holds too much is told so; what they typed waits in the form with which they go on."""
    for time in ("09:00", "09:30", "10:30", "11:00"):
        assert press(client, _page(client, mei).form("/hold"), time).status == 200
    check = _check(client, mei)
    sixth = press(client, _page(client, mei).form("/hold"), "11:30")
    assert sixth.status == 409
    assert "You are holding several times already" in sixth.text
    press(client, check.form("/release"))
    assert press(client, sixth.form("/hold")).status == 200


def test_a_hold_that_nobody_needs_is_given_back(
    admin: TestClient, database: Database, mei: str
) -> None:
    """Whose time is no longer offered gives its hold back by choosing another."""
    check = _check(admin, mei)
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("09:00", "10:00")))
    page = press(admin, check.form("/book"))
    assert page.status == 409
    assert "This time is not offered any more" in page.text
    again = press(admin, page.form("/hold"))
    assert "Asha Verma" in again.text
    assert press(admin, again.form("/book")).status == 201
    assert last_event(database, "hold.released").data


def test_there_may_be_enough_appointments(admin: TestClient, mei: str) -> None:
    """Who has as many appointments as the doctor allows is told whom to ask."""
    admin.put(f"/v1/doctors/{mei}/policy", json={"max_future_appointments": 1})
    assert press(admin, _check(admin, mei).form("/book")).status == 201
    details = press(admin, _page(admin, mei).form("/hold"), "09:00")
    page = press(admin, press(admin, details.form("/check"), **ASHA).form("/book"))
    assert page.status == 409
    assert "Please call the clinic" in page.text


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"minimum_notice_minutes": 60 * 24 * 15}, "too soon to be booked"),
        (horizon_to(DAY - timedelta(days=1)), "too far ahead to be booked"),
    ],
    ids=["notice", "horizon"],
)
def test_a_policy_may_have_changed(
    admin: TestClient, mei: str, policy: dict[str, int], said: str
) -> None:
    """What an old page offers and the policy no longer allows is told in words."""
    form = _page(admin, mei).form("/hold")
    assert admin.put(f"/v1/doctors/{mei}/policy", json=policy).status_code == 200
    page = press(admin, form, "10:00")
    assert page.status == 409
    assert said in page.text
    assert page.form("/hold").buttons


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:00Z"])
def test_no_instant_is_too_far(client: TestClient, mei: str, start: str) -> None:
    """A form with a time at the ends of the calendar is answered with times that there are."""
    form = _page(client, mei).form("/hold")
    for step in ("hold", "check", "release"):
        answer = client.post(f"/doctors/{mei}/{step}", data={**form.fields, **ASHA, "start": start})
        assert answer.status_code in {200, 409}


def test_a_doctor_may_have_gone(admin: TestClient, mei: str) -> None:
    """A doctor who left while somebody typed is told as what it is."""
    form = _check(admin, mei).form("/book")
    assert admin.post(f"/v1/doctors/{mei}/deactivate").status_code < 300
    page = press(admin, form)
    assert page.status == 404
    assert "We cannot find this doctor" in page.text
