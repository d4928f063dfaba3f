"""What a key looks like: `cal_`, its handle, `_`, its secret."""

import re
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without what people mistake for another letter
HANDLE_LENGTH = 8
_SECRET_BYTES = 32
_KEY = re.compile(rf"cal_([{_ALPHABET}]{{{HANDLE_LENGTH}}})_[A-Za-z0-9_-]{{43}}")

_LIFETIME = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Key(NamedTuple):
    """A key in the clear: its handle may be shown, its text only once."""

    handle: str
    text: str


def make() -> Key:
    """Return a new key, of 256 random bits."""
    handle = "".join(secrets.choice(_ALPHABET) for _ in range(HANDLE_LENGTH))
    return Key(handle, f"cal_{handle}_{secrets.token_urlsafe(_SECRET_BYTES)}")


def handle_of(text: str) -> str | None:
    """Return the handle in the text of a key, or None where the text cannot be a key."""
    match = _KEY.fullmatch(text)
    return match and match[1]


def digest(text: str) -> bytes:
    """Return what is kept of a key: 32 bytes of SHA-256.

    A slow hash protects what people can remember; 256 random bits need none.
    """
    return sha256(text.encode()).digest()


def lifetime(text: str) -> timedelta:
    """Return how long `30m`, `12h`, `90d` or `52w` is; raise ValueError for anything else."""
    match = _LIFETIME.fullmatch(text)
    if match is None:
        raise ValueError("must be a time such as 30m, 12h, 90d or 52w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
