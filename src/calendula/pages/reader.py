"""Who reads a page: in which language, and in which manner dates and times are written for them."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from babel import dates, numbers, units
from babel.core import get_global
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from calendula.http import links
from calendula.pages import languages, templates

LANGUAGE_COOKIE = "language"
_MOST_LETTERS = 4  # of a weekday's name in a calendar: "Thu", but not the seven of Arabic


class Reader:
    """A reader of the pages."""

    def __init__(self, request: Request) -> None:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        self.request = request
        self.language, self.locale = languages.choose(
            chosen, request.headers.get("accept-language", "")
        )
        self.translations = languages.translations(self.language.code)

    @property
    def direction(self) -> str:
        """`rtl` where the language is written from right to left."""
        return str(self.locale.text_direction)

    @property
    def tag(self) -> str:
        """The locale, as browsers name it (BCP 47): en-GB."""
        return str(self.locale).replace("_", "-")

    def text(self, text: str) -> str:
        """Return a text that is marked for the translators in the reader's language."""
        return self.translations.gettext(text)

    def address(self, path: str) -> str:
        """Return a path with all that stands before it, as people write it down."""
        return links.address(self.request, path)

    def date(self, day: dt.date) -> str:
        """Return a date with its weekday: Thursday, 26 November 2026."""
        return dates.format_date(day, "full", self.locale)

    def short_date(self, day: dt.date) -> str:
        """Return a date as short as it can be understood: Thu, 26 Nov."""
        return dates.format_skeleton("MMMEd", day, locale=self.locale)

    def month(self, day: dt.date) -> str:
        """Return the month of a date: November 2026."""
        return dates.format_skeleton("yMMMM", day, locale=self.locale)

    def weekday(self, number: int, width: str = "abbreviated") -> str:
        """Return the name of a weekday by its number: 0 is Monday."""
        return str(self.locale.days["stand-alone"][width][number])

    def short_weekday(self, number: int) -> str:
        """Return the name of a weekday as short as above a column of a calendar: Mon."""
        name = self.weekday(number)
        return name if len(name) <= _MOST_LETTERS else self.weekday(number, "narrow")

    def time(self, instant: dt.datetime, zone: dt.tzinfo) -> str:
        """Return the time of day of an instant in a zone: 2:30 PM, or 14:30."""
        return dates.format_time(instant, "short", tzinfo=zone, locale=self.locale)

    def wall_time(self, moment: dt.time) -> str:
        """Return a time of day: 2:30 PM, or 14:30."""
        return dates.format_time(moment, "short", locale=self.locale)

    def hour(self, hour: int) -> str:
        """Return an hour of the clock: 2 PM, or 14:00."""
        if "a" in self.locale.time_formats["short"].pattern:
            return dates.format_skeleton("h", dt.time(hour), locale=self.locale)
        return self.wall_time(dt.time(hour))

    def zone(self, instant: dt.datetime, zone: dt.tzinfo) -> str:
        """Return the name of a zone at an instant: Central European Time, or India Time."""
        key = str(zone)
        if key in get_global("meta_zones") or key not in get_global("zone_territories"):
            return dates.get_timezone_name(instant.astimezone(zone), locale=self.locale)
        return dates.get_timezone_location(zone, locale=self.locale)  # else GMT+05:30, says Babel

    def minutes(self, number: int) -> str:
        """Return a length of time: 9 minutes."""
        return str(units.format_unit(number, "duration-minute", locale=self.locale))

    def number(self, number: float) -> str:
        """Return a number."""
        return numbers.format_decimal(number, locale=self.locale)

    def percent(self, percent: float) -> str:
        """Return a number of hundredths: 25%."""
        return numbers.format_percent(percent / 100, locale=self.locale)

    @property
    def first_weekday(self) -> int:
        """The day that a week begins with: 0 is Monday."""
        return self.locale.first_week_day

    def show(
        self,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Return a page."""
        environment = templates.environment(self.language.code)
        page = environment.get_template(template)
        root = self.request.scope.get("root_path", "")
        content = page.render(reader=self, root=root, request=self.request, **context)
        return HTMLResponse(content, status, headers=dict(headers or {}))


async def _reader(request: Request) -> Reader:
    return Reader(request)


ReaderOfRequest = Annotated[Reader, Depends(_reader)]
