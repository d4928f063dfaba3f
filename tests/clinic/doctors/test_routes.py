from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import AUDITOR, DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support.access import bearer, make_key
from support.clinic import DAY, MEI, contents, find, labels, last_event, walk

NEW = {"name": "Dr. Ada Blackwell", "specialty": "Surgery", "time_zone": "Europe/London"}
PUBLIC = {"id", "name", "specialty", "time_zone"}


def test_a_doctor_is_added(admin: TestClient, database: Database) -> None:
    """The answer says where the doctor is and which version they have; they work at once."""
    answer = admin.post("/v1/doctors", json=NEW)
    made = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert made == {**NEW, "id": made["id"], "active": True, "holidays": None}
    assert answer.headers["location"] == f"/v1/doctors/{made['id']}"
    read = admin.get(answer.headers["location"])
    assert (read.status_code, read.json(), read.headers["etag"]) == (200, made, '"1"')
    assert len(labels(admin, made["id"])) == 8
    added = last_event(database, "doctor.added")
    assert (str(added.doctor_id), added.actor[:4]) == (made["id"], "key:")


def test_a_doctor_needs_no_more_than_a_name(admin: TestClient) -> None:
    """Without a specialty a doctor has none; without a zone, the clinic's."""
    made = admin.post("/v1/doctors", json={"name": "Dr. Who"}).json()
    assert (made["specialty"], made["time_zone"]) == (None, "Asia/Kolkata")


