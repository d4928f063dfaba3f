"""Patients, as the staff deals with them. Who has seen or changed what is in the log of events."""

from fastapi import APIRouter, Response

from calendula.access.guard import CallerOfRequest
from calendula.clinic.patients import erasure, examples, service
from calendula.clinic.patients.export import export
from calendula.clinic.patients.schemas import (
    FoundPatient,
    Merge,
    PatientChange,
    PatientExport,
    PatientRecord,
    PatientSearch,
)
from calendula.events import service as events
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute
from calendula.http.pagination import Page, page
from calendula.patients import records
from calendula.patients.models import Patient

_ONE = "/{patient_id:uuid}"  # not `search`, where other methods than POST are 405

router = APIRouter(
    prefix="/v1/patients", tags=["Patients"], route_class=JsonRoute, dependencies=[KnownQuery]
)


@router.post("/search", summary="Find patients", responses=examples.SEARCH)
def search_patients(
    wanted: PatientSearch, caller: CallerOfRequest, database: DatabaseOfApp
) -> Page[FoundPatient]:
    """List the patients of whom all is true that the body says, by name.

    Nobody who was merged or erased is found.
    """
    query = records.matching(**wanted.model_dump(exclude={"cursor", "limit"}))
    order = [Patient.search_key, Patient.id]
    with database.write() as session:
        rows, following = page(session, query, order, wanted.cursor, wanted.limit)
        service.note_read(session, rows, caller)
    return Page(items=[FoundPatient.model_validate(it) for it in rows], next=following)


@router.get(_ONE, summary="Read a patient", responses=examples.PATIENT)
def read_patient(
    patient_id: PathId, caller: CallerOfRequest, database: DatabaseOfApp
) -> PatientRecord:
    """Show who a patient is. A doctor sees those who have an appointment with them."""
    with database.write() as session:
        patient = service.read(session, patient_id, caller)
    return PatientRecord.model_validate(patient)


@router.patch(_ONE, summary="Change a patient", responses=examples.CHANGE)
def change_patient(
    patient_id: PathId, change: PatientChange, caller: CallerOfRequest, database: DatabaseOfApp
) -> PatientRecord:
    """Change what is named (RFC 7396). Who is booked under the old name later is another."""
    with database.write() as session:
        values = change.model_dump(exclude_unset=True)
        patient = service.change(session, patient_id, values, caller)
    return PatientRecord.model_validate(patient)


@router.post("/{patient_id}/merge", summary="Merge two patients", responses=examples.MERGE)
def merge_patients(
    patient_id: PathId, merge: Merge, caller: CallerOfRequest, database: DatabaseOfApp
) -> PatientRecord:
    """Let two be one person. The duplicate's appointments, and later bookings, are the patient's.

    It cannot be undone. The patient's own name and contact stay; the duplicate's are kept as an
    alias.
    """
    with database.write() as session:
        patient, moved = erasure.merge(session, patient_id, merge.duplicate_id)
        said = {"duplicate_id": str(merge.duplicate_id), "appointments": moved}
        events.record(
            session, "patient.merged", actor=caller.actor, patient_id=patient.id, data=said
        )
    return PatientRecord.model_validate(patient)


@router.get("/{patient_id}/export", summary="Export a patient", responses=examples.EXPORT)
def export_patient(
    patient_id: PathId, response: Response, caller: CallerOfRequest, database: DatabaseOfApp
) -> PatientExport:
    """Give all that is stored about a patient, their aliases and appointments, as one file."""
    with database.write() as session:
        (patient,) = records.take(session, patient_id)
        exported = export(session, patient)
        events.record(session, "patient.exported", actor=caller.actor, patient_id=patient.id)
    response.headers["Content-Disposition"] = f'attachment; filename="patient-{patient_id}.json"'
    return exported


@router.post("/{patient_id}/erase", summary="Erase a patient", responses=examples.ERASURE)
def erase_patient(
    patient_id: PathId, caller: CallerOfRequest, database: DatabaseOfApp
) -> PatientRecord:
    """Forget who a patient is, for good; doctor, time and status of the appointments stay.

    There must be no appointment ahead. Twice is the same as once.
    """
    with database.write() as session:
        patient, forgotten = erasure.erase(session, patient_id)
        if forgotten:
            events.record(session, "patient.erased", actor=caller.actor, patient_id=patient.id)
    database.scrub()
    return PatientRecord.model_validate(patient)
