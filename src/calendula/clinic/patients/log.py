from uuid import UUID

from sqlalchemy.orm import Session

from calendula.database import JsonObject
from calendula.events import service as events


def record(
    session: Session, action: str, patient_id: UUID, *, actor: str, data: JsonObject | None = None
) -> None:
    """Write down who has seen or changed what is stored about a patient; `data` has no values."""
    about = {"patient_id": str(patient_id)}
    events.record(
        session, action, actor=actor, patient_id=patient_id, data={**about, **(data or {})}
    )
