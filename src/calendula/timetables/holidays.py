"""Public holidays, by the codes of ISO 3166: a country (`IN`) or a part of one (`DE-BY`)."""

import warnings
from datetime import date
from functools import lru_cache

NONE = "none"
"""For a doctor who works on the clinic's holidays."""
MAX_LENGTH = 16
_CACHED_YEARS = 256


def known_calendar(code: str) -> str:
    """Return the code of a calendar of holidays; raise ValueError where there is none."""
    import holidays

    country, _, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    whole_or_part = country in known and ("-" not in code or part in known[country])
    if not whole_or_part or len(code) > MAX_LENGTH:  # what is longer is no code of ISO 3166
        raise ValueError("must be a country such as IN, or a part of one such as DE-BY (ISO 3166)")
    return code


def name_of(code: str | None, day: date) -> str | None:
    """Return the English name of the holiday that a date is by this calendar, or None."""
    return None if code in {None, NONE} else _year(str(code), day.year).get(day)


@lru_cache(_CACHED_YEARS)
def _year(code: str, year: int) -> dict[date, str]:
    import holidays  # a clinic without holidays need not load it

    # Of far years not all holidays are known: no news, and no line on standard error.
    warnings.filterwarnings("ignore", "Requested Holidays are available", UserWarning)
    country, _, part = code.partition("-")
    return dict(
        holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US")
    )
