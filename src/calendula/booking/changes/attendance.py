"""The day of an appointment, as the staff writes it down."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from calendula.access.guard import CallerOfRequest
from calendula.appointments.lifecycle import Action
from calendula.appointments.own_access import OwnAppointment as OwnId
from calendula.appointments.schemas import StaffAppointment
from calendula.booking import examples
from calendula.booking.changes import service
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.etags import IfMatch
from calendula.http.routing import Route

router = APIRouter(
    prefix="/v1/appointments/{appointment_id}",
    tags=["Appointments"],
    responses=examples.UNKNOWN,
    route_class=Route,
    dependencies=[KnownQuery],
)

_OPERATIONS = {
    "arrive": (Action.ARRIVE, "The patient has come", "Write down that the patient has come."),
    "check_in": (
        Action.CHECK_IN,
        "The patient is checked in",
        "Write down that the formalities are done, and the patient may be called.",
    ),
    "fulfil": (Action.FULFIL, "The patient was seen", "Write down that the patient was seen."),
    "mark_no_show": (
        Action.NO_SHOW,
        "The patient did not come",
        "Write down that nobody came. Not before the start; the time stays theirs.",
    ),
    "undo": (
        Action.UNDO,
        "Take an arrival or a no-show back",
        "Let the appointment be booked again, if somebody pressed the wrong button.",
    ),
    "enter_in_error": (
        Action.ENTER_IN_ERROR,
        "Strike an appointment out",
        "Let the appointment count as one that never was. The time is free; it is final.",
    ),
}


def _operation(action: Action) -> Callable[..., StaffAppointment]:
    def operation(
        appointment_id: OwnId,
        response: Response,
        precondition: IfMatch,
        caller: CallerOfRequest,
        database: DatabaseOfApp,
    ) -> StaffAppointment:
        with database.write() as session:
            appointment = service.act(session, appointment_id, action, caller, precondition)
            shown = service.show(session, appointment, caller)
        etags.show(response, appointment.version)
        assert isinstance(shown, StaffAppointment)  # noqa: S101 - the table lets the staff alone in
        return shown

    return operation


for _name, (_action, _summary, _description) in _OPERATIONS.items():
    router.add_api_route(
        f"/{_action}",
        _operation(_action),
        methods=["POST"],
        name=_name,
        summary=_summary,
        description=_description,
        responses=examples.TRANSITION,
    )
