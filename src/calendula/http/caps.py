"""How many slots somebody without a key may take, so that nobody takes a doctor's whole day."""

from datetime import date
from hashlib import sha256
from typing import NamedTuple

from calendula.errors import TooManyRequests
from calendula.meter import Meter, Taken


class TooManySlots(TooManyRequests):
    """The client has taken as many slots as one may: in a day, or of a doctor's date."""

    code = "too-many-slots"


class Client(NamedTuple):
    """Who takes slots: a network, and what is counted of all of them.

    A slot is named by its date and the key of its doctor's name.
    """

    network: str
    slots: Meter
    days: Meter
    contacts: Meter

    def take(self, doctor: str, day: date) -> None:
        """Count a slot that is held, or booked without a hold; raise TooManySlots."""
        self.take_of_day(doctor, day)
        if not (taken := self.slots.take(self.network)).ok:
            self.let_go(doctor, day)
            raise _too_many(taken)

    def take_of_day(self, doctor: str, day: date) -> None:
        """Count a slot of a doctor's date alone, as when an appointment is moved there."""
        if not (taken := self.days.take(self._of(doctor, day))).ok:
            raise _too_many(taken)

    def let_go(self, doctor: str, day: date) -> None:
        """Let another slot of the doctor's date be taken instead of one."""
        self.days.give_back(self._of(doctor, day))

    def give_back(self, doctor: str, day: date) -> None:
        """Let what was taken count for nothing: it was not had."""
        self.let_go(doctor, day)
        self.slots.give_back(self.network)

    def take_contact(self, email: str | None, phone: str | None) -> None:
        """Count a booking of whom it says to write to or to call; raise TooManySlots."""
        said = (email or "").casefold(), "".join(filter(str.isdecimal, phone or ""))
        for contact in filter(None, said):
            taken = self.contacts.take(sha256(contact.encode()).hexdigest()[:32])
            if not taken.ok:
                raise _too_many(taken)

    def _of(self, doctor: str, day: date) -> str:
        """Return a name of the client at a doctor's date that tells of neither."""
        return sha256(f"{self.network} {doctor} {day}".encode()).hexdigest()[:32]


def _too_many(taken: Taken) -> TooManySlots:
    return TooManySlots(
        "So many slots were taken already. Try again tomorrow, or call the clinic.",
        retry_after=taken.reset,
    )
