"""An appointment that is in no database."""

from dataclasses import dataclass
from datetime import UTC, datetime

START = datetime(2030, 1, 7, 9, tzinfo=UTC)


@dataclass
class Situation:
    """What of an appointment decides what can be done to it."""

    status: str
    starts_at: datetime = START
    expires_at: datetime | None = None
