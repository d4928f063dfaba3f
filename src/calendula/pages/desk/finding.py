"""The patient of a booking, found by whatever somebody says of themselves."""

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import Select
from sqlalchemy.orm import Session

from calendula import names
from calendula.access.roles import Caller
from calendula.clinic.patients import service
from calendula.patients import records
from calendula.patients.models import Patient

_MOST = 10
_NUMBER = re.compile(r"[0-9 +()./-]{4,}")


def is_sensible(text: str) -> bool:
    """Tell whether anybody could be found: a database takes no NUL, and no end of words."""
    return len(text) <= names.MAX_LENGTH and "\0" not in text


def find(session: Session, text: str, caller: Caller) -> Sequence[Patient]:
    """Return the first patients of whom this is the number, the contact or a part of the name.

    Whose data is shown is written down.
    """
    found: dict[object, Patient] = {}
    for query in _queries(text):
        first = query.order_by(Patient.search_key, Patient.id).limit(_MOST)
        found |= {patient.id: patient for patient in session.scalars(first)}
    some = list(found.values())[:_MOST]
    service.note_read(session, some, caller)
    return some


def _queries(text: str) -> Iterator[Select[Patient]]:
    yield records.matching(identifier=text)
    if "@" in text:
        yield records.matching(email=text)
    if _NUMBER.fullmatch(text) and re.search("[0-9]", text):
        yield records.matching(phone=text)
    if names.plain(text).split():
        yield records.matching(name=text)
