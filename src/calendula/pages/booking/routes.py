from fastapi import APIRouter

from calendula.pages.booking import doctor, finding, steps

router = APIRouter()
for each in finding, doctor, steps:
    router.include_router(each.router)
