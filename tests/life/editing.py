"""What the staff does to timetables and patients."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from calendula.appointments.status import Status
from life.base import Edit, Life, Place, numbers, pick, places
from life.desk import DAYS, effects, span
from life.model import Entry, Wish
from life.outcomes import Refused

_HOURS = [(), (), ((540, 600),), ((600, 720),), ((540, 600), (600, 660))]


class Editing(Life):
    """How the clinic changes."""

    @precondition(lambda self: self.clinic.patients)
    @rule(number=numbers, nobody_waits=st.booleans())
    def erase(self, number: int, nobody_waits: bool) -> None:
        """A patient is erased, unless somebody expects them; their tokens open nothing then."""
        patient = pick(self.clinic.patients, number)
        theirs = [it for it in self.appointments if it.patient is patient]
        for entry in theirs if nobody_waits else ():
            if entry.status in {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}:
                self._cancel(entry)

        def predict() -> None:
            if patient.merged:
                Refused.throw(409, "patient-merged")
            if self.clinic.expected(patient):
                Refused.throw(409, "patient-has-appointments")
            patient.erased = True
            self.clinic.people = {
                k: it for k, it in self.clinic.people.items() if it is not patient
            }
            for entry in self.appointments:
                if entry.patient is patient:
                    self.clinic.revoke(entry)
            self.desk.sent = [it for it in self.desk.sent if it.entry.patient is not patient]

        self.desk.agree(predict, "POST", f"/v1/patients/{patient.id}/erase", None, self.desk.staff)
        for token in [k for k, it in self.clinic.tokens.items() if it.entry in theirs]:
            self._open(token)

    def _cancel(self, entry: Entry) -> None:
        path = f"/v1/appointments/{entry.id}/cancel"
        self.desk.agree(lambda: self.clinic.act(entry, "cancel"), "POST", path, {}, self.desk.staff)

    def _open(self, token: str) -> None:
        path, who = f"/v1/appointments/{self.clinic.tokens[token].entry.id}", f"Bearer {token}"
        headers = {"Authorization": who}
        self.desk.agree(lambda: self.clinic.opened_by(token), "GET", path, None, headers)

    @precondition(lambda self: self.clinic.patients)
    @rule(number=numbers, other=numbers)
    def merge(self, number: int, other: int) -> None:
        """Two patients turn out to be one."""
        patient, duplicate = (pick(self.clinic.patients, it) for it in (number, other))

        def predict() -> None:
            if patient is duplicate:
                Refused.throw(409, "same-patient")
            if patient.merged or duplicate.merged:
                Refused.throw(409, "patient-merged")
            patient.refuse_gone()
            duplicate.refuse_gone()
            duplicate.merged = True
            for who, it in self.clinic.people.items():
                self.clinic.people[who] = patient if it is duplicate else it
            for entry in self.appointments:
                entry.patient = patient if entry.patient is duplicate else entry.patient

        path, body = f"/v1/patients/{patient.id}/merge", {"duplicate_id": duplicate.id}
        self.desk.agree(predict, "POST", path, body, self.desk.staff)

    @rule(doctor=numbers, day=st.sampled_from(DAYS), hours=st.sampled_from(_HOURS))
    def other_hours(self, doctor: int, day: date, hours: tuple[tuple[int, int], ...]) -> None:
        """A doctor has other hours on a date, or none."""
        whose = pick(self.desk.doctors, doctor)
        windows = [{"start": _clock(a), "end": _clock(b), "slot_minutes": 30} for a, b in hours]

        def predict() -> Edit:
            self.clinic.timetables.overrides[whose, day] = hours
            return self.clinic.edited(whose)

        path = f"/v1/doctors/{whose}/overrides/{day}"
        given, done = self.desk.agree(predict, "PUT", path, {"windows": windows}, self.desk.staff)
        assert effects(given["effects"]) == done

    @rule(doctor=numbers, day=st.sampled_from(DAYS))
    def usual_hours(self, doctor: int, day: date) -> None:
        """A doctor works on a date as on every other after all."""
        whose = pick(self.desk.doctors, doctor)

        def predict() -> Edit:
            self.clinic.timetables.overrides.pop((whose, day), None)
            return self.clinic.edited(whose)

        path = f"/v1/doctors/{whose}/overrides/{day}"
        given, done = self.desk.agree(predict, "DELETE", path, None, self.desk.staff)
        assert effects(given) == done

    @rule(place=places, length=st.sampled_from([20, 60]))
    def take_time_off(self, place: Place, length: int) -> None:
        """A doctor has time off."""
        whose = self.desk.doctors[place.doctor]
        off = span(self.clinic, whose, place.day, place.minute, length)

        def predict() -> Edit:
            self.clinic.timetables.off["new"] = whose, off
            return self.clinic.edited(whose, off)

        path, body = (
            f"/v1/doctors/{whose}/time-off",
            {k: str(v).replace(" ", "T") for k, v in off._asdict().items()},
        )
        given, done = self.desk.agree(predict, "POST", path, body, self.desk.staff, 201)
        self.clinic.timetables.off[given["id"]] = self.clinic.timetables.off.pop("new")
        assert effects(given["effects"]) == done

    @precondition(lambda self: self.clinic.timetables.off)
    @rule(number=numbers)
    def give_time_off_back(self, number: int) -> None:
        """A doctor has no time off after all."""
        gone = pick(list(self.clinic.timetables.off), number)
        whose, off = self.clinic.timetables.off[gone]

        def predict() -> Edit:
            del self.clinic.timetables.off[gone]
            return self.clinic.edited(whose, off)

        path = f"/v1/doctors/{whose}/time-off/{gone}"
        given, done = self.desk.agree(predict, "DELETE", path, None, self.desk.staff)
        assert effects(given) == done

    @rule(doctor=numbers, day=st.sampled_from(DAYS), action=st.sampled_from(["cancel", "move"]))
    def close_day(self, doctor: int, day: date, action: str) -> None:
        """A doctor is ill: a date is closed, its appointments are cancelled or moved."""
        whose = pick(self.desk.doctors, doctor)

        def predict() -> Edit:
            if day < self.clinic.timetables.day(whose, self.clinic.now):
                Refused.throw(422, "invalid")
            self.clinic.timetables.overrides[whose, day] = ()
            theirs = [it for it in self.clinic.entries if self._is_of(it, whose, day)]
            for entry in sorted(theirs, key=lambda it: it.time):
                self._close(entry, action)
            return self.clinic.edited(whose)

        body = {"date": day.isoformat(), "action": action}
        path = f"/v1/doctors/{whose}/close-day"
        given, done = self.desk.agree(predict, "POST", path, body, self.desk.staff)
        assert given is None or effects(given["effects"]) == done

    def _is_of(self, entry: Entry, doctor: str, day: date) -> bool:
        on = self.clinic.timetables.day(entry.doctor, entry.time.start)
        return (entry.doctor, on) == (doctor, day)

    def _close(self, entry: Entry, action: str) -> None:
        """Let a hold go, and cancel or move what is still to come."""
        if entry.status is Status.PENDING:
            entry.status = Status.CANCELLED
        elif entry.status not in _AHEAD or entry.time.end <= self.clinic.now:
            return
        elif action == "cancel":
            self.clinic.act(entry, "cancel")
        elif entry.status is not Status.CHECKED_IN:
            entry.status = Status.BOOKED
            wish = Wish(entry.doctor, self.clinic.next_free(entry), entry.visit)
            self.clinic.move(entry, wish, self.clinic.find(wish))
            self.clinic.prolong(entry)


_AHEAD = {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
