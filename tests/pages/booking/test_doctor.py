"""The page of a doctor: what can be chosen on it, and what it says where nothing can."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from support.booking import reserve
from support.clinic import DAY, every_day, horizon_to, window
from support.pages import Page, open_page

KOLKATA = ZoneInfo("Asia/Kolkata")


def _today() -> date:
    return datetime.now(KOLKATA).date()


def _name(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _page(client: TestClient, doctor: str, day: date = DAY, **query: str) -> Page:
    return open_page(client, f"/doctors/{doctor}", date=str(day), **query)


def _times(page: Page) -> list[str]:
    return [text for form in page.forms for text, name, _ in form.buttons if name == "start"]


def test_a_day_shows_its_free_times(client: TestClient, mei: str) -> None:
    """The times of a day stand in their parts, by the doctor's clock, whose zone is named."""
    page = _page(client, mei)
    assert _times(page)[:3] == ["09:00", "09:30", "10:00"]
    assert "Times are in India Time." in page.text
    assert page.text.index("Morning") < page.text.index("11:30") < page.text.index("Afternoon")
    assert "Evening" not in page.text


def test_a_month_names_its_days(client: TestClient, mei: str) -> None:
    """A free day is a link that says how many times it has; one that is full is none."""
    assert reserve(client, mei, f"{DAY}T10:00:00+05:30").status_code == 201
    page = _page(client, mei)
    assert page.links[f"{_name(DAY)}, 7 free times"].endswith(f"?date={DAY}#times")
    full = DAY + timedelta(days=1)
    for slot in _times(_page(client, mei, full)):
        assert reserve(client, mei, f"{full}T{slot}:00+05:30").status_code == 201
    page = _page(client, mei, full)
    assert f"{_name(full)}, nothing free" in page.text
    assert not any(it.startswith(_name(full)) for it in page.links)


def test_one_time_is_one(admin: TestClient, mei: str) -> None:
    """A day with a single free time says so in the singular."""
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("09:00", "09:30")))
    assert f"{_name(DAY)}, 1 free time" in _page(admin, mei).links


def test_today_is_marked(admin: TestClient, mei: str) -> None:
    """Today's name says that it is today, whatever is left of it."""
    page = open_page(admin, f"/doctors/{mei}", month=f"{_today():%Y-%m}")
    assert f"{_name(_today())}, today, " in page.text + " ".join(page.links)


def test_the_first_free_day_is_shown(admin: TestClient, mei: str) -> None:
    """Who comes without a day sees the first that has something free, in whatever month it is."""
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    body = {"windows": [window("09:00", "10:00")]}
    assert admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json=body).status_code < 300
    page = open_page(admin, f"/doctors/{mei}")
    assert f"{_name(DAY)}" in page.text
    assert _times(page) == ["09:00", "09:30"]


def test_a_month_without_anything_says_so(admin: TestClient, mei: str) -> None:
    """A month in which nothing is free leads to the next free time."""
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    far = (_today().replace(day=1) + timedelta(days=100)).replace(day=1)
    body = {"windows": [window("09:00", "10:00")]}
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json=body)
    page = open_page(admin, f"/doctors/{mei}", month=f"{far:%Y-%m}")
    assert f"Nothing is free in {far:%B %Y}" in page.text
    assert any(f"?date={DAY}&start=" in it for it in page.links.values())


def test_a_doctor_without_anything_says_so(admin: TestClient, mei: str) -> None:
    """Where nothing is free within a year, the page says what can be done."""
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    page = open_page(admin, f"/doctors/{mei}")
    assert page.status == 200
    assert "Nothing is free with this doctor at present." in page.text


def _closed(admin: TestClient, mei: str) -> date:
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []})
    return DAY


def _time_off(admin: TestClient, mei: str) -> date:
    off = {"start": f"{DAY}T00:00:00+05:30", "end": f"{DAY + timedelta(days=1)}T00:00:00+05:30"}
    assert admin.post(f"/v1/doctors/{mei}/time-off", json=off).status_code == 201
    return DAY


def _past(_admin: TestClient, _mei: str) -> date:
    return _today() - timedelta(days=40)


def _notice(admin: TestClient, mei: str) -> date:
    body = {"minimum_notice_minutes": 60 * 24 * 20}
    assert admin.put(f"/v1/doctors/{mei}/policy", json=body).status_code == 200
    return DAY


def _horizon(admin: TestClient, mei: str) -> date:
    body = horizon_to(DAY)
    assert admin.put(f"/v1/doctors/{mei}/policy", json=body).status_code == 200
    return DAY + timedelta(days=1)


def _full(admin: TestClient, mei: str) -> date:
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": [window("09:00", "09:30")]})
    assert reserve(admin, mei, f"{DAY}T09:00:00+05:30").status_code == 201
    return DAY


