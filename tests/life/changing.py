"""What becomes of appointments and holds, by their patients and the staff."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from calendula.appointments.status import Status
from life.base import Life, Place, asked, numbers, pick, places
from life.model import ACTIONS, Entry, Wish
from life.outcomes import Refused

_ATTENDANCE = ["arrive", "undo", *(it for it in ACTIONS if it != "cancel")]


class Changing(Life):
    """How appointments and holds go on."""

    def _may_move(self, entry: Entry, wish: Wish, *, opens: bool, to_doctor: bool) -> None:
        """Refuse what nobody may move, and what a patient may not."""
        if opens and to_doctor:
            Refused.throw(403, "forbidden")
        if entry.patient is not None and entry.patient.erased:
            Refused.throw(409, "patient-erased")
        if opens and wish.override:
            Refused.throw(403, "forbidden")
        if opens:
            self.clinic.check_cutoff(entry)
        if entry.status is not Status.BOOKED:
            Refused.throw(409, "transition-not-allowed")

    @precondition(lambda self: self.clinic.entries)
    @rule(number=numbers, by=st.sampled_from(["staff", "own", "own", "another's"]), token=numbers)
    def release(self, number: int, by: str, token: int) -> None:
        """A hold is let go, or what is none any more."""
        holds = [it for it in self.clinic.entries if it.holder is not None]
        hold = pick(holds or self.clinic.entries, number)
        headers, opens = self.caller(hold, by, token)

        def predict() -> None:
            if opens is not None and self.clinic.opened_by(opens) is not hold:
                Refused.throw(404, "unknown-hold")
            if hold.patient:
                Refused.throw(404, "unknown-hold")
            hold.status = Status.CANCELLED

        self.desk.agree(predict, "DELETE", f"/v1/holds/{hold.id}", None, headers, 204)

    @precondition(lambda self: self.clinic.entries)
    @rule(
        number=numbers,
        place=places,
        how=st.sampled_from(["free", "free", "same", "override"]),
        minutes=st.sampled_from([None, 20]),
        by=st.sampled_from(["staff", "staff", "own", "another's"]),
        token=numbers,
        to_doctor=st.booleans(),
    )
    def move(
        self,
        number: int,
        place: Place,
        how: str,
        minutes: int | None,
        by: str,
        token: int,
        to_doctor: bool,
    ) -> None:
        """An appointment is moved: to what is free, taken, held or not offered, or nowhere."""
        entry = self.appointment(number)
        headers, opens = self.caller(entry, by, token)
        wish = self.wish(place, 0)._replace(visit=entry.visit)
        if how == "same":
            wish = wish._replace(start=entry.time.start)
        if how == "override":
            wish = wish._replace(override=True, minutes=minutes)
        if how == "same" or not to_doctor:
            wish = wish._replace(doctor=entry.doctor)
        body = {k: v for k, v in asked(wish).items() if k != "visit_type_id"}
        if not to_doctor:
            del body["doctor_id"]

        def predict() -> None:
            self.check_access(entry, opens)
            self._may_move(entry, wish, opens=bool(opens), to_doctor=to_doctor)
            slot = self.clinic.find(wish)
            if (entry.doctor, entry.time) != (wish.doctor, slot):
                self.clinic.refuse_if_taken(wish, slot, entry)
                self.clinic.move(entry, wish, slot)
            self.clinic.prolong(entry)

        self.desk.agree(predict, "POST", f"/v1/appointments/{entry.id}/move", body, headers)

    @precondition(lambda self: self.clinic.entries)
    @rule(number=numbers, by=st.sampled_from(["staff", "own", "own", "another's"]), token=numbers)
    def cancel(self, number: int, by: str, token: int) -> None:
        """An appointment is cancelled, maybe again."""
        entry = self.appointment(number)
        headers, opens = self.caller(entry, by, token)

        def predict() -> None:
            self.check_access(entry, opens)
            if entry.status is Status.CANCELLED:
                return
            if opens:
                self.clinic.check_cutoff(entry)
            self.clinic.act(entry, "cancel")

        self.desk.agree(predict, "POST", f"/v1/appointments/{entry.id}/cancel", {}, headers)

    @precondition(lambda self: self.appointments)
    @rule(number=numbers, action=st.sampled_from(_ATTENDANCE), late=st.booleans())
    def attend(self, number: int, action: str, late: bool) -> None:
        """The staff writes down what became of an appointment."""
        entry = self.appointment(number)
        if late and action == "no-show" and self.clinic.now < entry.time.start:
            self.pass_time_until(entry.time.start)
        path = f"/v1/appointments/{entry.id}/{action}"
        self.desk.agree(lambda: self.clinic.act(entry, action), "POST", path, None, self.desk.staff)

    @precondition(lambda self: self.clinic.tokens)
    @rule(number=numbers, token=numbers, own=st.booleans())
    def look(self, number: int, token: int, own: bool) -> None:
        """Somebody looks at an appointment with a token, be it theirs or not."""
        entry = pick(self.clinic.entries, number)
        headers, opens = self.caller(entry, "own" if own else "another's", token)
        path = f"/v1/appointments/{entry.id}"
        given, _ = self.desk.agree(
            lambda: self.check_access(entry, opens), "GET", path, None, headers
        )
        assert given is None or given["status"] == entry.status

    @precondition(lambda self: self.appointments)
    @rule(number=numbers)
    def revoke(self, number: int) -> None:
        """The staff takes the tokens of an appointment back."""
        entry = pick(self.appointments, number)
        path = f"/v1/appointments/{entry.id}/tokens"
        self.desk.agree(
            lambda: self.clinic.revoke(entry), "DELETE", path, None, self.desk.staff, 204
        )
