"""From a time that somebody has chosen to their appointment: details, a check, done."""

from math import ceil

from fastapi import APIRouter, HTTPException, Request, Response

from calendula import clock
from calendula.access import tokens
from calendula.access.roles import PUBLIC
from calendula.appointments import own_access
from calendula.appointments.changes import HoldEnded
from calendula.appointments.holds import TooManyHolds
from calendula.appointments.offers import SlotRefused
from calendula.appointments.schemas import OwnAppointment
from calendula.booking.appointments import service as booking
from calendula.booking.appointments.schemas import NewAppointment
from calendula.booking.holds import service as holds
from calendula.http.fields import PathId
from calendula.idempotency.service import KeyReused, Outcome
from calendula.pages import forms
from calendula.pages.booking import refusing
from calendula.pages.booking.choosing import Details, Pick, typed
from calendula.pages.booking.scene import Kept, Step, StepOfRequest, keep
from calendula.pages.forms import Mistakes
from calendula.pages.languages import marked as _
from calendula.pages.page import PageRoute, see

router = APIRouter(prefix="/doctors/{doctor_id}", route_class=PageRoute, include_in_schema=False)
_STEPS = {"hold", "check", "book", "release"}
_REFUSALS = SlotRefused, TooManyHolds
_SAID = {
    ("name", "missing"): _("Enter the full name"),
    ("name", "wrong"): _("Enter the full name with letters, in one line"),
    ("email", "wrong"): _("Enter an e-mail address like name@example.com"),
    ("phone", "wrong"): _("Enter a phone number like 020 7946 0000"),
    ("note", "wrong"): _("Write the note again in 1,000 characters or fewer"),
}


@router.get("/{step}")
def back_to_doctor(doctor_id: PathId, step: str, request: Request) -> Response:
    """Lead who comes to a step without its form to where the way begins."""
    if step not in _STEPS:
        raise HTTPException(404)
    return see(f"/doctors/{doctor_id}", request)


@router.post("/hold")
def hold_page(step: StepOfRequest) -> Response:
    """Keep the time that was chosen, and ask who is to be seen."""
    pick = Pick.of(step.fields)
    if pick.hold:
        _let_go(step, pick.hold)
    try:
        kept = keep(step, pick.model_copy(update={"hold": None}))
    except _REFUSALS as refusal:
        return refusing.show(step, pick, refusal)
    kept = kept._replace(pick=kept.pick.renewed())
    return _check(step, kept) if typed(step.fields) else _ask(step, kept)


@router.post("/check")
def check_page(step: StepOfRequest) -> Response:
    """Show what was typed to be checked; or let it be changed."""
    pick = Pick.of(step.fields)
    try:
        kept = keep(step, pick)
    except _REFUSALS as refusal:
        return refusing.show(step, pick, refusal)
    return _ask(step, kept) if "change" in step.fields else _check(step, kept)


@router.post("/book")
def book_page(step: StepOfRequest) -> Response:
    """Book what was checked, and give the link with which it is managed."""
    pick, who = Pick.of(step.fields), forms.read(Details, step.fields)
    if isinstance(who, Mistakes):
        return check_page(step)
    try:
        outcome = _book(step, pick.to_book(step.doctor_id, who), pick.key)
    except SlotRefused as refusal:
        return refusing.show(step, pick, refusal)
    token = tokens.write(outcome.secret) if outcome.secret else None
    own = OwnAppointment.model_validate(outcome.answer)
    headers = own_access.said_again(outcome)
    return step.show("done.html", pick, 201, headers=headers, who=who, own=own, token=token)


@router.post("/release")
def let_go_page(step: StepOfRequest) -> Response:
    """Let the time go, and lead to the others."""
    pick = Pick.of(step.fields)
    if pick.hold:
        _let_go(step, pick.hold)
    return see(refusing.path_of(step, pick), step.request)


def _let_go(step: Step, token: str) -> None:
    with step.database.write() as session:
        holds.let_go(session, token, client=step.client)


def _ask(step: Step, kept: Kept, mistakes: Mistakes | None = None) -> Response:
    kinds = mistakes.kinds.items() if mistakes else ()
    said = {name: step.reader.text(_SAID[name, kind]) for name, kind in kinds}
    return step.show(
        "details.html",
        kept.pick,
        422 if mistakes else 200,
        hold=kept.hold,
        minutes=_minutes_left(kept),
        mistakes=said,
        change=step.fields.get("change"),
    )


def _check(step: Step, kept: Kept) -> Response:
    who = forms.read(Details, step.fields)
    if isinstance(who, Mistakes):
        return _ask(step, kept, who)
    return step.show("check.html", kept.pick, hold=kept.hold, minutes=_minutes_left(kept), who=who)


def _minutes_left(kept: Kept) -> int:
    ends = kept.hold.expires_at or clock.now()
    return ceil((ends - clock.now()).total_seconds() / 60)


def _book(step: Step, new: NewAppointment, key: str) -> Outcome:
    """Book; where the hold has ended, without it, as if it had never been."""
    try:
        return _book_once(step, new, key)
    except (HoldEnded, KeyReused):
        if new.hold is None:
            raise
        return _book_once(step, new.model_copy(update={"hold": None}), key)


def _book_once(step: Step, new: NewAppointment, key: str) -> Outcome:
    with step.database.write() as session:
        return booking.book(session, step.settings, new, PUBLIC, key, client=step.client)
