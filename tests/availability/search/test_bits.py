import random

import pytest

from calendula.availability.search import bits


@pytest.mark.parametrize("first", [0, 1, 7, 8, 63, 64, 500, 1001])
def test_a_set_gives_its_numbers_back(first: int) -> None:
    """The numbers of a set come in ascending order, those below the first one left out."""
    numbers = sorted(random.Random(first).sample(range(1000), 200))  # noqa: S311 - any will do
    assert list(bits.numbers(bits.of(numbers, 1000), first)) == [
        it for it in numbers if it >= first
    ]


def test_all_and_nothing_are_sets() -> None:
    """Whoever is in some set is in the set of all, and nobody in that of none."""
    some = bits.of([1, 8, 1000], 1001)
    assert list(bits.numbers(some & bits.ALL)) == [1, 8, 1000]
    assert list(bits.numbers(bits.of([], 0))) == []
