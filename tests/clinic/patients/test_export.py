from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import inspect, select, update

from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.clinic.patients.schemas import ExportedAppointment, PatientRecord
from calendula.database import Database
from calendula.patients.models import Patient
from support.clinic import MEI, TEN, TWO, book, find, last_event
from support.patients import ids_of, patient_of

PAST = date(2025, 2, 7)
SAID = {"email": "asha@example.com", "phone": "112", "note": "A ramp.", "reason": "She is ill."}


def _export(admin: TestClient, patient: str) -> Any:
    answer = admin.get(f"/v1/patients/{patient}/export")
    assert answer.status_code == 200, answer.text
    return answer


def test_all_about_one_is_exported(admin: TestClient, database: Database) -> None:
    """The patient, the aliases, each appointment and each event of theirs, and of nobody else."""
    one = book(admin, TEN, PAST)
    two = book(admin, TWO, PAST, patient_name="Asha Verm")
    book(admin, "11:00 AM - 11:30 AM", PAST, patient_id="P-2", patient_name="Ravi")
    patient, alias, other = ids_of(database, "Asha Verma", "Asha Verm", "Ravi")
    for read in patient, alias, other:
        admin.get(f"/v1/patients/{read}")
    admin.post(f"/v1/patients/{patient}/merge", json={"duplicate_id": alias})
    with database.write() as session:
        session.execute(update(Appointment).where(Appointment.id == UUID(one)).values(SAID))
    answer = _export(admin, patient)
    exported = answer.json()
    assert exported["patient"]["name"] == "Asha Verma"
    assert [it["name"] for it in exported["aliases"]] == ["Asha Verm"]
    first, second = exported["appointments"]
    assert (first["id"], second["id"]) == (one, two)
    assert {name: first[name] for name in SAID} == SAID
    shown = (first["doctor_id"], first["doctor_name"], first["time_slot"], first["status"])
    assert shown == (find(admin), MEI, TEN, "booked")
    actions = [it["action"] for it in exported["events"]]
    assert actions == [*["appointment.booked"] * 2, *["patient.read"] * 2, "patient.merged"]
    assert "Ravi" not in answer.text
    assert other not in answer.text


def test_an_export_is_a_file_without_a_name(admin: TestClient, database: Database) -> None:
    """It is for saving, for no cache, its file name says nothing, and the log has it."""
    book(admin, day=PAST)
    (patient,) = ids_of(database, "Asha Verma")
    headers = _export(admin, patient).headers
    assert headers["content-disposition"] == f'attachment; filename="patient-{patient}.json"'
    assert headers["cache-control"] == "no-store"
    assert patient_of(last_event(database, "patient.exported")) == patient


def test_stored_answers_and_tokens_are_exported(admin: TestClient, database: Database) -> None:
    """How long a patient's tokens are good, and what is kept to answer again, are part of it."""
    who = {"patient_id": "P-1", "patient_name": "Asha Verma", "doctor_name": MEI}
    body = {**who, "date": PAST.isoformat(), "time_slot": TEN}
    admin.post("/book_appointment", json=body, headers={"Idempotency-Key": "once"})
    (patient,) = ids_of(database, "Asha Verma")
    (exported,) = _export(admin, patient).json()["appointments"]
    (kept,) = exported["stored_answers"]
    assert kept["answer"]["appointment_id"] == exported["id"]
    with database.read() as session:
        until = session.scalars(select(AppointmentToken.expires_at)).all()
    assert [datetime.fromisoformat(it) for it in exported["tokens_expire_at"]] == list(until)


def test_no_column_is_forgotten() -> None:
    """Every column of a patient and of an appointment is in the export, or is known not to be."""
    renamed = {"starts_at": "start", "ends_at": "end", "slot": "time_slot"}
    renamed["visit_type_id"] = "visit_type"
    columns = {renamed.get(it.key, it.key) for it in inspect(Appointment).columns}
    of_holds = {"held_by", "hold_number"}
    assert columns - of_holds <= set(ExportedAppointment.model_fields)
    assert {it.key for it in inspect(Patient).columns} - {"search_key"} == set(
        PatientRecord.model_fields
    )
