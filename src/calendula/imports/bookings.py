"""The appointments of a file: facts, which no policy and no timetable can refuse."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import expiry, log, times
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.database import batches, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.events.service import About
from calendula.imports.diary import Diary
from calendula.imports.lines import Line
from calendula.imports.records import AppointmentRecord
from calendula.patients import service as patients
from calendula.timetables import labels, slots
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot, Span
from calendula.timetables.timetable import Timetable
from calendula.timetables.windows import Window

TAKEN = "is taken already"


@dataclass(slots=True)
class _Draft:
    """An appointment that is about to be written."""

    line: Line[AppointmentRecord]
    doctor: Doctor
    slot: Slot
    id: UUID
    orphaned: bool = False


def identify(
    session: Session, lines: Iterable[Line[AppointmentRecord]]
) -> dict[tuple[str, str], UUID]:
    """Return the ids of the lines' patients by identifier and name; who is not known is new."""
    people = {(it.record.patient_id, it.record.patient_name) for it in lines}
    return patients.identify_all(session, people).ids


def add(
    session: Session,
    lines: Sequence[Line[AppointmentRecord]],
    staff: Mapping[str, Doctor],
    people: Mapping[tuple[str, str], UUID],
    *,
    actor: str,
    done: Callable[[int], object],
) -> None:
    """Write the appointments whose time is free, with their events.

    `staff` are the doctors by the keys of their names, `people` the ids by identifier and name.
    The doctors must be locked: what is looked at here then stays as it is, and what the database
    refuses all the same is taken by somebody who does not ask for locks. `done` is told how many
    rows have been dealt with.
    """
    free = _free(session, _draft(lines, staff))
    done(len(lines) - len(free))
    _mark_unsupported(session, free)
    for batch in batches(free):
        _insert(session, batch, people, actor)
        done(len(batch))


def _draft(lines: Sequence[Line[AppointmentRecord]], staff: Mapping[str, Doctor]) -> list[_Draft]:
    """Return the appointments of the lines; those at a time that no clock shows are at fault."""
    drafts = []
    for line in lines:
        doctor = staff[line.doctor_key]
        slot = _slot(line.record, ZoneInfo(doctor.time_zone))
        if slot is None:
            line.report.fail("time_slot", "must be a time that the clock shows on that date")
        else:
            drafts.append(_Draft(line, doctor, slot, new_id()))
    return drafts


def _slot(record: AppointmentRecord, zone: ZoneInfo) -> Slot | None:
    start, end = labels.parse(record.time_slot)
    found = slots.slots_of(record.date, [Window(start, end, end - start)], zone)
    return found[0] if found else None


def _free(session: Session, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Return the drafts whose time nobody holds, neither here nor in an earlier row."""
    diaries = _diaries(session, drafts)
    free = []
    for it in drafts:
        diary = diaries.setdefault(it.doctor.id, Diary())
        holder = diary.take(Span(it.slot.start, it.slot.end), it.line.report.row)
        if holder is None:
            free.append(it)
        else:
            other = TAKEN if holder[0] is None else f"overlaps row {holder[0]}"
            it.line.report.fail("time_slot", other)
    return free


def _diaries(session: Session, drafts: Sequence[_Draft]) -> dict[UUID, Diary]:
    """Return what the doctors of some drafts have on the dates that the drafts are about."""
    if not drafts:
        return {}
    dates = [it.slot.date for it in drafts]
    time = Span(times.of_date(min(dates)).start, times.of_date(max(dates)).end)
    columns = Appointment.doctor_id, Appointment.occupied_from, Appointment.occupied_until
    diaries: dict[UUID, Diary] = {}
    for batch in batches(_doctors(drafts)):
        expiry.end(session, times.any_reaches_into(batch, time))
        held = times.held_by(batch, time)
        for doctor_id, start, end in session.execute(held.with_only_columns(*columns)):
            diaries.setdefault(doctor_id, Diary()).take(Span(start, end), None)
    return diaries


def _mark_unsupported(session: Session, drafts: Sequence[_Draft]) -> None:
    """Mark those ahead for which the doctor does not work; what is past needs nobody's care."""
    now = clock.now()
    ahead = [it for it in drafts if it.slot.end > now]
    if not ahead:
        return
    dates = [it.slot.date for it in ahead]
    known: dict[UUID, Timetable] = {}
    for batch in batches(_doctors(ahead)):
        known |= timetables.load_all(session, batch, min(dates), max(dates))
    for it in ahead:
        if not known[it.doctor.id].supports(it.slot.start, it.slot.end):
            it.orphaned = True
            it.line.report.warnings.append("the doctor does not work at this time")


def _insert(
    session: Session, drafts: Sequence[_Draft], people: Mapping[tuple[str, str], UUID], actor: str
) -> None:
    insert = insert_unless_conflict(session, Appointment).returning(Appointment.id)
    rows = [_row(it, people) for it in drafts]
    written = set(session.scalars(insert, rows))
    for it in drafts:
        if it.id not in written:
            it.line.report.fail("time_slot", TAKEN)
    _record(session, [row for row in rows if row["id"] in written], actor)


def _row(it: _Draft, people: Mapping[tuple[str, str], UUID]) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": it.id,
        "doctor_id": it.doctor.id,
        "patient_id": _patient(it, people),
        "date": it.slot.date,
        "slot": it.slot.label,
        "starts_at": it.slot.start,
        "ends_at": it.slot.end,
        "occupied_from": it.slot.start,
        "occupied_until": it.slot.end,
        "status": Status.BOOKED.value,
        "sequence": 0,
        "orphaned": it.orphaned,
        "created_at": now,
        "updated_at": now,
    }


def _record(session: Session, written: Sequence[Mapping[str, Any]], actor: str) -> None:
    said = {row["id"]: {"before": None, "after": log.state(Appointment(**row))} for row in written}
    about = [About(row["doctor_id"], row["id"], row["patient_id"]) for row in written]
    events.record_each(session, "appointment.booked", actor=actor, about=about, data=said)
    lost = {row["id"] for row in written if row["orphaned"]}
    orphans = [it for it in about if it.appointment_id in lost]
    events.record_each(session, "appointment.orphaned", actor=actor, about=orphans)


def _patient(it: _Draft, people: Mapping[tuple[str, str], UUID]) -> UUID:
    return people[it.line.record.patient_id, it.line.record.patient_name]


def _doctors(drafts: Sequence[_Draft]) -> list[Doctor]:
    return list({it.doctor.id: it.doctor for it in drafts}.values())
