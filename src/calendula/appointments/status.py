from enum import StrEnum


class Status(StrEnum):
    """The codes of FHIR R5's AppointmentStatus that Calendula uses."""

    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    CHECKED_IN = "checked-in"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"


HOLDING = tuple(
    status for status in Status if status not in {Status.CANCELLED, Status.ENTERED_IN_ERROR}
)
"""The states in which an appointment keeps others out of its slot."""
