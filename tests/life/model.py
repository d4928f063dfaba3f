"""What a clinic must be like after each request, in plain Python: no database, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations, count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.appointments.status import Status
from life.outcomes import Refused
from life.timetables import Span, Timetables, Visit

_MINUTE = timedelta(minutes=1)
_EXPECTED = {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}
_ENDED = {Status.CANCELLED, Status.ENTERED_IN_ERROR}
_LEADS = {
    "arrive": ({Status.BOOKED}, Status.ARRIVED),
    "check-in": ({Status.BOOKED, Status.ARRIVED}, Status.CHECKED_IN),
    "fulfil": ({Status.ARRIVED, Status.CHECKED_IN}, Status.FULFILLED),
    "no-show": ({Status.BOOKED}, Status.NOSHOW),
    "cancel": (_EXPECTED, Status.CANCELLED),
    "undo": ({Status.ARRIVED, Status.NOSHOW}, Status.BOOKED),
    "enter-in-error": (set(Status) - {Status.ENTERED_IN_ERROR}, Status.ENTERED_IN_ERROR),
}
ACTIONS = tuple(_LEADS)


class Wish(NamedTuple):
    """What somebody wants of a doctor's time."""

    doctor: str
    start: datetime
    visit: Visit | None = None
    override: bool = False
    minutes: int | None = None

    def occupies(self, time: Span) -> Span:
        """Return the doctor's time that it takes."""
        return self.visit.occupies(time) if self.visit else time


@dataclass(eq=False)
class Patient:
    """Somebody who is seen."""

    id: str = ""
    merged: bool = False
    erased: bool = False

    def refuse_gone(self) -> None:
        """Refuse what cannot be done to who is somebody else, or forgotten."""
        if self.merged or self.erased:
            Refused.throw(409, "patient-merged" if self.merged else "patient-erased")


@dataclass(eq=False)
class Entry:
    """An appointment, or a hold, which has no patient."""

    doctor: str
    time: Span
    occupied: Span
    status: Status
    id: str = ""
    patient: Patient | None = None
    visit: Visit | None = None
    sequence: int = 0
    orphaned: bool = False
    overridden: bool = False
    expires: datetime | None = None
    holder: str | None = None


@dataclass(eq=False)
class Token:
    """What opens an entry, until an instant; None is never again."""

    entry: Entry
    until: datetime | None


