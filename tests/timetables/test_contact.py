import pytest

from calendula.timetables.contact import whom_to_call


@pytest.mark.parametrize(
    ("name", "phone", "sentence"),
    [
        ("Sunrise Clinic", "+91 80 1234", "Please call Sunrise Clinic on +91 80 1234."),
        (None, "+91 80 1234", "Please call the clinic on +91 80 1234."),
        ("Sunrise Clinic", None, "Please call Sunrise Clinic."),
        (None, None, "Please call the clinic."),
    ],
)
def test_a_patient_is_told_whom_to_call(name: str | None, phone: str | None, sentence: str) -> None:
    """The sentence is whole, whatever the clinic has told of itself."""
    assert whom_to_call(name, phone) == sentence
