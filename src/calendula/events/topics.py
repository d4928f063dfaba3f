"""Which hints events give to open pages. Pure."""

from collections.abc import Iterable

from calendula.database import EVERYTHING
from calendula.events.chain import Entry

# Not what only shows that somebody looked, "patient.read" above all: a page that hears of its own
# looking would look for ever.
_SEEN = (
    *("appointment.", "hold.", "day.", "doctor.", "timetable.", "visit-type.", "policy."),
    "clinic.",
)


def of(entries: Iterable[Entry]) -> set[str]:
    """Return the doctors, by their ids, of whom some events change what people see.

    An event of no doctor changes it for everybody. What has changed is not told.
    """
    return {
        EVERYTHING if entry.doctor_id is None else str(entry.doctor_id)
        for entry in entries
        if entry.action.startswith(_SEEN)
    }
