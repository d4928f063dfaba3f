"""Answers that are kept for as long as they are right, and a second at most."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from threading import Lock
from time import monotonic
from uuid import UUID

from calendula import clock
from calendula.database import EVERYTHING

_LONGEST = 1.0  # seconds
_RENEWAL = 0.2  # seconds before its end


class Answer:
    """An answer about a doctor, from before it is looked for until something of theirs changes.

    It is right until an instant; from its renewal on the first who asks looks for it anew. Both are
    of the clock that nobody can step: else an answer would be kept for an hour where the other one
    is put back.
    """

    __slots__ = ("body", "is_good", "renewal", "until")

    def __init__(self) -> None:
        self.is_good = True
        self.body = b""
        self.until = self.renewal = 0.0


class Kept:
    """The answers of a worker, by what was asked for. Threads may share it.

    Whoever is about to look for an answer says so first (`begin`): a change that is told while they
    look makes what they find no answer to be kept. That a second is the most that one is kept for
    is for what nobody is told of: another program's write, a message that was lost.
    """

    def __init__(self, most: int, *, longest: float = _LONGEST) -> None:
        self._most = most
        self._longest = longest
        self._answers: dict[bytes, Answer] = {}
        self._of: dict[str, list[Answer]] = {}
        self._begun = 0
        self._hits = self._misses = 0
        self._lock = Lock()

    def find(self, question: bytes) -> bytes | None:
        """Return the body of the answer, if one is kept that is right, and need not be renewed."""
        answer = self._answers.get(question)
        if answer is None or not answer.is_good or answer.renewal <= monotonic():
            return None
        return answer.body

    def count_hit(self) -> None:
        """Count an answer that was found, and given."""
        self._hits += 1

    def find_or_renew(self, question: bytes) -> bytes | None:
        """Return the body of the answer that is kept, or None: then look for it, and `keep` it.

        Shortly before an answer ends, one of those who ask is told that there is none: else all of
        them would look for it when it has ended.
        """
        answer = self._answers.get(question)
        if answer is None or not answer.is_good or answer.renewal <= monotonic():
            self._misses += 1
            if answer is not None:
                answer.renewal = answer.until
            return None
        self._hits += 1
        return answer.body

    def take_counts(self) -> tuple[int, int]:
        """Return how often an answer was found and how often not, since this was last asked."""
        counts = self._hits, self._misses
        self._hits = self._misses = 0
        return counts

    def begin(self, doctor_id: UUID) -> Answer:
        """Return an answer to be filled by what is about to be looked for."""
        answer = Answer()
        with self._lock:
            if self._begun >= self._most:  # the plainest bound: those in demand come back
                self._forget_all()
            self._begun += 1
            self._of.setdefault(str(doctor_id), []).append(answer)
        return answer

    def keep(self, question: bytes, answer: Answer, body: bytes, until: datetime) -> None:
        """Keep what was found until an instant. It is not given if it is not good any more."""
        ahead = min((until - clock.now()).total_seconds(), self._longest)
        answer.body, answer.until = body, monotonic() + ahead
        answer.renewal = answer.until - _RENEWAL
        self._answers[question] = answer

    def forget(self, topics: AbstractSet[str]) -> None:
        """Let no answer be given any more about doctors of whom something has changed."""
        with self._lock:
            if EVERYTHING in topics:
                self._forget_all()
            for topic in topics:
                for answer in self._of.pop(topic, ()):
                    answer.is_good = False

    def _forget_all(self) -> None:
        for answers in self._of.values():
            for answer in answers:
                answer.is_good = False
        self._answers, self._of, self._begun = {}, {}, 0
