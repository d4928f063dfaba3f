"""The desk: where the clinic's staff runs the day."""

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

ROUTERS = (
    signing.door,
    signing.inside,
    board.router,
    live.router,
    appointment.router,
    acting.router,
    book.router,
    move.router,
    picture.router,
    orphans.router,
    staff.router,
    time_off.router,
    closing.router,
    hours.router,
    patients.router,
)
