"""What all that happens at the clinic has in common: who asks, for which time, and what holds."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from life.desk import DAYS, HOLD_MINUTES, Desk, Hands
from life.model import Entry, Wish
from life.outcomes import Refused

Opened = AbstractContextManager[str]
Edit = tuple[set[str], set[str]]

PEOPLE = st.sampled_from(["P-1", "P-2", "P-3"])
_MINUTES = [540, 570, 600, 630, 600, 570, 585, 720]  # the last two are no slots
_WHY = {"override": True, "reason": "urgent"}

numbers = st.integers(0, 99)
"""Which one of a list, counted round and round."""


class Place(NamedTuple):
    """A start with a doctor, by its wall time there."""

    doctor: int
    day: date
    minute: int


places = st.builds(
    Place,
    st.sampled_from([0, 0, 1]),
    st.sampled_from(DAYS[:1] * 2 + DAYS),
    st.sampled_from(_MINUTES),
)


class _EveryRule:
    """Instead of hypothesis' own choice of rules for an example, which needs many examples."""

    def is_enabled(self, _name: str) -> bool:
        return True


class Life(RuleBasedStateMachine):
    """A clinic, time that goes by, and what is always true."""

    def __init__(self, opened: Callable[[], Opened], hands: Hands, *, swarm: bool) -> None:
        super().__init__()
        if not swarm:
            self._rules_strategy.enabled_rules_strategy = st.just(cast("Any", _EveryRule()))
        self._opened = opened()
        self.desk = Desk(self._opened.__enter__(), hands)
        self.clinic = self.desk.clinic
        self.steps = 0
        self.last: Entry | None = None

    def teardown(self) -> None:
        """Close the clinic, and drop its database."""
        try:
            self.desk.close()
        finally:
            self._opened.__exit__(None, None, None)

    @property
    def appointments(self) -> list[Entry]:
        """Those that are no holds, in the order of their booking."""
        return [it for it in self.clinic.entries if it.patient]

    def appointment(self, number: int) -> Entry:
        """Return an appointment, most often the one that was dealt with last; or a hold.

        Most of the others still hold their time. So one has a life of several steps.
        """
        if self.last is None or number % 3 == 0 or not self._goes_on(self.last):
            live = [it for it in self.appointments if self.clinic.live(it)]
            some = (number % 5 and live) or self.appointments or self.clinic.entries
            self.last = pick(some, number // 5)
        return self.last

    def _goes_on(self, entry: Entry) -> bool:
        return entry.patient is not None and self.clinic.live(entry)

    @invariant()
    def agrees(self) -> None:
        """The lists, the free slots and the table are the model's."""
        self.steps += 1
        self.desk.check_list()
        self.desk.check_slots(self.steps)
        self.desk.check_table()

    @rule(minutes=st.sampled_from([1, 4, HOLD_MINUTES, 29, 30, 90, 600]))
    def pass_time(self, minutes: int) -> None:
        """Time goes by."""
        self.pass_time_until(self.clinic.now + timedelta(minutes=minutes))

    def pass_time_until(self, instant: datetime) -> None:
        """Let it be this instant."""
        self.desk.hands.at = self.clinic.now = instant

    def wish(self, place: Place, visit: int) -> Wish:
        """Return what of a doctor's time is wanted."""
        doctor = self.desk.doctors[place.doctor]
        start = self.clinic.timetables.at(doctor, place.day, place.minute)
        return Wish(doctor, start, pick(self.desk.visits, visit))

    def headers(self, staff: bool) -> dict[str, str]:
        """Return what the staff sends to be known, or nobody."""
        return self.desk.staff if staff else {}

    def caller(self, entry: Entry, by: str, number: int) -> tuple[dict[str, str], str | None]:
        """Return who asks: the staff, or who has a token of this entry or of any."""
        own = [it for it, token in self.clinic.tokens.items() if token.entry is entry]
        if by == "staff" or not own:
            return self.desk.staff, None
        token = pick(own if by == "own" else list(self.clinic.tokens), number)
        return {"Authorization": f"Bearer {token}"}, token

    def check_access(self, entry: Entry, token: str | None) -> None:
        """Refuse who has no good token, or one of another appointment."""
        opened = self.clinic.opened_by(token) if token else entry
        if opened is not entry or not entry.patient:
            Refused.throw(404, "unknown-appointment")


def pick(some: Any, number: int) -> Any:
    """Return one of a list, counted round and round."""
    return some[number % len(some)]


def asked(wish: Wish) -> dict[str, Any]:
    """Return what is wanted as it goes over the wire."""
    body: dict[str, Any] = {"doctor_id": wish.doctor, "start": wish.start.isoformat()}
    if wish.visit:
        body["visit_type_id"] = wish.visit.id
    if wish.minutes:
        body["duration_minutes"] = wish.minutes
    return body | (_WHY if wish.override else {})
