"""The limits of bookings and the holidays: the clinic's, with its contact, and a doctor's own."""

from fastapi import APIRouter, Response

from calendula.access.guard import CallerOfRequest
from calendula.clinic import edits, examples
from calendula.clinic.answers import STALE, UNKNOWN
from calendula.clinic.parameters import DryRun
from calendula.clinic.policies.schemas import (
    ClinicInfo,
    ClinicRules,
    DoctorPolicy,
    EditedClinic,
    EffectivePolicy,
    PolicyBody,
)
from calendula.clinic.schemas import Edited
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.etags import IfMatch
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute
from calendula.timetables import service as timetables
from calendula.timetables.models import Clinic
from calendula.timetables.policy import Policy

router = APIRouter(
    prefix="/v1", tags=["Policies"], route_class=JsonRoute, dependencies=[KnownQuery]
)


@router.get("/clinic", summary="Read the clinic's rules")
def read_clinic(response: Response, database: DatabaseOfApp) -> ClinicInfo:
    """Show the clinic's contact, and the holidays and limits of every doctor who has no others."""
    with database.read() as session:
        clinic = timetables.clinic(session)
    etags.show(response, clinic.version)
    return ClinicInfo.of(clinic)


@router.put("/clinic", summary="Replace the clinic's rules", responses={**examples.CLINIC, **STALE})
def replace_clinic(
    rules: ClinicRules,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedClinic:
    """Let these be the holidays and limits of every doctor who has no others, at once.

    Name, telephone number and e-mail address are what patients are told of the clinic.
    """
    with database.write(dry_run=dry_run) as session:
        clinic = edits.begin_for_clinic(session, precondition)
        everyone = edits.begin_for_all(session)
        before = ClinicInfo.of(clinic)
        touched = everyone if clinic.holidays != rules.holidays else []  # limits orphan nothing
        clinic.name, clinic.phone, clinic.email = rules.name, rules.phone, rules.email
        clinic.holidays = rules.holidays
        clinic.policy = rules.policy.said()
        after = ClinicInfo.of(clinic)
        effects = edits.end(
            session, touched, "clinic", actor=caller.actor, before=before, after=after
        )
    edits.show_version(response, clinic.version, dry_run=dry_run)
    return EditedClinic(**after.model_dump(), effects=Edited.of(effects, dry_run=dry_run))


@router.get(
    "/doctors/{doctor_id}/policy", summary="Read a doctor's limits of bookings", responses=UNKNOWN
)
def read_policy(doctor_id: PathId, response: Response, database: DatabaseOfApp) -> DoctorPolicy:
    """Show the limits that are set for a doctor, and those that hold."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        clinic = timetables.clinic(session)
    etags.show(response, doctor.timetable_version)
    return _shown(clinic, doctor)


@router.put(
    "/doctors/{doctor_id}/policy",
    summary="Replace a doctor's limits of bookings",
    responses={**UNKNOWN, **STALE},
)
def replace_policy(
    doctor_id: PathId,
    limits: PolicyBody,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
) -> DoctorPolicy:
    """Set a doctor's own limits; for those that are not named, the clinic's hold.

    What is booked already stays: limits are about new bookings.
    """
    with database.write() as session:
        doctor = edits.begin(session, doctor_id, precondition)
        clinic = timetables.clinic(session)
        before = _shown(clinic, doctor)
        doctor.policy = limits.said()
        shown = _shown(clinic, doctor)
        events.record(
            session,
            "policy.replaced",
            actor=caller.actor,
            doctor_id=doctor_id,
            data=edits.change(before, shown),
        )
    etags.show(response, doctor.timetable_version)
    return shown


def _shown(clinic: Clinic, doctor: Doctor) -> DoctorPolicy:
    effective = Policy.of(clinic.policy, doctor.policy)
    return DoctorPolicy(own=doctor.policy, effective=EffectivePolicy.of(effective))