def test_the_location_knows_of_a_prefix(settings: Settings, database: Database) -> None:
    """Behind a proxy that puts the service under a path, a doctor's address is under it."""
    headers = bearer(make_key(database, Role.ADMIN).text)
    with TestClient(create_app(settings), root_path="/clinic", headers=headers) as client:
        answer = client.post("/clinic/v1/doctors", json=NEW)
    assert answer.headers["location"] == f"/clinic/v1/doctors/{answer.json()['id']}"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dr.  MEI\u3000chen", "doctor-name-taken"),
        ("Ｄｒ. Mei Chen", "doctor-name-taken"),
        ("Dr. Mеi Chen", "doctor-name-confusable"),
        ("Dr. Mei Сhen", "doctor-name-confusable"),
    ],
)
def test_no_two_doctors_look_the_same(admin: TestClient, name: str, code: str) -> None:
    """A name that another doctor has, or that looks like it, is 409 for a new one and an old."""
    rajesh = find(admin, "Rajesh")
    for answer in (
        admin.post("/v1/doctors", json={"name": name}),
        admin.patch(f"/v1/doctors/{rajesh}", json={"name": name}),
        admin.patch(f"/v1/doctors/{rajesh}?dry_run", json={"name": name}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    read = admin.get(f"/v1/doctors/{rajesh}")
    assert (read.json()["name"], read.headers["etag"]) == ("Dr. Rajesh Kumar", '"1"')


def test_a_doctor_is_renamed(admin: TestClient, mei: str) -> None:
    """A new name is found at once, the old one no more, and somebody else may have it."""
    answer = admin.patch(f"/v1/doctors/{mei}", json={"name": "Dr. Mei Álvarez"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["name"] == "Dr. Mei Álvarez"
    assert answer.json()["effects"] == {"dry_run": False, "orphaned": [], "restored": []}
    assert find(admin, "alvarez") == mei
    assert admin.get("/v1/doctors?name=chen").json()["items"] == []
    assert admin.post("/v1/doctors", json={"name": MEI}).status_code == 201


@pytest.mark.parametrize("name", ["DR. MEI CHEN", "Dr.  Mei Chen", "Dr. Mei Сhen", MEI])
def test_a_doctor_may_write_their_name_another_way(admin: TestClient, mei: str, name: str) -> None:
    """A name that is the doctor's own but for its writing is not taken."""
    assert admin.patch(f"/v1/doctors/{mei}", json={"name": name}).json()["name"] == name


def test_a_change_is_about_what_it_names(admin: TestClient, mei: str) -> None:
    """What is not named stays as it is; null takes away what may be missing."""
    path = f"/v1/doctors/{mei}"
    before = admin.get(path).json()
    for change in (
        *({}, {"specialty": "Surgery"}, {"specialty": None}, {"holidays": "DE-BY"}),
        *({"holidays": "none"}, {"holidays": None}, {"time_zone": "Europe/London"}),
    ):
        before |= change
        answer = admin.patch(path, json=change).json()
        del answer["effects"]
        assert answer == before == admin.get(path).json()


@pytest.mark.parametrize(
    "change",
    [
        *({"name": None}, {"time_zone": None}, {"name": " "}, {"specialty": ""}, {"active": False}),
        *({"time_zone": "Mars/Base"}, {"time_zone": "../etc/passwd"}, {"time_zone": "posixrules/"}),
        *({"holidays": "XX"}, {"holidays": "DE-XX"}, {"holidays": "DE-"}, {"holidays": "de"}),
        *({"holidays": "None"}, {"holidays": ""}, {"holidays": 7}),
        *({"holidays": "NZ-South Canterbury"}, {"holidays": "IN\0"}),
    ],
    ids=str,
)
def test_a_change_that_makes_no_sense_is_refused(
    admin: TestClient, mei: str, change: dict[str, object]
) -> None:
    """A doctor has a name and a zone, which is known, and a calendar that is known or none."""
    assert admin.patch(f"/v1/doctors/{mei}", json=change).status_code == 422
    assert admin.get(f"/v1/doctors/{mei}").headers["etag"] == '"1"'


@pytest.mark.parametrize("unknown", [str(UUID(int=1)), "1", "%00", "x" * 999, UUID(int=1).hex, MEI])
def test_who_is_not_there_is_not_found(admin: TestClient, database: Database, unknown: str) -> None:
    """An unknown id and one that is none are 404 everywhere, and nothing is written."""
    before = contents(database)
    path = f"/v1/doctors/{unknown}"
    answers = [
        admin.get(path),
        admin.patch(path, json={"specialty": "x"}, headers={"If-Match": '"7"'}),
        admin.post(f"{path}/deactivate"),
        admin.post(f"{path}/activate"),
        *(admin.get(f"{path}/{it}") for it in ("hours", "overrides", "time-off", "policy")),
        *(admin.get(f"{path}/slots{it}") for it in ("", "/next")),
        admin.get(f"{path}/slots/explain?start={DAY}T09:00:00Z"),
        admin.put(f"{path}/hours", json={"windows": []}),
        admin.put(f"{path}/overrides/{DAY}", json={"windows": []}),
        admin.delete(f"{path}/overrides/{DAY}"),
        admin.put(f"{path}/policy", json={}),
        admin.delete(f"{path}/time-off/{uuid4()}"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert contents(database) == before


@pytest.mark.parametrize(
    ("words", "found"),
    [
        *(("mei", 1), ("CHEN mei", 1), ("dr", 4), ("dr. a", 3), ("hoffmánn", 1), ("ｍｅｉ", 1)),
        *(("%", 0), ("_", 0), ("d%", 0), ("\\", 0), ("mei kumar", 0), ("", 4), (" \t", 4)),
        *(("'", 0), ('"; DROP TABLE doctor', 0), ("\u0301", 4)),
    ],
)
def test_doctors_are_found_by_words(client: TestClient, words: str, found: int) -> None:
    """Every word must be in the name; case, width and accents do not matter, nothing is a joker."""
    items = client.get("/v1/doctors", params={"name": words}).json()["items"]
    assert len(items) == found


def test_a_joker_in_a_name_is_found(admin: TestClient) -> None:
    """What is a joker elsewhere is a letter here."""
    made = admin.post("/v1/doctors", json={"name": "Dr. 100% _\\ José"}).json()["id"]
    assert [find(admin, it) for it in ("100%", "_", "\\", "jose")] == [made] * 4


@pytest.mark.parametrize("parameter", ["name", "specialty"])
@pytest.mark.parametrize("text", ["\0", "a\0b", "x" * 201, "x" * 5000])
def test_a_bad_search_is_refused(client: TestClient, parameter: str, text: str) -> None:
    """What no name can be, or is endless, gets 422 on both databases."""
    assert client.get("/v1/doctors", params={parameter: text}).status_code == 422


@pytest.mark.parametrize("query", ["name=a&name=b", "limit=1&limit=1", "name=%ff", "cursor=x"])
def test_a_query_that_cannot_be_meant_is_refused(client: TestClient, query: str) -> None:
    """A repeated parameter, bytes that are no text and a made-up cursor get 422."""
    assert client.get(f"/v1/doctors?{query}").status_code == 422


def test_doctors_are_found_by_specialty(admin: TestClient, mei: str) -> None:
    """A specialty is whole; its case and accents do not matter, and it follows its change."""

    def found(specialty: str) -> list[str]:
        items = admin.get("/v1/doctors", params={"specialty": specialty}).json()["items"]
        return [it["id"] for it in items]

    assert found("CARDIOLOGY") == [mei]
    assert found("cardio") == found("%") == found(" ") == []
    admin.patch(f"/v1/doctors/{mei}", json={"specialty": "Pädiatrie"})
    assert (found("cardiology"), found("padiatrie")) == ([], [mei])
    assert admin.get("/v1/doctors?specialty=padiatrie&name=kumar").json()["items"] == []


def test_the_list_comes_in_pages(admin: TestClient) -> None:
    """Page by page, every doctor comes once, by name, whatever letters they have."""
    for name in ("Zoë", "zora", "Ängström", "O'Brien", "张伟", "مكتب", "Dr. a_b", "Dr. a b", "🩺"):
        assert admin.post("/v1/doctors", json={"name": name}).status_code == 201
    whole = admin.get("/v1/doctors").json()["items"]
    assert len(whole) == 13
    for limit in "1", "2", "5", "13":
        assert walk(admin, "/v1/doctors", limit=limit) == whole


def test_the_public_sees_what_is_public(admin: TestClient, mei: str) -> None:
    """Without a key, and with one of a role outside, doctors show little, and inactive ones not."""
    admin.post(f"/v1/doctors/{mei}/deactivate")
    del admin.headers["authorization"]
    items = admin.get("/v1/doctors").json()["items"]
    assert [set(it) for it in items] == [PUBLIC] * 3
    assert set(admin.get(f"/v1/doctors/{items[0]['id']}").json()) == PUBLIC
    gone, never = admin.get(f"/v1/doctors/{mei}"), admin.get(f"/v1/doctors/{uuid4()}")
    assert (gone.status_code, gone.content) == (404, never.content)


@pytest.mark.parametrize("role", Role)
def test_the_staff_sees_more(client: TestClient, database: Database, mei: str, role: Role) -> None:
    """Who works here sees who is active; an auditor and an integration see what everybody does."""
    headers = bearer(make_key(database, role).text)
    seen = PUBLIC if role in {AUDITOR, INTEGRATION} else {*PUBLIC, "active", "holidays"}
    assert set(client.get(f"/v1/doctors/{mei}", headers=headers).json()) == seen
    listed = client.get("/v1/doctors", headers=headers).json()["items"]
    assert [set(it) for it in listed] == [seen] * 4


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_only_an_admin_changes_doctors(
    client: TestClient, database: Database, mei: str, role: Role
) -> None:
    """Reception and doctors may not hire, rename or let go, not even themselves."""
    client.headers.update(bearer(make_key(database, role).text))
    statuses = {
        client.post("/v1/doctors", json=NEW).status_code,
        client.patch(f"/v1/doctors/{mei}", json={}).status_code,
        client.post(f"/v1/doctors/{mei}/deactivate").status_code,
        client.post(f"/v1/doctors/{mei}/activate").status_code,
    }
    assert statuses == {403}
