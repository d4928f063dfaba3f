"""Holds that have expired: they keep nobody out, but the constraints know of no clock."""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import log
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor

ENDED = {"expires_at": None, "held_by": None, "hold_number": None}
"""What a hold has, and nothing else."""


def make_way(session: Session, doctor: Doctor, which: ColumnElement[bool]) -> None:
    """End those of some holds that have expired, if there are any, for a booking of a doctor.

    Their doctors are locked before them, as by who books a hold: else each could wait for the
    other.
    """
    whose = select(Appointment.doctor_id).where(which, *_expired())
    theirs = session.scalars(select(Doctor).where(Doctor.id.in_(whose))).all()
    if theirs:
        doctors.lock_all(session, [doctor, *theirs])
        end(session, which)


def end(session: Session, which: ColumnElement[bool]) -> None:
    """Let those of some holds that have expired stand in nobody's way."""
    ending = (
        update(Appointment)
        .where(which, *_expired())
        .values(
            status=Status.CANCELLED.value,
            version=Appointment.version + 1,
            updated_at=clock.now(),
            **ENDED,
        )
        .returning(Appointment)
    )
    options = {"populate_existing": True, "synchronize_session": False}
    for hold in session.scalars(ending, execution_options=options):
        before = {**log.state(hold), "status": Status.PENDING.value}
        log.record(session, "hold.expired", hold, actor="system", before=before)


def _expired() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Appointment.status == Status.PENDING, Appointment.expires_at <= clock.now()
