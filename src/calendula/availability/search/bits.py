"""Sets of small numbers as one big number each: whole clinics are compared in microseconds. Pure.

Python's integers have any length, and `&`, `|` and `~` of two are loops in C. They never change, so
whoever has read one may use it while others go on.
"""

import re
from collections.abc import Iterable, Iterator
from sys import getsizeof

ALL = -1
"""The set of all numbers."""

_SOME = re.compile(rb"[^\0]")
_OF_BYTE = [[bit for bit in range(8) if byte >> bit & 1] for byte in range(256)]


def of(numbers: Iterable[int], most: int) -> int:
    """Return the set of some numbers, all of them below `most`."""
    data = bytearray(most // 8 + 1)
    for number in numbers:
        data[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(data, "little")


def numbers(bits: int, first: int = 0) -> Iterator[int]:
    """Give the numbers of a set in ascending order, from a first one on."""
    data = (bits >> first).to_bytes(bits.bit_length() // 8 + 1, "little")
    for some in _SOME.finditer(data):
        base = first + some.start() * 8
        for bit in _OF_BYTE[data[some.start()]]:
            yield base + bit


def size(bits: int) -> int:
    """Return the bytes that a set takes."""
    return getsizeof(bits)
