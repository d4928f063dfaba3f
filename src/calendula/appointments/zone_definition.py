"""The definition of a time zone that stands in a calendar file: as much of it as a time needs.

icalendar's own (`Timezone.from_tzinfo`, 7.3) cannot be used: it dates the change to summer time in
the time after it, an hour late, and it does not see a Ramadan in Africa/Casablanca.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import MINYEAR, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_SECOND, _DAY, _YEAR = timedelta(seconds=1), timedelta(days=1), timedelta(days=366)


def around(start: datetime, end: datetime, zone: ZoneInfo, tzid: str) -> "Timezone":
    """Return a VTIMEZONE that is right from one aware instant to another (RFC 5545, 3.6.5).

    It has the last two changes of the year before, which are summer and winter time where there
    are such, and those that come until the end. The least offset is called standard: not every
    reader knows that in Dublin it is the winter that is the exception.
    """
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

    onsets = _onsets(start, end, zone)
    standard = min(_offset(onset, zone) for onset in onsets)
    definition = Timezone()
    definition.add("TZID", tzid)
    for onset in onsets:
        is_standard = _offset(onset, zone) == standard
        observance = TimezoneStandard() if is_standard else TimezoneDaylight()
        _begin(observance, onset, zone)
        definition.add_component(observance)
    return definition


def _onsets(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    since = start - (_YEAR if start.year > MINYEAR + 1 else timedelta())
    changes = list(_changes(zone, since, end))
    before = [change for change in changes if change <= start]
    return (before[-2:] or [since]) + changes[len(before) :]


def _changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """Give the instants at which a zone's offset becomes another."""
    days = (until - since) // _DAY
    instants = [*(since + day * _DAY for day in range(days + 1)), until]
    for early, late in pairwise(instants):
        if _offset(early, zone) != _offset(late, zone):
            yield _change(early, late, zone)


def _change(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    def changed(seconds: int) -> bool:
        return _offset(early + seconds * _SECOND, zone) != _offset(early, zone)

    seconds = range((late - early) // _SECOND)
    return early + bisect_left(seconds, True, key=changed) * _SECOND  # noqa: FBT003


def _begin(
    observance: "TimezoneStandard | TimezoneDaylight", onset: datetime, zone: ZoneInfo
) -> None:
    """Let it hold from an instant on; DTSTART is in the wall time that ends there."""
    before = _offset(onset - _SECOND, zone) if onset.year > MINYEAR else _offset(onset, zone)
    observance.DTSTART = onset.replace(tzinfo=None) + before
    observance.TZOFFSETFROM = before
    observance.TZOFFSETTO = _offset(onset, zone)
    observance.add("TZNAME", onset.astimezone(zone).tzname())


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
