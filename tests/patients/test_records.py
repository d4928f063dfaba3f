import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calendula.database import Database
from calendula.patients import records, service


def test_who_is_gone_again_is_not_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the other gives the identity up at that moment, the refusal has nobody's id."""

    def refuse(session: Session, *_: object) -> None:
        raise IntegrityError("UPDATE patient", None, ValueError("patient_identifier_name_key"))

    monkeypatch.setattr(records, "_identify_as", refuse)
    with database.write() as session:
        patient_id = service.identify(session, "1", "Asha Verma")
        (patient,) = records.take(session, patient_id)
        with pytest.raises(records.PatientExists) as refused:
            records.change(session, patient, {"name": "Asha Rao"})
    assert refused.value.members == {}
