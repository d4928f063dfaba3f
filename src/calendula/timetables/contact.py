"""How a patient reaches the clinic, in words. Pure."""


def whom_to_call(clinic_name: str | None, phone: str | None) -> str:
    """Return the sentence that tells a patient whom to call; the last one of a refusal."""
    number = f" on {phone}" if phone else ""
    return f"Please call {clinic_name or 'the clinic'}{number}."