class Clinic:
    """What is booked and held, by whom, and what each request comes to."""

    def __init__(self, zones: dict[str, ZoneInfo], now: datetime, token_life: timedelta) -> None:
        self.now = now
        self.token_life = token_life
        self.timetables = Timetables(zones)
        self.entries: list[Entry] = []
        self.tokens: dict[str, Token] = {}
        self.people: dict[str, Patient] = {}
        self.patients: list[Patient] = []

    def live(self, entry: Entry) -> bool:
        """Tell whether an entry keeps others out."""
        if entry.expires is not None:
            return entry.status is Status.PENDING and self.now < entry.expires
        return entry.status not in _ENDED

    def double(self) -> list[tuple[Entry, Entry]]:
        """Return pairs that share a doctor and an instant."""
        live = [it for it in self.entries if self.live(it)]
        return [
            (one, other)
            for one, other in combinations(live, 2)
            if one.doctor == other.doctor and one.occupied.meets(other.occupied)
        ]

    def free(self, doctor: str, day: date, visit: Visit | None) -> list[datetime]:
        """Return the starts that can be booked on a date."""
        wishes = [
            (slot, Wish(doctor, slot.start, visit).occupies(slot))
            for slot in self.timetables.slots(doctor, day, visit)
        ]
        return [
            slot.start
            for slot, occupied in wishes
            if slot.start >= self.now
            and not self.timetables.is_off(doctor, occupied)
            and not any(self._against(doctor, occupied))
        ]

    def find(self, wish: Wish) -> Span:
        """Return the time that is wanted, if it is offered."""
        if wish.override and (wish.visit or wish.minutes):
            length = wish.visit.length if wish.visit else wish.minutes or 0
            return Span(wish.start, wish.start + length * _MINUTE)
        day = self.timetables.day(wish.doctor, wish.start)
        slots = self.timetables.slots(wish.doctor, day, wish.visit)
        slot = next((it for it in slots if it.start == wish.start), None)
        if wish.override:
            return slot or Refused.throw(422, "invalid")
        if slot is None or self.timetables.is_off(wish.doctor, wish.occupies(slot)):
            Refused.throw(409, "slot-not-offered")
        if slot.start < self.now:
            Refused.throw(409, "slot-passed")
        return slot

    def refuse_if_taken(self, wish: Wish, slot: Span, but: Entry | None = None) -> None:
        """Refuse a time that others have, or hold."""
        against = [it for it in self._against(wish.doctor, wish.occupies(slot)) if it is not but]
        if against:
            held = all(it.status is Status.PENDING for it in against)
            Refused.throw(409, "slot-held" if held else "slot-taken")

    def opened_by(self, token: str) -> Entry:
        """Return what a token opens."""
        found = self.tokens.get(token)
        if found is None or found.until is None or found.until <= self.now:
            Refused.throw(401, "invalid-token")
        return found.entry

    def give(self, token: str, entry: Entry) -> None:
        """Let a token open an entry for as long as it is given."""
        end = entry.expires or max(entry.time.end, self.now)
        self.tokens[token] = Token(entry, end + self.token_life)

    def prolong(self, entry: Entry) -> None:
        """Let those tokens of an entry that open it do so for as long as if they were new."""
        for text, token in list(self.tokens.items()):
            if token.entry is entry and token.until and token.until > self.now:
                self.give(text, entry)

    def end_tokens(self, entry: Entry) -> None:
        """Let those tokens that open an entry have expired, as a hold's do when it is booked."""
        for token in self.tokens.values():
            if token.entry is entry and token.until and token.until > self.now:
                token.until = self.now

    def revoke(self, entry: Entry) -> None:
        """Let no token open an entry any more."""
        for token in self.tokens.values():
            if token.entry is entry:
                token.until = None

    def who(self, identifier: str) -> Patient:
        """Return whom a booking is for."""
        if identifier not in self.people:
            self.people[identifier] = Patient()
            self.patients.append(self.people[identifier])
        return self.people[identifier]

    def act(self, entry: Entry, action: str) -> None:
        """Let an appointment go to another state."""
        sources, target = _LEADS[action]
        if entry.status not in sources or (action == "no-show" and self.now < entry.time.start):
            Refused.throw(409, "transition-not-allowed")
        entry.status = target
        if target in _ENDED:
            entry.sequence += 1
            entry.orphaned = False

    def check_cutoff(self, entry: Entry) -> None:
        """Refuse what the patient can do no more: the staff has them, or the time has come."""
        begun = entry.status is Status.BOOKED and entry.time.start <= self.now
        if begun or entry.status in {Status.ARRIVED, Status.CHECKED_IN}:
            Refused.throw(409, "too-late")

    def move(self, entry: Entry, wish: Wish, slot: Span) -> None:
        """Give an appointment another time, which is free."""
        entry.doctor, entry.time, entry.occupied = wish.doctor, slot, wish.occupies(slot)
        entry.orphaned, entry.overridden = False, wish.override
        entry.sequence += 1

    def next_free(self, entry: Entry) -> datetime:
        """Return the first start at which an appointment could be instead, not before its own."""
        days = (self.timetables.day(entry.doctor, entry.time.start) + timedelta(n) for n in count())
        free = (start for day in days for start in self.free(entry.doctor, day, entry.visit))
        return next(start for start in free if start >= entry.time.start)

    def expected(self, patient: Patient) -> bool:
        """Tell whether a patient has an appointment ahead."""
        return any(
            it.patient is patient and it.status in _EXPECTED and self.now < it.time.end
            for it in self.entries
        )

    def edited(self, doctor: str, within: Span | None = None) -> tuple[set[str], set[str]]:
        """Mark what an edit of a timetable has orphaned and restored; return their ids."""
        orphaned: set[str] = set()
        restored: set[str] = set()
        for it in self.entries:
            seen = it.doctor == doctor and it.expires is None and not it.overridden
            ahead = self.live(it) and it.occupied.end > self.now
            if not (seen and ahead and (within is None or it.time.meets(within))):
                continue
            day = self.timetables.day(doctor, it.time.start)
            lost = not self.timetables.works(doctor, day, it.time) or self.timetables.is_off(
                doctor, it.time
            )
            if lost != it.orphaned:
                (orphaned if lost else restored).add(it.id)
            it.orphaned = lost
        return orphaned, restored

    def _against(self, doctor: str, occupied: Span) -> Iterator[Entry]:
        return (
            it
            for it in self.entries
            if it.doctor == doctor and self.live(it) and it.occupied.meets(occupied)
        )
