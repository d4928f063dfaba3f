"""What a name may be, and when two names are the same.

Names of people are almost free text: any script, apostrophes, emoji, `<script>`. What is refused
cannot be seen or stored, or shows something else than it holds (Unicode TR36, "Unicode Security
Considerations", and TR39).
"""

import unicodedata
from functools import cache

MAX_LENGTH = 200
"""Characters (code points, after NFC)."""

# Zero-width non-joiner and joiner: Persian, Hindi and emoji sequences are misspelt without them.
_JOINERS = "\u200c\u200d"
# Fillers of Hangul and the empty pattern of Braille count as letters and symbols; the rest is no
# character at all (Unicode, section 23.7).
_SHOW_NOTHING = frozenset("\u115f\u1160\u2800\u3164\uffa0").union(
    map(chr, range(0xFDD0, 0xFDF0)),
    (chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)),
)

# What Unicode calls default ignorable, as far as `clean` lets it pass: an emoji may be written with
# or without a variation selector, and is the same.
_IGNORABLE = dict.fromkeys(
    [
        *map(ord, _JOINERS),
        *(0x034F, 0x17B4, 0x17B5),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    ]
)

_LOOKS_LIKE = str.maketrans("01|", "oll")
_STROKES = str.maketrans("øđłħŧı", "odlhti")  # letters that Unicode does not take apart
_SHORT = 3  # letters: Li, Ann; what holds them is mostly another word
_ACCENTS = 200  # from here on, its combining classes are marks above, below and beside a letter


def clean(text: str) -> str:
    """Return a name as it is stored: NFC, without white space around it.

    Raises ValueError with the reason: empty, too long, no letter, digit or symbol in it, or a
    character that is a control, a bidirectional override, invisible or no character at all.
    """
    name = text.strip()
    hides_nothing = name.isascii() and name.isprintable()  # as most, and to tell costs little
    if not hides_nothing:
        name = unicodedata.normalize("NFC", name)
    if not name:
        raise ValueError("must not be blank")
    if len(name) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    if not hides_nothing and any(map(is_hidden, name)):
        raise ValueError("must not hold control or invisible characters")
    if not any(unicodedata.category(char)[0] in "LNS" for char in name):
        raise ValueError("must hold a letter, a digit or a symbol")
    return name


def key(name: str) -> str:
    """Return the form in which equal names are equal: case, width and white space do not count.

    Unicode's NFKC_Casefold (UAX 31: without what is ignorable), with white space folded.
    """
    if name.isascii():  # as most; and none of these has another form
        return " ".join(name.casefold().split())
    seen = unicodedata.normalize("NFKC", name).translate(_IGNORABLE).casefold()
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def plain(text: str) -> str:
    """Return the form in which texts are searched: case, accents and white space do not count."""
    folded = key(text)
    if folded.isascii():
        return folded
    letters = unicodedata.normalize("NFKD", folded).translate(_STROKES)
    kept = (char for char in letters if unicodedata.combining(char) < _ACCENTS)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def skeleton(name: str) -> str:
    """Return what a name looks like: two that one cannot tell apart have the same.

    Letters of other scripts that look like a Latin one count as that, and so do the digits 0 and 1
    (Unicode TR39, section 4). Latin letters are what they are: Dr. Burns is not Dr. Bums.
    """
    seen = unicodedata.normalize("NFKC", name).translate(_IGNORABLE)
    latin = "".join(char if char.isascii() else _lookalike(char) for char in seen)
    return key(latin).translate(_LOOKS_LIKE)


def is_hidden(char: str) -> bool:
    """Tell whether a character is a control, invisible or none, or turns the text around."""
    category = unicodedata.category(char)
    formats = category == "Cf" and char not in _JOINERS
    return formats or category in {"Cc", "Cs", "Zl", "Zp"} or char in _SHOW_NOTHING


@cache
def _lookalike(char: str) -> str:
    from confusable_homoglyphs import confusables  # half a megabyte that only a new doctor needs

    alike = (other["c"] for other in confusables.confusables_data.get(char, ()))
    return next((other for other in alike if other.isascii() and len(other) == 1), char)


def mentions(text: str, name: str) -> bool:
    """Tell whether a text holds a word of a name, whatever its case, accents and punctuation.

    Longer words and those of other scripts count inside of other words too: Vermas, 张伟的妈妈. One
    Latin letter alone is no word.
    """
    said = plain(text)
    words, run_together = set(_words(said)), "".join(_words(said))
    return any(
        word in words if word.isascii() and len(word) <= _SHORT else word in run_together
        for word in _words(plain(name))
        if len(word) > 1 or not word.isascii()
    )


def holds(text: str, identifier: str) -> bool:
    """Tell whether a text holds an identifier of two characters or more, however it is written."""
    wanted = "".join(_words(plain(identifier)))
    return len(wanted) > 1 and wanted in "".join(_words(plain(text)))


def _words(text: str) -> list[str]:
    apart = "".join(char if char.isalnum() else " " for char in text.replace("'", ""))
    return apart.split()
