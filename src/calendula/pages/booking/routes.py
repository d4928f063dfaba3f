from fastapi import APIRouter

from calendula.pages.booking import finding

router = APIRouter()
router.include_router(finding.router)
