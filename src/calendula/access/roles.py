"""Who may do what: one table for the whole service, and the rule that reads it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Role(StrEnum):
    """What the holder of a key is to the clinic."""

    ADMIN = "admin"
    RECEPTION = "reception"
    DOCTOR = "doctor"
    AUDITOR = "auditor"
    INTEGRATION = "integration"


class Special(StrEnum):
    """What a row of the table may say beside roles."""

    ANYBODY = "anybody"
    """Also without a key; but a key that is shown must be good."""
    UNASKED = "unasked"
    """Everybody: a key is not even looked at. For the probes, which must not need the database."""
    OWN = "own"
    """A doctor, where `doctor_id` in the path is their own. (`DOCTOR` is any doctor, anywhere.)"""
    PATIENT = "the appointment's token"
    """Who shows the token of an appointment, or of a hold: of which, the operation sees to."""


ADMIN, RECEPTION, DOCTOR, AUDITOR, INTEGRATION = Role
ANYBODY, UNASKED, OWN, PATIENT = Special

TABLE: Mapping[str, AbstractSet[Role | Special]] = {
    "healthz": {UNASKED},
    "readyz": {UNASKED},
    "live": {UNASKED},
    "read_metrics": {ADMIN, INTEGRATION},
    "available_slots": {ANYBODY},
    "book_appointment": {ANYBODY},
    "create_key": {ADMIN},
    "list_keys": {ADMIN},
    "read_key": {ADMIN},
    "revoke_key": {ADMIN},
    "list_doctors": {ANYBODY},
    "create_doctor": {ADMIN},
    "read_doctor": {ANYBODY},
    "change_doctor": {ADMIN},
    "deactivate_doctor": {ADMIN},
    "activate_doctor": {ADMIN},
    "read_hours": {ADMIN, RECEPTION, OWN},
    "replace_hours": {ADMIN, RECEPTION, OWN},
    "read_default_hours": {ADMIN, RECEPTION},
    "replace_default_hours": {ADMIN},
    "list_overrides": {ADMIN, RECEPTION, OWN},
    "set_override": {ADMIN, RECEPTION, OWN},
    "remove_override": {ADMIN, RECEPTION, OWN},
    "list_time_off": {ADMIN, RECEPTION, OWN},
    "add_time_off": {ADMIN, RECEPTION, OWN},
    "remove_time_off": {ADMIN, RECEPTION, OWN},
    "list_clinic_time_off": {ADMIN, RECEPTION, DOCTOR},
    "add_clinic_time_off": {ADMIN, RECEPTION},
    "remove_clinic_time_off": {ADMIN, RECEPTION},
    "read_clinic": {ADMIN, RECEPTION, DOCTOR},
    "replace_clinic": {ADMIN},
    "read_policy": {ADMIN, RECEPTION, OWN},
    "replace_policy": {ADMIN},
    "list_visit_types": {ANYBODY},
    "create_visit_type": {ADMIN},
    "read_visit_type": {ANYBODY},
    "replace_visit_type": {ADMIN},
    "remove_visit_type": {ADMIN},
    "import_records": {ADMIN},
    "create_hold": {ANYBODY},
    "release_hold": {ADMIN, RECEPTION, PATIENT},
    "create_appointment": {ANYBODY},
    "list_appointments": {ADMIN, RECEPTION, DOCTOR},
    "read_appointment": {ADMIN, RECEPTION, DOCTOR, PATIENT},
    "read_calendar_file": {ADMIN, RECEPTION, DOCTOR, PATIENT},
    "move_appointment": {ADMIN, RECEPTION, DOCTOR, PATIENT},
    "cancel_appointment": {ADMIN, RECEPTION, DOCTOR, PATIENT},
    "arrive": {ADMIN, RECEPTION, DOCTOR},
    "check_in": {ADMIN, RECEPTION, DOCTOR},
    "fulfil": {ADMIN, RECEPTION, DOCTOR},
    "mark_no_show": {ADMIN, RECEPTION, DOCTOR},
    "undo": {ADMIN, RECEPTION, DOCTOR},
    "enter_in_error": {ADMIN},
    "issue_token": {ADMIN, RECEPTION},
    "revoke_tokens": {ADMIN, RECEPTION},
    "read_day": {ADMIN, RECEPTION, OWN},
    "close_day": {ADMIN, RECEPTION, OWN},
    "search_patients": {ADMIN, RECEPTION},
    "read_patient": {ADMIN, RECEPTION, DOCTOR},
    "change_patient": {ADMIN, RECEPTION},
    "merge_patients": {ADMIN, RECEPTION},
    "export_patient": {ADMIN},
    "erase_patient": {ADMIN},
    "read_history": {ADMIN, RECEPTION, DOCTOR, AUDITOR},
    "list_events": {AUDITOR},
    "list_slots": {ANYBODY},
    "next_slots": {ANYBODY},
    "explain_slot": {ADMIN, RECEPTION, OWN},
    "search_slots": {ANYBODY},
    "static_file": {UNASKED},
    "choose_language": {UNASKED},
    "find_doctor_page": {UNASKED},
    "doctor_page": {UNASKED},
    "back_to_doctor": {UNASKED},
    "hold_page": {UNASKED},
    "check_page": {UNASKED},
    "book_page": {UNASKED},
    "let_go_page": {UNASKED},
    "manage_page": {UNASKED},
    "manage_appointment": {UNASKED},
    "choose_move": {UNASKED},
    "confirm_move": {UNASKED},
    "move_own": {UNASKED},
    "confirm_cancellation": {UNASKED},
    "cancel_own": {UNASKED},
    "give_own_file": {UNASKED},
    "begin_managing": {UNASKED},
    "sign_in_page": {UNASKED},
    "sign_in": {UNASKED},
    "desk_sign_out": {ADMIN, RECEPTION, DOCTOR},
    "desk_day": {ADMIN, RECEPTION, DOCTOR},
    "desk_board": {ADMIN, RECEPTION, DOCTOR},
    "desk_live": {ADMIN, RECEPTION, DOCTOR},
    "desk_appointment": {ADMIN, RECEPTION, DOCTOR},
    "desk_arrive": {ADMIN, RECEPTION, DOCTOR},
    "desk_check_in": {ADMIN, RECEPTION, DOCTOR},
    "desk_fulfil": {ADMIN, RECEPTION, DOCTOR},
    "desk_mark_no_show": {ADMIN, RECEPTION, DOCTOR},
    "desk_undo": {ADMIN, RECEPTION, DOCTOR},
    "desk_enter_in_error": {ADMIN},
    "desk_cancel": {ADMIN, RECEPTION, DOCTOR},
    "desk_book": {ADMIN, RECEPTION, DOCTOR},
    "desk_make_booking": {ADMIN, RECEPTION, DOCTOR},
    "desk_move": {ADMIN, RECEPTION, DOCTOR},
    "desk_make_move": {ADMIN, RECEPTION, DOCTOR},
    "desk_week": {ADMIN, RECEPTION, DOCTOR},
    "desk_doctors": {ADMIN, RECEPTION, DOCTOR},
    "desk_orphans": {ADMIN, RECEPTION, DOCTOR},
    "desk_time_off": {ADMIN, RECEPTION, OWN},
    "desk_add_time_off": {ADMIN, RECEPTION, OWN},
    "desk_remove_time_off": {ADMIN, RECEPTION, OWN},
    "desk_close_day_form": {ADMIN, RECEPTION, OWN},
    "desk_close_day": {ADMIN, RECEPTION, OWN},
    "desk_hours": {ADMIN, RECEPTION, OWN},
    "desk_save_hours": {ADMIN, RECEPTION, OWN},
    "desk_clinic_time_off": {ADMIN, RECEPTION},
    "desk_add_clinic_time_off": {ADMIN, RECEPTION},
    "desk_remove_clinic_time_off": {ADMIN, RECEPTION},
    "desk_patients": {ADMIN, RECEPTION},
    "desk_find_patients": {ADMIN, RECEPTION},
    "desk_patient": {ADMIN, RECEPTION, DOCTOR},
    "desk_change_patient": {ADMIN, RECEPTION},
}
"""Each operation, by the name of its route's function, and who may. What has no row, nobody may."""


