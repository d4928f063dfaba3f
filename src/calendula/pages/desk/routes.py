"""The desk: where the clinic's staff runs the day."""

from fastapi import APIRouter

from calendula.pages.desk import signing

router = APIRouter()
router.include_router(signing.router)
