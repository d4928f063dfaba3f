from calendula.database import Database
from calendula.events import service as events
from calendula.timetables import service as timetables

DOCTORS = {
    "Dr. Rajesh Kumar": "General practice",
    "Dr. Amina Yusuf": "Paediatrics",
    "Dr. Lena Hoffmann": "Dermatology",
    "Dr. Mei Chen": "Cardiology",
}


def add_doctors(database: Database, time_zone: str) -> None:
    """Give an open clinic its sample doctors, once: whoever is removed later stays away."""
    with database.write() as session:
        if events.happened(session, "clinic.opened"):
            return
        events.record(session, "clinic.opened", actor="system")
        for name, specialty in DOCTORS.items():
            timetables.add_doctor(
                session, name, specialty=specialty, time_zone=time_zone, actor="system"
            )
