"""The limits: what a Python service could reach that does nothing, or nothing but one statement."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
from fastapi import FastAPI, Response
from pydantic import BaseModel

from calendula.classic.schemas import AvailableSlots
from workloads import LABELS

URL = "REFERENCE_DATABASE_URL"
TABLE = """
CREATE TABLE reference_booking (
    doctor text, date date, slot text, patient_id text, patient_name text,
    PRIMARY KEY (doctor, date, slot)
)"""
INSERT = "INSERT INTO reference_booking VALUES ({}) ON CONFLICT DO NOTHING"
_LOOKUP = "SELECT slot FROM reference_booking WHERE doctor = $1 AND date = $2"
_BODY = b'{"available_slots":["9:00 AM - 9:30 AM","9:30 AM - 10:00 AM"]}'


class Booking(BaseModel):
    """What a booking asks for, and nothing checked but that it is there."""

    patient_id: str
    patient_name: str
    doctor_name: str
    time_slot: str
    date: date


class Message(BaseModel):
    """What became of it."""

    msg: str


async def bare(scope: Any, _receive: Any, send: Any) -> None:
    """Answer every request with the same bytes: uvicorn without a framework (ASGI)."""
    if scope["type"] != "http":
        return
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_BODY)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY})


idle = FastAPI()


@idle.get("/available_slots", response_model_exclude_none=True)
async def all_slots(doctor_name: str, date: date) -> AvailableSlots:  # noqa: ARG001 - parsed, as the service does
    """Answer like the service, and look nothing up."""
    return AvailableSlots(available_slots=list(LABELS))


@asynccontextmanager
async def _pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ[URL]) as app.state.pool:
        yield


one_statement = FastAPI(lifespan=_pool)


@one_statement.get("/available_slots", response_model_exclude_none=True)
async def free_slots(doctor_name: str, date: date) -> AvailableSlots:
    """Look up what is taken."""
    rows = await one_statement.state.pool.fetch(_LOOKUP, doctor_name, date)
    taken = {row["slot"] for row in rows}
    return AvailableSlots(available_slots=[label for label in LABELS if label not in taken])


@one_statement.post("/book_appointment", status_code=201)
async def book(booking: Booking, response: Response) -> Message:
    """Insert, and tell from the number of rows who was first."""
    outcome = await one_statement.state.pool.execute(
        INSERT.format("$1, $2, $3, $4, $5"),
        booking.doctor_name,
        booking.date,
        booking.time_slot,
        booking.patient_id,
        booking.patient_name,
    )
    if outcome == "INSERT 0 0":
        response.status_code = 409
        return Message(msg="Time slot already booked! Choose another slot.")
    return Message(msg="Appointment booked successfully!")
