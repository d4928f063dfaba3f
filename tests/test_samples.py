from sqlalchemy import delete, select

from calendula import samples
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.timetables.models import WeeklyHours


def test_sample_doctors_come_once(database: Database) -> None:
    """A sample doctor whom the clinic removed does not come back at the next start."""
    with database.write() as session:
        mei = select(Doctor.id).where(Doctor.name == "Dr. Mei Chen").scalar_subquery()
        session.execute(delete(WeeklyHours).where(WeeklyHours.doctor_id == mei))
        session.execute(delete(Doctor).where(Doctor.name == "Dr. Mei Chen"))
    samples.add_doctors(database, "UTC")
    with database.read() as session:
        names = set(session.scalars(select(Doctor.name)))
    assert names == set(samples.DOCTORS) - {"Dr. Mei Chen"}
