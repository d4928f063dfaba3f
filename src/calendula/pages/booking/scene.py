"""What every step on the way to an appointment needs, and the hold that goes with it."""

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access import tokens
from calendula.access.guard import ClientOfRequest
from calendula.access.roles import PUBLIC
from calendula.appointments.models import Appointment
from calendula.booking.holds import service as holds
from calendula.doctors import service as doctors
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import PathId
from calendula.pages.booking.choosing import Pick, typed
from calendula.pages.forms import FormFields
from calendula.pages.reader import ReaderOfRequest
from calendula.settings import Settings
from calendula.timetables import service as timetables
from calendula.visit_types import service as visit_types


@dataclass(frozen=True)
class Step:
    """A form that was sent on the way to an appointment, and what it takes to answer it."""

    doctor_id: PathId
    fields: FormFields
    request: Request
    reader: ReaderOfRequest
    client: ClientOfRequest
    database: DatabaseOfApp
    settings_of_app: SettingsOfApp

    @property
    def settings(self) -> Settings:
        """The settings, but that nobody books the past on a page."""
        return self.settings_of_app.model_copy(update={"open_clinic": False})

    def show(self, template: str, pick: Pick, status: int = 200, **context: Any) -> Response:
        """Return a page of what was picked, with what was typed in its fields."""
        with self.database.read() as session:
            scene = scene_of(session, self.doctor_id, pick.visit_type)
        return self.reader.show(
            f"booking/{template}",
            status,
            now=clock.now(),
            pick=pick,
            typed=typed(self.fields),
            **scene,
            **context,
        )


StepOfRequest = Annotated[Step, Depends()]


class Kept(NamedTuple):
    """What was picked, and the hold that keeps it."""

    pick: Pick
    hold: Appointment


def scene_of(session: Session, doctor_id: UUID, visit_type_id: UUID | None) -> dict[str, Any]:
    """Return with whom, where and what for, as templates name it.

    Raises UnknownDoctor and UnknownVisitType.
    """
    clinic = timetables.clinic(session)
    doctor = doctors.by_id(session, doctor_id)
    visit_type = visit_type_id and visit_types.get(
        session, visit_type_id, staff=False, doctor_id=doctor_id
    )
    return {
        "clinic": clinic,
        "clinic_name": clinic.name,
        "doctor": doctor,
        "visit_type": visit_type,
    }


def keep(step: Step, pick: Pick) -> Kept:
    """Return what was picked with its hold, which is placed where it keeps the time no more.

    Raises what `holds.place` raises.
    """
    with step.database.write() as session:
        hold = holds.live(session, pick.hold) if pick.hold else None
        if hold and (hold.doctor_id, hold.starts_at) == (step.doctor_id, pick.start):
            return Kept(pick, hold)
        # Who clicks twice asks twice, and gets the one hold; but one that has ended helps nobody.
        for key in (f"{pick.key} {pick.start.isoformat()} {pick.hold}", None):
            token = _place(session, step, pick, key)
            hold = holds.live(session, token)
            if hold is not None:
                break
        assert hold is not None  # noqa: S101 - it was placed just now
        return Kept(pick.model_copy(update={"hold": token}), hold)


def _place(session: Session, step: Step, pick: Pick, key: str | None) -> str:
    new = pick.to_hold(step.doctor_id)
    outcome = holds.place(session, step.settings, new, PUBLIC, key, client=step.client)
    assert outcome.secret is not None  # noqa: S101 - there is one with every new key
    return tokens.write(outcome.secret)
