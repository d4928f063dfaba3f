from typing import Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from pydantic import BaseModel

from calendula.database import schema
from calendula.errors import Unavailable
from calendula.http import openapi
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.routing import Route

_NOT_READY = "The database's schema is not the one of this version."

# Of its own, so that the answer does not queue behind bookings that wait for the database.
_THREADS = CapacityLimiter(2)

router = APIRouter(tags=["Health"], route_class=Route)


class Health(BaseModel):
    """A sign of life."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answer 200 as long as the process can answer at all; the database is not asked."""
    return Health()


@router.get("/readyz", summary="Can it serve?", responses={503: openapi.problem(_NOT_READY)})
async def readyz(database: DatabaseOfApp) -> Health:
    """Answer 200 where the database answers and its schema is the one that this version needs."""
    present = await to_thread.run_sync(schema.present, database, limiter=_THREADS)
    if present != schema.wanted():
        raise Unavailable(_NOT_READY)
    return Health()
