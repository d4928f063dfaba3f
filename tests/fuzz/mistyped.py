"""Texts that are right, or nearly: it is at the edge that parsers err."""

from typing import TypeVar

from hypothesis import strategies as st

_Text = TypeVar("_Text", str, bytes)

_CUTS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3)), max_size=3)


def mistyped(right: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return texts that are right, wrong in a few places, or anything at all."""
    few = st.lists(st.text(max_size=3), min_size=3, max_size=3)
    return st.one_of(right, st.builds(_changed, right, _CUTS, few), st.text())


def damaged(right: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return bytes that are right, wrong in a few places, or anything at all."""
    few = st.lists(st.binary(max_size=3), min_size=3, max_size=3)
    return st.one_of(right, st.builds(_changed, right, _CUTS, few), st.binary())


def _changed(text: _Text, cuts: list[tuple[int, int]], others: list[_Text]) -> _Text:
    for (place, length), other in zip(cuts, others, strict=False):
        at = place * len(text) // 200
        text = text[:at] + other + text[at + length :]
    return text
