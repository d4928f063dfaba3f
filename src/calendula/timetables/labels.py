"""The label of a slot: `10:00 AM - 10:30 AM`, the one canonical form, and how people type it."""

import re
from functools import lru_cache

MAX_LENGTH = 64
MINUTES_OF_DAY = 24 * 60

_TIME = r"([0-9]{1,2})(?::([0-9]{2}))?\s*(?:([ap])\.?m\.?)?"
_LABEL = re.compile(rf"{_TIME}\s*(?:[-\u2010-\u2015\u2212]|to)\s*{_TIME}", re.IGNORECASE)


def parse(label: str) -> tuple[int, int]:
    """Read a slot's label leniently; return its start and end in minutes after midnight.

    Case and white space do not matter, any dash or "to" will do, and both times may be written on
    the 24-hour clock. An end at midnight is 1440. Raises ValueError where it is no label, ends
    before it starts, or crosses midnight.
    """
    match = _LABEL.fullmatch(label.strip()) if len(label) <= MAX_LENGTH else None
    if not match:
        raise ValueError("must be a time slot such as 10:00 AM - 10:30 AM")
    start, end = _minute(*match.groups()[:3]), _minute(*match.groups()[3:])
    if (match[3] is None) != (match[6] is None):
        raise ValueError("must say AM or PM for both times, or for neither")
    end = end or MINUTES_OF_DAY
    if not start < end:
        raise ValueError("must end after it starts, on the same day")
    return start, end


@lru_cache(maxsize=4096)
def write(start: int, end: int) -> str:
    """Return the canonical label of a slot that is given in minutes after midnight."""
    return f"{_clock(start)} - {_clock(end)}"


@lru_cache(maxsize=4096)
def canonical(label: str) -> str:
    """Return a label as it is written here. Raises ValueError as `parse` does."""
    return write(*parse(label))


def _minute(hour: str, minute: str | None, half: str | None) -> int:
    """Return the minute of the day; raise ValueError where the clock has no such time."""
    h, m = int(hour), int(minute or 0)
    if half:
        if not 1 <= h <= 12:  # noqa: PLR2004 - the hours of a clock face
            raise ValueError("must have hours from 1 to 12 with AM and PM")
        h = h % 12 + (12 if half in "pP" else 0)
    if m > 59 or h * 60 + m > MINUTES_OF_DAY:  # noqa: PLR2004 - the minutes of an hour
        raise ValueError("must hold times that a clock shows")
    return h * 60 + m


def _clock(minute: int) -> str:
    hour, rest = divmod(minute % MINUTES_OF_DAY, 60)
    return f"{hour % 12 or 12}:{rest:02} {'AM' if hour < 12 else 'PM'}"  # noqa: PLR2004
