"""Bookings of many who come at one time."""

from collections.abc import Sequence

import structlog
from pydantic_core import from_json, to_json

from calendula import clock, names
from calendula.access import tokens
from calendula.access.roles import PUBLIC
from calendula.appointments import offers, together
from calendula.appointments.offers import ByLabel, Choice, SlotRefused
from calendula.appointments.times import TAKEN, SlotTaken
from calendula.appointments.together import Wish
from calendula.availability import together as availability
from calendula.availability.day import Taken
from calendula.availability.together import Asked, Found
from calendula.classic import service
from calendula.classic.schemas import BookingRequest
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.errors import CalendulaError, Unavailable
from calendula.http.caps import Client, TooManySlots
from calendula.idempotency import service as idempotency
from calendula.idempotency.service import Claim, Outcome
from calendula.settings import Settings
from calendula.timetables.memory import Memory
from calendula.together import Together

_AT_ONCE = 64
_TRIES = 3
_log = structlog.get_logger("calendula.bookings")


class _Edited(Unavailable):
    """The slot is free, and was not booked: somebody edits the doctor's time, or just has."""


class Bookings:
    """The plain ones, of callers without an API key; any other is left to the route."""

    def __init__(self, database: Database, memory: Memory, settings: Settings) -> None:
        self._database = database
        self._memory = memory
        self._settings = settings
        self.thread = Together("bookings", _AT_ONCE, self.book)
        self.edits = Together("edits", _AT_ONCE, self._wait_for_edits)
        """Waits until a doctor's time is edited by nobody, with one connection for all who do."""

    async def answer(self, body: bytes, key: str | None, client: Client) -> bytes | None:
        """Return the body of the answer to a booking that won its slot, or None.

        None says that nothing was booked, and that the route is to answer. Raises SlotTaken, and
        Unavailable where nobody knows the outcome, or an edit of the doctor's time takes longer
        than a lock is waited for. What is booked is counted of the client; who may have no more is
        left to the route, since it may be somebody who asks again.
        """
        try:
            request = BookingRequest.model_validate(from_json(body, allow_inf_nan=False))
        except ValueError:  # no JSON, or no such request: the route has the words
            return None
        outcome = await self._count(_wish(request, key), client)
        if outcome is None or outcome.secret is None:
            return None
        answer = {**outcome.answer, "manage_token": tokens.write(outcome.secret)}
        return to_json(answer)

    async def _count(self, wish: Wish, client: Client) -> Outcome | None:
        """Return what becomes of a wish, which counts if it is booked; None for one too many."""
        slot = wish.doctor, wish.date
        try:
            client.take(*slot)
        except TooManySlots:
            return None
        outcome = None
        try:
            outcome = await self._insist(wish)
        finally:
            if not isinstance(outcome, Outcome):
                client.give_back(*slot)
        return outcome

    async def _insist(self, wish: Wish) -> Outcome | None:
        """Return what becomes of a wish, also where an edit of its doctor is to be waited for.

        Who waits for one has neither a connection nor a key, so that they hold up nobody else. None
        is returned where one edit comes upon the other.
        """
        for _ in range(_TRIES):
            try:
                return await self.thread.ask(wish)
            except _Edited:
                await self.edits.ask(wish.doctor)
        return None

    def _wait_for_edits(self, keys: Sequence[str]) -> list[None]:
        with self._database.write() as session:
            doctors.wait_for_edits(session, set(keys))
        return [None] * len(keys)

    def book(self, wishes: Sequence[Wish]) -> Sequence[Outcome | CalendulaError | None]:
        """Book what can be booked; of the rest, say which wanted what is taken, or being edited.

        Where that fails before the commit, nothing was booked, and each is to be tried alone: what
        the database refuses of one costs the others nothing.
        """
        days, past = self._settings.token_days, self._settings.open_clinic
        outcomes: list[Outcome | CalendulaError | None] = [None] * len(wishes)
        result = None
        try:
            with self._database.write() as session:
                result = together.book_all(
                    session, self._memory, wishes, past=past, token_days=days
                )
        except Exception as error:
            if result is not None:  # it was committed, or not: nobody knows
                raise
            if len(wishes) == 1 and isinstance(error, Unavailable):
                raise  # alone already
            _log.warning("bookings apart", error=type(error).__qualname__, count=len(wishes))
            return outcomes
        for number, outcome in result.booked.items():
            outcomes[number] = outcome
        try:
            refusals = self._refusals([wishes[number] for number in result.lost])
        except Exception as error:  # noqa: BLE001 - what is booked is booked; the rest is done alone
            _log.warning("refusals apart", error=type(error).__qualname__, count=len(result.lost))
            return outcomes
        for number, refusal in zip(result.lost, refusals, strict=True):
            outcomes[number] = refusal
        return outcomes

    def _refusals(self, lost: Sequence[Wish]) -> list[CalendulaError | None]:
        """Return why wishes were lost, where it is that others were first, or were at work."""
        if not lost:
            return []
        past = self._settings.open_clinic
        asked = [Asked(wish.doctor, wish.date) for wish in lost]
        with self._database.read() as session:
            found = availability.days_at(session, self._memory, asked, past=past)
        return [
            it and _refusal(it, wish.choice, past=past)
            for it, wish in zip(found, lost, strict=True)
        ]


def _wish(request: BookingRequest, key: str | None) -> Wish:
    operation = idempotency.operation_of(PUBLIC.key_id, "book_appointment")
    return Wish(
        names.key(request.doctor_name),
        request.date,
        ByLabel(request.date, request.time_slot),
        (request.patient_id, request.patient_name),
        PUBLIC.actor,
        Claim.of(operation, key, request.model_dump_json()) if key else None,
        service.booked,
    )


def _refusal(found: Found, choice: Choice, *, past: bool) -> CalendulaError | None:
    """Return SlotTaken, if an appointment has the slot, and _Edited, if nothing has it.

    Of a hold the route knows whether it is over.
    """
    try:
        slot = offers.find(found.known.timetable, choice, clock.now(), past=past)
    except SlotRefused:
        return None
    if Taken(found.holds).holds(slot, slot):
        return None
    day = service.sayable(found.day)
    if slot in day.free:
        return _Edited("The doctor's time is being changed. Try again in a moment.")
    return SlotTaken(TAKEN, available_slots=[slot.label for slot in day.free])