class Caller(NamedTuple):
    """Who sends a request: the holder of a key or a token, or somebody of whom all is None."""

    role: Role | None = None
    key_id: UUID | None = None
    doctor_id: UUID | None = None
    """Whose key it is, where its role is doctor."""
    appointment_id: UUID | None = None
    """Which appointment, or hold, the token opens that they show."""

    @property
    def actor(self) -> str:
        """What the event log calls the caller."""
        if self.appointment_id is not None:
            return f"token:{self.appointment_id}"
        return "public" if self.key_id is None else f"key:{self.key_id}"

    @property
    def is_staff(self) -> bool:
        """Whether the caller works here, and may know what the public may not."""
        return self.role in {ADMIN, RECEPTION, DOCTOR}


PUBLIC = Caller()

_DESK = "desk_"
_REFRESHES = {"desk_live", "desk_board"}


def at_desk(operation: str) -> bool:
    """Tell whether an operation is for who is signed in at the desk, and for no key or token."""
    return operation.startswith(_DESK)


def is_activity(operation: str) -> bool:
    """Tell whether somebody does something by an operation, rather than an open page by itself.

    A page that renews itself would otherwise never let its session come to its idle time-out.
    """
    return operation not in _REFRESHES


def asks(operation: str) -> bool:
    """Tell whether a key that is shown at an operation is looked at."""
    return UNASKED not in TABLE.get(operation, ())


def needed(operation: str) -> list[str]:
    """Return in words which roles may do an operation; none where no key is needed."""
    row = TABLE.get(operation, frozenset())
    if row & {ANYBODY, UNASKED}:
        return []
    roles = [role.value for role in Role if role in row]
    others = {OWN: "doctor (their own)", PATIENT: PATIENT.value}
    return [*roles, *(words for special, words in others.items() if special in row)]


def may(operation: str, caller: Caller, doctor_id: UUID | None) -> bool:
    """Tell whether the caller may do an operation, to the doctor whom its path names, if any."""
    groups = {ANYBODY, UNASKED, caller.role}
    if caller.role is DOCTOR and doctor_id is not None and doctor_id == caller.doctor_id:
        groups.add(OWN)
    if caller.appointment_id is not None:
        groups.add(PATIENT)
    return not groups.isdisjoint(TABLE.get(operation, ()))
