"""The languages of the pages, and which of them a reader wants."""

import re
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.support import NullTranslations, Translations

_DOMAIN = "calendula"
_PREFERENCE = re.compile(
    r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{1,3})?))?\s*"
)
_MOST_PREFERENCES = 20


class Language(NamedTuple):
    """A language that the pages speak."""

    code: str
    """BCP 47."""
    name: str
    """In the language itself."""


ENGLISH = Language("en", "English")
LANGUAGES = {
    language.code: language
    for language in (
        ENGLISH,
        Language("hi", "हिन्दी"),
        Language("de", "Deutsch"),
        Language("ar", "العربية"),
    )
}


class Choice(NamedTuple):
    """A language, and the manner in which its reader writes dates and times."""

    language: Language
    locale: Locale


def choose(cookie: str | None, accept_language: str) -> Choice:
    """Return the language that a reader has chosen, else the first that their browser asks for.

    Of the browser's languages (RFC 9110, section 12.5.4) the region counts too: it is by this that
    people write half past two as 2:30 PM or as 14:30.
    """
    wanted = _preferred(accept_language)
    if cookie in LANGUAGES:
        wanted = [it for it in wanted if it.partition("-")[0].lower() == cookie] + [cookie]
    for tag in wanted:
        language = LANGUAGES.get(tag.partition("-")[0].lower())
        if language is not None:
            return Choice(language, _locale(tag, language))
    return Choice(ENGLISH, _locale("en", ENGLISH))


@cache
def translations(code: str) -> NullTranslations:
    """Return what a language says for each text of the pages.

    Read from the translators' file itself, so that no compiled one can be behind it.
    """
    from babel.messages.mofile import write_mo  # which a start can do without
    from babel.messages.pofile import read_po

    source = files("calendula.pages") / "locale" / code / "LC_MESSAGES" / f"{_DOMAIN}.po"
    if code == ENGLISH.code:
        return NullTranslations()
    with source.open("rb") as file:
        catalog = read_po(file, locale=code, domain=_DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled, domain=_DOMAIN)


def marked(text: str) -> str:
    """Mark a text for the translators where it stands, to be translated where it is shown."""
    return text


def _preferred(accept_language: str) -> list[str]:
    """Return the languages of the header, the dearest first."""
    found = []
    for part in accept_language.split(",")[:_MOST_PREFERENCES]:
        match = _PREFERENCE.fullmatch(part)
        if match and float(match[2] or 1) > 0:
            found.append((float(match[2] or 1), match[1]))
    return [tag for _, tag in sorted(found, key=lambda it: -it[0])]


def _locale(tag: str, language: Language) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(language.code)
