"""Appointments in a list, each with whom it is about: for the staff, who may have to call them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula.appointments import log
from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from calendula.patients import service as patients
from calendula.patients.models import Patient


class Listed(NamedTuple):
    """An appointment with its doctor, and its patient."""

    appointment: Appointment
    doctor: Doctor
    patient: Patient

    @property
    def phone(self) -> str | None:
        """Where to call about this appointment."""
        return self.appointment.phone or self.patient.phone

    @property
    def email(self) -> str | None:
        """Where to write about this appointment."""
        return self.appointment.email or self.patient.email


def listed(session: Session, appointments: Iterable[Appointment], *, actor: str) -> list[Listed]:
    """Return appointments with whom they are about, and write down whose data is shown.

    Those without a patient are left out: holds are none of a list. The session must be one that
    writes, and is committed even where the appointments are what a dry run has brought to light.
    """
    some = [it for it in appointments if it.patient_id is not None]
    who = patients.by_ids(session, (it.patient_id for it in some if it.patient_id))
    query = select(Doctor).where(Doctor.id.in_({it.doctor_id for it in some}))
    doctors = {doctor.id: doctor for doctor in session.scalars(query)}
    for appointment in some:
        log.mention(session, "patient.read", appointment, actor=actor)
    return [Listed(it, doctors[it.doctor_id], who[it.patient_id]) for it in some if it.patient_id]
