"""The desk: where the clinic's staff runs the day."""

from fastapi import APIRouter

from calendula.pages.desk import (
    acting,
    appointment,
    board,
    book,
    closing,
    hours,
    live,
    move,
    orphans,
    patients,
    picture,
    signing,
    staff,
    time_off,
)

router = APIRouter(include_in_schema=False)
router.include_router(signing.router)
router.include_router(board.router)
router.include_router(live.router)
router.include_router(appointment.router)
router.include_router(acting.router)
router.include_router(book.router)
router.include_router(move.router)
router.include_router(picture.router)
router.include_router(orphans.router)
router.include_router(staff.router)
router.include_router(time_off.router)
router.include_router(closing.router)
router.include_router(hours.router)
router.include_router(patients.router)
