"""Who sees patients, by all that a search asks for: a set of doctors for each."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from calendula.availability.search import bits
from calendula.database import batches
from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.models import Clinic
from calendula.timetables.policy import Policy
from calendula.timetables.windows import WeeklyWindow

_AT_ONCE = 500  # doctors that are read together
_WORDS = 500  # that are remembered
_DOCTORS = select(
    *(Doctor.id, Doctor.search_key, Doctor.specialty_key),
    *(Doctor.active, Doctor.time_zone, Doctor.holidays, Doctor.policy),
)

Key = TypeVar("Key", bound=Hashable)


class Rule(NamedTuple):
    """What many doctors have in common: where they are, and what limits their bookings."""

    time_zone: str
    holidays: str | None
    policy: Policy


class Entry(NamedTuple):
    """What is known of a doctor."""

    id: UUID
    search_key: str
    specialty_key: str | None
    rule: Rule | None
    """None is one who sees no patients any more."""
    week: Sequence[WeeklyWindow]


class Roster:
    """The doctors of a clinic by numbers, which are in the order of their ids."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.ids: list[UUID] = []
        self.rules: dict[Rule, int] = {}
        self.windows: dict[WeeklyWindow, int] = {}
        self._specialties: dict[str | None, int] = {}
        self._search_keys: list[str] = []
        self._numbers: dict[str, int] = {}
        self._fill(entries)
        self.named = lru_cache(_WORDS)(self._named)

    def __len__(self) -> int:
        return len(self.ids)

    def number(self, doctor_id: UUID) -> int | None:
        """Return the number of a doctor; None is one who was not here."""
        return self._numbers.get(doctor_id.hex)

    def some(self, doctor_ids: Iterable[UUID]) -> int:
        """Return the set of some doctors, without those who are not here."""
        return self._some([it.hex for it in doctor_ids])

    def written(self, ids: str) -> int:
        """Return the set of those whose ids are written in a text, with commas between them."""
        return self._some(ids.replace("-", "").split(","))

    def special(self, specialty_key: str) -> int:
        """Return those of a specialty."""
        return self._specialties.get(specialty_key, 0)

    def take(self, entry: Entry) -> bool:
        """Let a doctor be as they are now; tell whether there is a number for them.

        There is none for a new one whose id is not the last.
        """
        if entry.id.hex not in self._numbers:
            if self.ids and entry.id < self.ids[-1]:
                return False
            self._append(entry)
        number = self._numbers[entry.id.hex]
        self._search_keys[number] = entry.search_key
        self.named.cache_clear()
        one = 1 << number
        _put(self._specialties, [entry.specialty_key], one)
        _put(self.rules, [entry.rule] if entry.rule else [], one)
        _put(self.windows, entry.week, one)
        return True

    def _fill(self, entries: Iterable[Entry]) -> None:
        specialties: dict[str | None, list[int]] = defaultdict(list)
        rules: dict[Rule, list[int]] = defaultdict(list)
        windows: dict[WeeklyWindow, list[int]] = defaultdict(list)
        for number, entry in enumerate(entries):
            self._append(entry)
            specialties[entry.specialty_key].append(number)
            if entry.rule:
                rules[entry.rule].append(number)
            for window in entry.week:
                windows[window].append(number)
        self._specialties = {it: bits.of(who, len(self)) for it, who in specialties.items()}
        self.rules = {it: bits.of(who, len(self)) for it, who in rules.items()}
        self.windows = {it: bits.of(who, len(self)) for it, who in windows.items()}

    def _some(self, ids: Iterable[str]) -> int:
        known = map(self._numbers.get, ids)
        return bits.of((it for it in known if it is not None), len(self))

    def _append(self, entry: Entry) -> None:
        self._numbers[entry.id.hex] = len(self.ids)
        self.ids.append(entry.id)
        self._search_keys.append(entry.search_key)

    def _named(self, word: str) -> int:
        """Return those whose names hold a word."""
        holding = (number for number, key in enumerate(self._search_keys) if word in key)
        return bits.of(holding, len(self))


def load(session: Session) -> Roster:
    """Return the roster of all doctors."""
    return Roster(_everybody(session))


def entries_of(session: Session, doctor_ids: Iterable[UUID]) -> Iterator[Entry]:
    """Give what is known of some doctors now, in the order of their ids."""
    for batch in batches(sorted(doctor_ids)):
        yield from _read(session, Doctor.id.in_(batch))


def _everybody(session: Session) -> Iterator[Entry]:
    after = UUID(int=0)
    while some := _read(session, Doctor.id > after):
        yield from some
        after = some[-1].id


def _read(session: Session, which: ColumnElement[bool]) -> list[Entry]:
    common = timetables.clinic(session)
    rows = session.execute(_DOCTORS.where(which).order_by(Doctor.id).limit(_AT_ONCE)).all()
    weeks = timetables.weeks_of(session, [row.id for row in rows])
    return [
        Entry(
            row.id,
            row.search_key,
            row.specialty_key,
            _rule(row, common) if row.active else None,
            weeks.get(row.id, ()),
        )
        for row in rows
    ]


def _rule(row: Row[*tuple[Any, ...]], common: Clinic) -> Rule:
    policy = Policy.of(common.policy, row.policy)
    limits = Policy(policy.minimum_notice_minutes, policy.horizon_days)
    return Rule(row.time_zone, row.holidays or common.holidays, limits)


def _put(sets: dict[Key, int], keys: Iterable[Key], one: int) -> None:
    """Let a doctor be in the sets of these keys, and in no other."""
    for key in list(sets):
        sets[key] &= ~one
    for key in keys:
        sets[key] = sets.get(key, 0) | one
