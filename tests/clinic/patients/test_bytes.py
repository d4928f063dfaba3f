"""What was erased is in no byte of a SQLite database's files, while the service goes on."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url, select, update

from calendula import samples
from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.patients.models import Patient
from calendula.settings import Settings
from support.access import bearer, make_key
from support.load import LABELS
from support.tables import csv_of

PEOPLE = 204
FIRST = date(2020, 1, 6)  # in the past: nobody is still expected
_LETTERS = "abcdefghijklmnopqrstuvwxyzäößçñéèабвгджзиклмн张伟李娜王芳"
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789"


class Words:
    """Makes texts that stand nowhere else, and keeps them."""

    def __init__(self) -> None:
        self._random = random.Random(4)  # noqa: S311 - it hides nothing
        self.made: list[str] = []

    def text(self, least: int, most: int, letters: str = _LETTERS) -> str:
        """Return a text of some length."""
        length = self._random.randint(least, most)
        self.made.append("Q" + "".join(self._random.choices(letters, k=length - 1)))
        return self.made[-1]

    def email(self) -> str:
        """Return an address."""
        return f"{self.text(10, 60, _PLAIN)}@{self.text(10, 60, _PLAIN).lower()}.example.com"

    def phone(self) -> str:
        """Return a telephone number."""
        self.made.append("".join(self._random.choices("0123456789", k=18)))
        return self.made[-1]

    def some(self, ids: Sequence[str], number: int) -> list[str]:
        """Return some ids, in no order."""
        return self._random.sample(ids, number)


@pytest.fixture
def embedded(sqlite_url: str) -> Iterator[tuple[Database, TestClient, Path]]:
    """A clinic on SQLite, an admin's client of it, and where the file is."""
    settings = Settings(database_url=sqlite_url, open_clinic=True)
    database = Database.from_settings(settings)
    samples.add_doctors(database, "UTC")
    headers = bearer(make_key(database, ADMIN).text)
    with TestClient(create_app(settings), headers=headers) as client:
        yield database, client, Path(str(make_url(sqlite_url).database))
    database.close()


def _slots() -> Iterator[tuple[str, str]]:
    number = 0
    while True:
        days, label = divmod(number, len(LABELS))
        yield (FIRST + timedelta(days=days)).isoformat(), LABELS[label]
        number += 1


def _book(client: TestClient, words: Words) -> None:
    """Book for everybody, half of them one by one and half of them from a file."""
    slots = _slots()
    imported = []
    for number in range(PEOPLE):
        who = {"patient_id": words.text(8, 200), "patient_name": words.text(8, 200)}
        for day, label in (next(slots) for _ in range(1 + number % 2)):
            booking = {**who, "date": day, "time_slot": label}
            if number % 2:
                imported.append({"record": "appointment", "doctor": "Dr. Rajesh Kumar", **booking})
                continue
            body = {**booking, "doctor_name": "Dr. Rajesh Kumar"}
            key = {"Idempotency-Key": words.text(8, 60, _PLAIN)}
            assert client.post("/book_appointment", json=body, headers=key).status_code == 201
    for part in imported[::2], imported[1::2]:
        file = client.post(
            "/v1/imports", content=csv_of(part), headers={"Content-Type": "text/csv"}
        )
        assert file.status_code in {200, 201}, file.text


def _live(database: Database, client: TestClient, words: Words) -> list[str]:
    """Change, annotate and merge; return the ids of those who are left."""
    with database.write() as session:
        ids = [str(it) for it in session.scalars(select(Patient.id))]
        for appointment in session.scalars(select(Appointment.id)):
            said = {
                "email": words.email(),
                "phone": words.phone(),
                "note": words.text(8, 1000),
                "reason": words.text(8, 200),
            }
            this = Appointment.id == appointment
            session.execute(update(Appointment).where(this).values(said))
    for patient in ids:
        body = {"email": words.email(), "phone": words.phone()}
        assert client.patch(f"/v1/patients/{patient}", json=body).status_code == 200
    for patient in words.some(ids, PEOPLE // 2):
        body = {"name": words.text(8, 200), "identifier": words.text(8, 200)}
        assert client.patch(f"/v1/patients/{patient}", json=body).status_code == 200
    for patient, duplicate in zip(ids[::12], ids[6::12], strict=True):
        body = {"duplicate_id": duplicate}
        assert client.post(f"/v1/patients/{patient}/merge", json=body).status_code == 200
    return words.some(sorted(set(ids) - set(ids[6::12])), PEOPLE - len(ids[6::12]))


def _left(path: Path, words: list[str]) -> list[str]:
    """Return the texts of which the beginning or the end is in the files."""
    files = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
    held = b"".join(file.read_bytes() for file in files if file.exists()).lower()
    pieces = {word: (word[:8], word[-8:], word.lower()[-8:]) for word in words}
    return [
        word for word, some in pieces.items() if any(it.lower().encode() in held for it in some)
    ]


def test_no_byte_says_who_it_was(embedded: tuple[Database, TestClient, Path]) -> None:
    """Of hundreds of patients who are erased one by one, neither file nor log holds anything.

    Neither what they were called before a change, nor what moved from page to page.
    """
    database, client, path = embedded
    words = Words()
    _book(client, words)
    ids = _live(database, client, words)
    assert len(_left(path, words.made)) > len(words.made) * 0.9
    for patient in ids:
        assert client.post(f"/v1/patients/{patient}/erase").status_code == 200
    assert _left(path, words.made) == []
    with database.read() as session:
        assert session.scalars(select(Patient.name).distinct()).all() == [None]
        assert session.scalars(select(Appointment.id)).all()


def test_an_erasure_leaves_the_others(embedded: tuple[Database, TestClient, Path]) -> None:
    """When one is erased, their bytes go and those of others stay."""
    database, client, path = embedded
    names = ["Qwertzuiop Erased", "Asdfghjkl Stays"]
    for label, name in zip(LABELS, names, strict=False):
        body = {"patient_id": "P-1", "patient_name": name, "doctor_name": "Dr. Mei Chen"}
        body |= {"date": FIRST.isoformat(), "time_slot": label}
        assert client.post("/book_appointment", json=body).status_code == 201
    with database.read() as session:
        erased = session.scalars(select(Patient.id).where(Patient.name == names[0])).one()
    assert isinstance(erased, UUID)
    assert client.post(f"/v1/patients/{erased}/erase").status_code == 200
    assert _left(path, names) == [names[1]]