@pytest.mark.parametrize(
    ("happen", "said"),
    [
        (_closed, "The doctor sees no patients on this day."),
        (_time_off, "The doctor is away on this day."),
        (_past, "The times of this day have passed."),
        (_notice, "It is too late to book for this day"),
        (_horizon, "This day is too far ahead to be booked yet."),
        (_full, "All times of this day are taken."),
    ],
    ids=["closed", "time off", "past", "notice", "horizon", "full"],
)
def test_a_day_says_why_nothing_is_free(
    admin: TestClient, mei: str, happen: Any, said: str
) -> None:
    """Who comes to a day without a free time learns why, and where the next free one is."""
    page = _page(admin, mei, happen(admin, mei))
    assert page.status == 200
    assert said in page.text
    assert "Next free:" in page.text
    (link,) = (it for name, it in page.links.items() if "#at-" in it and "free" not in name)
    assert _times(open_page(admin, link))


def test_a_holiday_says_so(admin: TestClient, mei: str) -> None:
    """A public holiday is named as the reason."""
    clinic = {**admin.get("/v1/clinic").json(), "holidays": "IN"}
    tag = {"If-Match": admin.get("/v1/clinic").headers["etag"]}
    assert admin.put("/v1/clinic", json=clinic, headers=tag).status_code == 200
    year = (_today() + timedelta(days=30)).year
    republic_day = date(year, 1, 26) if date(year, 1, 26) > _today() else date(year + 1, 1, 26)
    page = _page(admin, mei, republic_day)
    assert "This day is a public holiday." in page.text


def _visit_type(admin: TestClient, name: str, minutes: int, **other: Any) -> str:
    body = {"name": name, "duration_minutes": minutes, "public": True, **other}
    answer = admin.post("/v1/visit-types", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_what_for_is_asked_first(admin: TestClient, mei: str) -> None:
    """Where a doctor has several kinds of visit, one is chosen before any time is shown."""
    first = _visit_type(admin, "First visit", 60)
    _visit_type(admin, "Check-up", 30)
    _visit_type(admin, "For the staff", 30, public=False)
    page = _page(admin, mei)
    assert "What would you like to come for?" in page.text
    assert "For the staff" not in page.text
    assert not _times(page)
    chosen = open_page(admin, page.links["First visit"])
    assert _times(chosen) == ["09:00", "09:30", "10:00", "10:30", "11:00", "14:00"]
    form = chosen.form("/hold")
    assert form.fields["visit_type"] == first
    assert all(f"visit_type={first}" in it for it in chosen.links.values() if "date=" in it)


def test_the_only_kind_of_visit_is_chosen(admin: TestClient, mei: str) -> None:
    """Nobody is asked a question that has one answer."""
    only = _visit_type(admin, "First visit", 60)
    assert _page(admin, mei).form("/hold").fields["visit_type"] == only


def test_a_kind_of_visit_that_is_gone_is_asked_for_again(admin: TestClient, mei: str) -> None:
    """An old link to a kind of visit shows those that there are."""
    gone = _visit_type(admin, "Old", 60)
    admin.delete(f"/v1/visit-types/{gone}", headers={"If-Match": '"1"'})
    _visit_type(admin, "First visit", 60)
    _visit_type(admin, "Check-up", 30)
    assert "What would you like to come for?" in _page(admin, mei, visit_type=gone).text


@pytest.mark.parametrize(
    "query",
    [
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
        {"month": "0001-01"},
        {"month": "9999-12"},
        {"month": "9999-12", "date": "0001-01-01"},
    ],
)
def test_no_date_is_too_far(client: TestClient, mei: str, query: dict[str, str]) -> None:
    """A link to the ends of the calendar shows a month that there is."""
    page = open_page(client, f"/doctors/{mei}", **query)
    assert page.status == 200


@pytest.mark.parametrize("query", [{"date": "x"}, {"month": "2026-13"}, {"visit_type": "1"}])
def test_nonsense_is_a_page(client: TestClient, mei: str, query: dict[str, str]) -> None:
    """An address that makes no sense is answered in words."""
    page = open_page(client, f"/doctors/{mei}", **query)
    assert page.status == 422
    assert "Back to the first page" in page.links


@pytest.mark.parametrize("doctor", ["x", "01a20a35-62cc-76e0-b60d-37f68b49f046"])
def test_no_doctor_is_a_page(client: TestClient, doctor: str) -> None:
    """A doctor who is not there any more is told in words."""
    assert open_page(client, f"/doctors/{doctor}").status == 404


def test_the_reader_begins_the_week(client: TestClient, mei: str) -> None:
    """An American's week begins on Sunday, a German's on Monday."""
    path = f"/doctors/{mei}"
    for language, first in (("en-US", 'abbr="Sunday"'), ("de-DE", 'abbr="Montag"')):
        page = client.get(path, headers={"Accept-Language": language}).text
        assert page[page.index("<th ") :].startswith(f'<th scope="col" {first}')


def test_an_open_page_listens(client: TestClient, mei: str) -> None:
    """An open page hears of its doctor's changes, and loads the day that it shows."""
    html = _page(client, mei).html
    assert f'data-live="/live?doctor={mei}"' in html
    assert f'data-fresh="/doctors/{mei}?date={DAY}"' in html
