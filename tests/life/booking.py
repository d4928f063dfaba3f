"""Patients and staff book and hold times."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from calendula.appointments.status import Status
from life.base import PEOPLE, Life, Place, asked, numbers, pick, places
from life.desk import DAYS, HOLD_MINUTES, HOLDS
from life.model import Entry, Patient, Wish
from life.outcomes import Refused


class Booking(Life):
    """How appointments and holds come to be."""

    @initialize(minutes=st.sampled_from([540, 570]))
    def begin(self, minutes: int) -> None:
        """Some have booked already, so that there is something to be changed."""
        for doctor, minute, who in (0, minutes, "P-1"), (0, 600, "P-2"), (1, minutes, "P-1"):
            self._book(self.wish(Place(doctor, DAYS[0], minute), 0), who, staff=False, keyed=True)
        wish = self.wish(Place(1, DAYS[0], 630), 0)
        self._hold(wish, staff=False, minutes=None, keyed=False)

    @rule(place=places, visit=numbers, who=PEOPLE, staff=st.booleans(), keyed=st.booleans())
    def book(self, place: Place, visit: int, who: str, staff: bool, keyed: bool) -> None:
        """Somebody books."""
        wish = self.wish(place, visit)
        self._book(wish, who, staff=staff, keyed=keyed)

    @rule(place=places, who=PEOPLE, keyed=st.booleans())
    def book_by_name(self, place: Place, who: str, keyed: bool) -> None:
        """Somebody books by the first contract."""
        wish = self.wish(place, 0)
        body = {
            "patient_id": who,
            "patient_name": f"Name of {who}",
            "doctor_name": self.desk.names[wish.doctor],
            "date": place.day.isoformat(),
            "time_slot": f"{_wall(place.minute)} - {_wall(place.minute + 30)}",
        }
        self.desk.create(lambda: self._new(wish, who), "/book_appointment", body, {}, keyed=keyed)

    @rule(
        place=places,
        visit=numbers,
        who=PEOPLE,
        minutes=st.sampled_from([None, 20, 60]),
        staff=st.sampled_from([True, True, False]),
    )
    def override(
        self, place: Place, visit: int, who: str, minutes: int | None, staff: bool
    ) -> None:
        """The staff books outside the timetable; nobody else may."""
        wish = self.wish(place, visit)._replace(override=True, minutes=minutes)
        self._book(wish, who, staff=staff, keyed=False)

    @precondition(lambda self: self.clinic.patients)
    @rule(place=places, patient=numbers, staff=st.sampled_from([True, True, False]))
    def book_again(self, place: Place, patient: int, staff: bool) -> None:
        """The staff books for a patient whom the clinic knows."""
        wish, known = self.wish(place, 0), pick(self.clinic.patients, patient)
        body = {**asked(wish), "patient_id": known.id}

        def predict() -> Entry:
            if not staff:
                Refused.throw(403, "forbidden")
            known.refuse_gone()
            return self._entry(wish, known)

        self.desk.create(predict, "/v1/appointments", body, self.headers(staff), keyed=False)

    @rule(
        place=places,
        visit=numbers,
        staff=st.booleans(),
        minutes=st.sampled_from([None, None, 3, 20]),
        keyed=st.booleans(),
    )
    def hold(self, place: Place, visit: int, staff: bool, minutes: int | None, keyed: bool) -> None:
        """Somebody holds a time."""
        self._hold(self.wish(place, visit), staff=staff, minutes=minutes, keyed=keyed)

    @precondition(lambda self: self.clinic.tokens)
    @rule(
        number=numbers,
        who=PEOPLE,
        elsewhere=st.none() | st.none() | places,
        visit=numbers,
        keyed=st.booleans(),
        late=st.sampled_from([False, False, True]),
    )
    def confirm(
        self, number: int, who: str, elsewhere: Place | None, visit: int, keyed: bool, late: bool
    ) -> None:
        """Somebody books what a token holds: a hold, a dead one, one that was booked."""
        holds = [k for k, it in self.clinic.tokens.items() if it.entry.holder is not None]
        token = pick(holds or list(self.clinic.tokens), number)
        hold = self.clinic.tokens[token].entry
        if late and self.clinic.live(hold) and hold.expires:
            self.pass_time_until(hold.expires)
        wish = (
            self.wish(elsewhere, visit)
            if elsewhere
            else Wish(hold.doctor, hold.time.start, hold.visit)
        )

        def predict() -> Entry:
            if self.clinic.tokens[token].until is None:
                Refused.throw(422, "invalid")
            if hold.status is not Status.PENDING or not self.clinic.live(hold):
                Refused.throw(409, "hold-ended")
            slot = self.clinic.find(wish)
            if (hold.doctor, hold.time.start) != (wish.doctor, slot.start):
                Refused.throw(422, "invalid")
            self.clinic.refuse_if_taken(wish, slot, hold)
            self.clinic.end_tokens(hold)
            hold.patient, hold.visit, hold.expires = self.clinic.who(who), wish.visit, None
            hold.time, hold.occupied, hold.status = slot, wish.occupies(slot), Status.BOOKED
            return hold

        body = {**asked(wish), **_person(who), "hold": token}
        self.desk.create(predict, "/v1/appointments", body, {}, keyed=keyed)

    @precondition(lambda self: self.desk.sent)
    @rule(number=numbers, same=st.sampled_from([True, True, False]))
    def replay(self, number: int, same: bool) -> None:
        """A request is sent again with its key; or another one is with it."""
        sent = pick(self.desk.sent, number)
        body = sent.body if same else {**sent.body, **self._other(sent.path)}

        def predict() -> None:
            if not same:
                Refused.throw(422, "idempotency-key-reused")

        given, _ = self.desk.agree(predict, "POST", sent.path, body, sent.headers, 201)
        assert given == (sent.answer if same else None)

    def _hold(self, wish: Wish, *, staff: bool, minutes: int | None, keyed: bool) -> None:
        holder = "staff" if staff else ""

        def predict() -> Entry:
            if (minutes or 0) > HOLD_MINUTES and not staff:
                Refused.throw(403, "forbidden")
            slot = self.clinic.find(wish)
            theirs = [it for it in self.clinic.entries if it.holder == holder and it.expires]
            if sum(self.clinic.live(it) for it in theirs) >= HOLDS[holder]:
                Refused.throw(409, "too-many-holds")
            self.clinic.refuse_if_taken(wish, slot)
            lasts = timedelta(minutes=minutes or HOLD_MINUTES)
            hold = self._made(wish, Status.PENDING)
            hold.holder, hold.expires = holder, self.clinic.now + lasts
            return hold

        body = {k: v for k, v in asked(wish).items() if k != "duration_minutes"}
        if minutes:
            body["minutes"] = minutes
        self.desk.create(predict, "/v1/holds", body, self.headers(staff), keyed=keyed)

    def _book(self, wish: Wish, who: str, *, staff: bool, keyed: bool) -> None:
        def predict() -> Entry:
            if wish.override and not staff:
                Refused.throw(403, "forbidden")
            return self._new(wish, who)

        body, headers = {**asked(wish), **_person(who)}, self.headers(staff)
        self.desk.create(predict, "/v1/appointments", body, headers, keyed=keyed)

    def _new(self, wish: Wish, who: str) -> Entry:
        made = self._entry(wish, Patient())
        made.patient = self.clinic.who(who)
        return made

    def _entry(self, wish: Wish, patient: Patient) -> Entry:
        self.clinic.refuse_if_taken(wish, self.clinic.find(wish))
        entry = self._made(wish, Status.BOOKED)
        entry.patient, entry.overridden = patient, wish.override
        return entry

    def _made(self, wish: Wish, status: Status) -> Entry:
        slot = self.clinic.find(wish)
        return Entry(wish.doctor, slot, wish.occupies(slot), status, visit=wish.visit)

    def _other(self, path: str) -> dict[str, Any]:
        if path == "/v1/holds":
            return {"minutes": 1}
        return {"patient_name": "Zoe"} if path == "/book_appointment" else {"note": "another"}


def _person(who: str) -> dict[str, Any]:
    return {"patient": {"identifier": who, "name": f"Name of {who}"}}


def _wall(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"
