"""What the database says of days, for those of whom nobody knows any more."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from uuid import UUID

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session

from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING, Status
from calendula.availability.search import bits
from calendula.availability.search.day import Day, Gone
from calendula.availability.search.offered import Exceptions, day_of, offered, whole
from calendula.availability.search.roster import Roster
from calendula.intervals import Interval, Part
from calendula.timetables import service as timetables
from calendula.timetables.windows import Window

_FEW = 100  # doctors who are named to the database; of more, all are read
_SURE = tuple(status for status in HOLDING if status != Status.PENDING)  # what is held may expire


def renew(session: Session, roster: Roster, days: Sequence[Day], wanted: int) -> None:
    """Look anew at those of the wanted doctors of whom nobody knows any more, on some days."""
    who = reduce(or_, (day.stale for day in days)) & wanted
    if not who:
        return
    few = None
    if who.bit_count() <= _FEW:
        few = [roster.ids[number] for number in bits.numbers(who)]
    else:
        who = bits.ALL
    first, last = days[0].date, days[-1].date
    exceptions = _exceptions(session, roster, first, last, few)
    time = Part(whole(first).start, whole(last).end)
    off = list(_time_off(session, roster, time, few))
    gone = _appointments(session, roster, time, few)
    for day in days:
        offers = offered(roster, day.date, day.visit, exceptions)
        day.renew(day.stale & who, offers, [*off, *gone.get(day.date, ())])


def _exceptions(
    session: Session, roster: Roster, first: date, last: date, few: Sequence[UUID] | None
) -> Exceptions:
    overridden: dict[date, list[int]] = defaultdict(list)
    windows: dict[date, dict[Window, int]] = defaultdict(lambda: defaultdict(int))
    for row in timetables.overrides_about(session, first, last, few):
        number = roster.number(row.doctor_id)
        if number is not None:
            overridden[row.date].append(number)
            for window in row.windows:
                windows[row.date][Window(*window)] |= 1 << number
    sets = {it: bits.of(who, len(roster)) for it, who in overridden.items()}
    return Exceptions(sets, windows)


def _time_off(
    session: Session, roster: Roster, time: Interval, few: Sequence[UUID] | None
) -> Iterator[Gone]:
    for off in timetables.all_time_off(session, time, few):
        who = bits.ALL if off.doctor_id is None else roster.some([off.doctor_id])
        yield Gone(off.starts_at, off.ends_at, who)


def _appointments(
    session: Session, roster: Roster, time: Interval, few: Sequence[UUID] | None
) -> Mapping[date, Sequence[Gone]]:
    """Return the times that appointments take, by the days on which the appointments start.

    Not those on which their buffers do: an event of an appointment tells the former, and that day
    alone is looked at anew then.
    """
    gone: dict[date, list[Gone]] = defaultdict(list)
    for start, occupied_from, occupied_until, ids in session.execute(_held(time, few)):
        it = Gone(occupied_from, occupied_until, roster.written(ids))
        gone[day_of(start)].append(it)
    return gone


def _held(time: Interval, few: Sequence[UUID] | None) -> Select[datetime, datetime, datetime, str]:
    """Return the query: rows of times, with the ids of all whose they are as one text.

    Of ten thousand doctors that is a hundredth of the work that a row for each would be. What
    reaches into a day from the one before, the look-up sees.
    """
    ids = func.aggregate_strings(cast(Appointment.doctor_id, String), ",")
    times = Appointment.starts_at, Appointment.occupied_from, Appointment.occupied_until
    query = (
        select(*times, ids)
        .where(
            Appointment.status.in_(_SURE),
            Appointment.starts_at >= time.start,
            Appointment.starts_at < time.end,
        )
        .group_by(*times)
    )
    return query if few is None else query.where(Appointment.doctor_id.in_(few))
