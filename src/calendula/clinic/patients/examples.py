"""What is answered about patients, for the OpenAPI document. A test compares it."""

from typing import Any

from calendula.clinic.answers import Responses
from calendula.http import openapi
from calendula.http.problems import body

_ASHA = {
    "id": "01a208db-94f1-7118-9b4d-e0936fe9f636",
    "identifier": "P-1001",
    "name": "Asha Verma",
    "email": "asha@example.com",
    "phone": "+91 22 5550 0100",
    "created_at": "2035-09-29T09:00:00Z",
}
_DUPLICATE_ID = "01a208db-9511-7a3e-8d25-5b0d3f8f4c11"
_STANDING = {"merged_into": None, "erased_at": None}
_ERASED = {
    **_ASHA,
    **dict.fromkeys(("identifier", "name", "email", "phone")),
    "merged_into": None,
    "erased_at": "2035-10-02T09:00:00Z",
}


def _conflict(detail: str, code: str, **members: Any) -> dict[str, Any]:
    return body(409, detail, code, members)


_MERGED = _conflict(
    "The patient was merged into another.", "patient-merged", merged_into=_ASHA["id"]
)
_GONE = _conflict("The patient was erased.", "patient-erased")
_UNKNOWN: Responses = {
    404: openapi.problem(
        "No patient has this id, or none whom the caller may see",
        unknown_patient=body(404, "There is no patient of this id.", "unknown-patient", {}),
    )
}

SEARCH: Responses = {
    200: openapi.answer("The patients, by name", patients_found={"items": [_ASHA], "next": None}),
    422: openapi.problem(
        "A field is not acceptable, or nothing is asked for",
        nothing_asked=body(
            422, "Name what to look for: name, identifier, email or phone.", "invalid", {}
        ),
    ),
}
PATIENT: Responses = {
    200: openapi.answer("The patient", patient_read={**_ASHA, **_STANDING}, patient_gone=_ERASED),
    **_UNKNOWN,
}
CHANGE: Responses = {
    200: openapi.answer("The patient as it is now", patient_changed={**_ASHA, **_STANDING}),
    **_UNKNOWN,
    409: openapi.problem(
        "The patient cannot be this",
        patient_exists=_conflict(
            "Another patient has this identifier and name. Merge them if they are one person.",
            "patient-exists",
            patient_id=_DUPLICATE_ID,
        ),
        patient_merged=_MERGED,
        patient_erased=_GONE,
    ),
}
MERGE: Responses = {
    200: openapi.answer("The patient who remains", merged={**_ASHA, **_STANDING}),
    **_UNKNOWN,
    409: openapi.problem(
        "These two cannot be one",
        same_patient=_conflict("Nobody is their own duplicate.", "same-patient"),
        merged_already=_MERGED,
        erased_already=_GONE,
    ),
}
EXPORT: Responses = {
    **_UNKNOWN,
    409: openapi.problem("The patient was merged into another", export_of_merged=_MERGED),
}
ERASURE: Responses = {
    200: openapi.answer("What is left of the patient", erased=_ERASED),
    **_UNKNOWN,
    409: openapi.problem(
        "The patient has appointments ahead, or was merged into another",
        patient_has_appointments=_conflict(
            "The patient has appointments ahead. Cancel them first.",
            "patient-has-appointments",
            appointments=["01a208db-94f8-75d7-84bc-fd997f74a599"],
        ),
        erasure_of_merged=_MERGED,
    ),
}
