from datetime import timedelta

import pytest

from calendula.access import keys

KEY = "cal_abcdefgh_" + "A-_z" * 10 + "xyz"


def test_a_key_says_its_handle() -> None:
    """A new key is recognised, has 256 bits that are its own, and its handle is in it."""
    one, other = keys.make(), keys.make()
    assert keys.handle_of(one.text) == one.handle
    assert one.text.startswith(f"cal_{one.handle}_")
    assert len(one.text) == len("cal_") + 8 + 1 + 43
    assert one.text[13:] != other.text[13:]
    assert one.handle != other.handle


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEY[:-1],
        f"{KEY}A",
        f" {KEY}",
        f"{KEY}\n",
        KEY.upper(),
        KEY.replace("cal", "CAL"),
        KEY.replace("_abc", "-abc"),
        KEY.replace("abcdefgh", "abcdefg"),
        KEY.replace("abcdefgh", "abcdefg0"),
        KEY.replace("abcdefgh", "абвгдежз"),
        KEY.replace("z", "é", 1),
        KEY.replace("z", "=", 1),
    ],
)
def test_what_is_no_key_has_no_handle(text: str) -> None:
    """A text that is cut, too long or has other characters in it is no key."""
    assert keys.handle_of(KEY) == "abcdefgh"
    assert keys.handle_of(text) is None


def test_a_digest_is_of_the_whole_key() -> None:
    """Keys that differ anywhere, in the handle or at the end, have other digests of 32 bytes."""
    others = [KEY, KEY.replace("abc", "abd"), f"{KEY[:-1]}A"]
    assert len({keys.digest(text) for text in others}) == 3
    assert len(keys.digest(KEY)) == 32


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        ("9999w", timedelta(weeks=9999)),
    ],
)
def test_a_lifetime_is_written_short(text: str, length: timedelta) -> None:
    """Minutes, hours, days and weeks are a number and a letter."""
    assert keys.lifetime(text) == length


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "-1d", "1.5h", "1y", "٣d", "1d 2h", "10000w"]
)
def test_another_lifetime_is_refused(text: str) -> None:
    """Anything else is refused with examples."""
    with pytest.raises(ValueError, match="such as 30m, 12h, 90d or 52w"):
        keys.lifetime(text)
