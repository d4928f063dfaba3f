from datetime import timedelta

import pytest

from calendula import clock
from calendula.availability import kept as module
from calendula.availability.kept import Kept
from calendula.database import EVERYTHING
from calendula.database.ids import new_id

_DOCTOR = new_id()
_OTHER = new_id()


def _keep(kept: Kept, question: bytes = b"q", **time: float) -> None:
    answer = kept.begin(_DOCTOR)
    until = clock.now() + timedelta(**(time or {"minutes": 1}))
    kept.keep(question, answer, b"answer", until)


def test_an_answer_is_given_again() -> None:
    """What was kept is found by what was asked for, and by nothing else."""
    kept = Kept(10, longest=60)
    _keep(kept)
    assert kept.find(b"q") == b"answer"
    assert kept.find(b"p") is None


def test_an_answer_ends_with_its_time() -> None:
    """An answer that the clock has made wrong is not given."""
    kept = Kept(10, longest=60)
    _keep(kept, seconds=0)
    assert kept.find(b"q") is None


@pytest.mark.parametrize("topic", [str(_DOCTOR), EVERYTHING], ids=["doctor", "everything"])
def test_a_change_ends_an_answer(topic: str) -> None:
    """What was answered about a doctor is not given behind a change of theirs, or of all."""
    kept = Kept(10, longest=60)
    _keep(kept)
    kept.forget({str(_OTHER)})
    assert kept.find(b"q") == b"answer"
    kept.forget({topic})
    assert kept.find(b"q") is None


@pytest.mark.parametrize("topic", [str(_DOCTOR), EVERYTHING], ids=["doctor", "everything"])
def test_a_change_while_it_is_looked_for_ends_an_answer(topic: str) -> None:
    """What was read before a change and found behind it is not kept."""
    kept = Kept(10, longest=60)
    answer = kept.begin(_DOCTOR)
    kept.forget({topic})
    kept.keep(b"q", answer, b"of before", clock.now() + timedelta(minutes=1))
    assert kept.find(b"q") is None


def test_a_new_answer_takes_the_place_of_one_that_is_wrong() -> None:
    """Behind a change the next answer is kept as the first was."""
    kept = Kept(10, longest=60)
    _keep(kept)
    kept.forget({str(_DOCTOR)})
    _keep(kept)
    assert kept.find(b"q") == b"answer"


def test_there_are_only_so_many() -> None:
    """However much is asked for, no more than so many answers are kept; the last one is."""
    kept = Kept(10, longest=60)
    for number in range(1000):
        _keep(kept, b"%d" % number)
    found = [number for number in range(1000) if kept.find(b"%d" % number)]
    assert 999 in found
    assert len(found) <= 10


def test_one_of_those_who_ask_renews_an_answer_that_ends_soon() -> None:
    """They are told that there is none; the others are given it until it ends, or is renewed."""
    kept = Kept(10, longest=60)
    _keep(kept, milliseconds=150)
    assert kept.find(b"q") is None
    assert kept.find_or_renew(b"q") is None
    assert kept.find_or_renew(b"q") == b"answer"
    _keep(kept)
    assert kept.find(b"q") == kept.find_or_renew(b"q") == b"answer"
    kept.forget({str(_DOCTOR)})
    assert kept.find_or_renew(b"q") is None


def test_no_answer_is_kept_for_longer_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it may be right: of some changes nobody is told."""
    kept = Kept(10)
    monkeypatch.setattr(module, "monotonic", lambda: 100.0)
    _keep(kept, hours=1)
    assert kept.find(b"q") == b"answer"
    monkeypatch.setattr(module, "monotonic", lambda: 101.0)
    assert kept.find(b"q") is None
    assert kept.find_or_renew(b"q") is None
