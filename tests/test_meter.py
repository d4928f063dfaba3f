"""What clients do in a window of time, counted."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from calendula import clock, meter
from calendula.meter import Meter

NOW = datetime(2030, 1, 7, 9, 0, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The present, which a test may change: twenty seconds into a minute."""
    times = [NOW]
    monkeypatch.setattr(clock, "timestamp", lambda: datetime.timestamp(times[-1]))
    return times


def test_a_client_has_so_many_and_no_more() -> None:
    """Each takes up to the limit; what is refused is not counted, and another has their own."""
    found = Meter("requests", 2, 60)
    assert [found.take("a")[1:] for _ in range(4)] == [
        (True, 1, 40),
        (True, 0, 40),
        (False, 0, 40),
        (False, 0, 40),
    ]
    assert found.take("b").ok


def test_a_new_window_begins_anew(at: list[datetime]) -> None:
    """When the minute is over, all have what they had."""
    found = Meter("requests", 1, 60)
    assert [found.take("a").ok for _ in range(2)] == [True, False]
    at.append(NOW + timedelta(seconds=39))
    assert not found.take("a").ok
    at.append(NOW + timedelta(seconds=40))
    assert found.take("a")[1:] == (True, 0, 60)


def test_what_is_given_back_can_be_taken_again() -> None:
    """But no more than was taken."""
    found = Meter("slots", 1, 60)
    found.give_back("a")
    assert found.take("a").ok
    assert not found.look("a").ok
    found.give_back("a")
    assert found.look("a").ok
    assert [found.take("a").ok for _ in range(2)] == [True, False]


def test_zero_is_no_limit() -> None:
    """Whoever sets a limit to 0 has none."""
    found = Meter("requests", 0, 60)
    assert all(found.take("a").ok for _ in range(1000))
    assert found.look("a").ok


def test_whatever_addresses_come_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a window so many clients are remembered; then it begins anew with the next."""
    monkeypatch.setattr(meter, "_MOST_CLIENTS", 100)
    found = Meter("requests", 1, 60)
    for number in range(1050):
        assert found.take(f"client {number}").ok
        assert len(found._counts) <= 100  # noqa: SLF001 - what it is about
        assert len(found._untold) <= 100  # noqa: SLF001
    assert not found.take("client 1049").ok


def test_threads_do_not_get_more_together() -> None:
    """Of many who take at one moment, as many get it as there is."""
    found = Meter("slots", 500, 60)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: found.take("a").ok, range(4000)))
    assert taken.count(True) == 500


def test_meters_that_share_have_one_limit(at: list[datetime]) -> None:
    """What one has counted, the other knows as soon as both have told; what is given back too."""
    total: Counter[str] = Counter()

    def add(name: str, seconds: int, amount: int) -> int:
        assert seconds == 60
        total[name] += amount
        return total[name]

    one, other = Meter("slots", 5, 60), Meter("slots", 5, 60)
    for _ in range(3):
        assert one.take("a").ok
        assert other.take("a").ok  # not told yet: each has all of it
    one.share(add)
    other.share(add)
    assert not other.take("a").ok
    one.give_back("a")
    one.give_back("a")
    one.share(add)
    assert one.take("a").ok
    assert sum(total.values()) == 4
    at.append(NOW + timedelta(minutes=1))
    assert other.take("a").ok
    other.share(add)
    assert sorted(total.values()) == [1, 4]
