"""What the desk calls the states of appointments, what is done to them, and why nothing is free."""

from collections.abc import Mapping
from typing import NamedTuple

from calendula.appointments.lifecycle import Action
from calendula.pages.languages import marked as _


class Doing(NamedTuple):
    """How a page speaks of something that is done to an appointment."""

    operation: str
    """The name of its route."""
    button: str
    done: str
    """What the page behind it says."""


STATES: Mapping[str, str] = {
    "pending": _("Being booked"),
    "booked": _("Booked"),
    "arrived": _("Arrived"),
    "checked-in": _("Checked in"),
    "fulfilled": _("Seen"),
    "cancelled": _("Cancelled"),
    "noshow": _("Did not come"),
    "entered-in-error": _("Entered in error"),
}
DOINGS: Mapping[Action, Doing] = {
    Action.ARRIVE: Doing("desk_arrive", _("Has arrived"), _("The patient has arrived.")),
    Action.CHECK_IN: Doing("desk_check_in", _("Check in"), _("The patient is checked in.")),
    Action.FULFIL: Doing("desk_fulfil", _("Was seen"), _("The patient was seen.")),
    Action.NO_SHOW: Doing("desk_mark_no_show", _("Did not come"), _("The patient did not come.")),
    Action.UNDO: Doing("desk_undo", _("Take back"), _("The appointment is booked again.")),
    Action.ENTER_IN_ERROR: Doing(
        "desk_enter_in_error", _("Entered in error"), _("The appointment counts as none.")
    ),
}
NEXT: Mapping[str, Action] = {
    "booked": Action.ARRIVE,
    "arrived": Action.CHECK_IN,
    "checked-in": Action.FULFIL,
}
"""What most likely comes next, by the state."""
WHY_NOTHING: Mapping[str, str] = {
    "closed": _("Does not work on this day."),
    "holiday": _("Does not work on this holiday."),
    "time_off": _("Is off on this day."),
    "past": _("Nothing is free any more."),
    "notice": _("It is too late to book for this day."),
    "horizon": _("This day cannot be booked yet."),
    "full": _("Nothing is free."),
}
EVENTS: Mapping[str, str] = {
    "appointment.held": _("The time was held"),
    "appointment.booked": _("Booked"),
    "appointment.moved": _("Moved"),
    "appointment.arrived": _("Arrived"),
    "appointment.checked-in": _("Checked in"),
    "appointment.fulfilled": _("Seen"),
    "appointment.noshow": _("Did not come"),
    "appointment.cancelled": _("Cancelled"),
    "appointment.undone": _("Taken back"),
    "appointment.entered-in-error": _("Entered in error"),
}
"""What the log says of appointments. What is not here, the page does not tell."""
ACTORS: Mapping[str, str] = {
    "key": _("the clinic"),
    "token": _("the patient"),
    "public": _("whoever booked"),
    "command": _("the command line"),
    "system": _("the service"),
}
