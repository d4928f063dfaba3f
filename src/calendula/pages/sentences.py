"""What went wrong, in words for those who look at a page."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from calendula.errors import CalendulaError
from calendula.pages.languages import marked as _
from calendula.pages.reader import Reader


class Told(NamedTuple):
    """What went wrong, and what can be done."""

    title: str
    sentence: str


_BY_CODE: Mapping[str, tuple[str, str]] = {
    "unknown-doctor": (
        _("We cannot find this doctor"),
        _("The doctor may not see patients here any more. You can choose another."),
    ),
    "unknown-visit-type": (
        _("This kind of visit is not offered any more"),
        _("You can choose another, or call the clinic."),
    ),
    "slot-taken": (
        _("Somebody else was faster"),
        _("This time has just been booked. Please choose another."),
    ),
    "slot-held": (
        _("Somebody else is booking this time"),
        _("It may be free again in some minutes. You can choose another time now."),
    ),
    "slot-not-offered": (
        _("This time is not offered any more"),
        _("The hours of this doctor have changed. Please choose another time."),
    ),
    "slot-passed": (
        _("This time has passed"),
        _("Please choose another."),
    ),
    "slot-too-soon": (
        _("This time is too soon to be booked"),
        _("The doctor must know earlier. Please choose a later time."),
    ),
    "slot-too-far-ahead": (
        _("This time is too far ahead to be booked"),
        _("Please choose an earlier time, or come back later."),
    ),
    "idempotency-key-reused": (
        _("You have booked this already"),
        _("To change the appointment, use the link that you were given when you booked it."),
    ),
    "transition-not-allowed": (
        _("That is not possible any more"),
        _("The appointment is in another state now. See what can be done with it."),
    ),
    "too-many-holds": (
        _("You are holding several times already"),
        _("Please finish or leave those bookings first, or wait some minutes."),
    ),
    "too-many-slots": (
        _("Many times have been chosen already"),
        _("Please choose another day, come back tomorrow, or call the clinic."),
    ),
    "too-many-appointments": (
        _("No more appointments can be booked"),
        _("You have as many appointments ahead as this doctor allows. Please call the clinic."),
    ),
}
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: (
        _("Please sign in"),
        _("Your session has ended, or the key is not valid."),
    ),
    HTTPStatus.FORBIDDEN: (
        _("This is not open to you"),
        _("Your key does not allow this. Ask who hands out the keys."),
    ),
    HTTPStatus.NOT_FOUND: (
        _("We cannot find this page"),
        _("The address may be mistyped, or what was here is gone."),
    ),
    HTTPStatus.CONFLICT: (
        _("That is not possible now"),
        _("Something has changed in the meantime. Look again, please."),
    ),
    HTTPStatus.PRECONDITION_FAILED: (
        _("Somebody else has changed this"),
        _("Look at it again before you change it."),
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        _("Something in the form is not right"),
        _("Go back and check what you entered."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        _("That was a lot at once"),
        _("Please wait a minute, then try again."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        _("We are busy"),
        _("Please try again in a moment. Nothing that you entered is lost if you go back."),
    ),
}
_ELSE = (
    _("Something went wrong on our side"),
    _("Please try again later. If it happens again, call the clinic."),
)


def of(reader: Reader, error: Exception, status: int) -> Told:
    """Return what an error, answered with a status, means to a reader."""
    code = error.code if isinstance(error, CalendulaError) else ""
    title, sentence = _BY_CODE.get(code) or _BY_STATUS.get(status, _ELSE)
    return Told(reader.text(title), reader.text(sentence))
