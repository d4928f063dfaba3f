"""The pages: all that people see in a browser."""

from fastapi import APIRouter, HTTPException, Request, Response

from calendula.pages import assets
from calendula.pages.booking import routes as booking
from calendula.pages.desk import routes as desk
from calendula.pages.forms import FormFields
from calendula.pages.languages import LANGUAGES
from calendula.pages.live import routes as live
from calendula.pages.manage import routes as manage
from calendula.pages.page import PageRoute, see
from calendula.pages.reader import LANGUAGE_COOKIE

_YEAR = 365 * 24 * 60 * 60  # seconds

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROUTERS = (*booking.ROUTERS, *desk.ROUTERS, live.router, manage.router, router)


@router.get("/static/{version}/{name}")
async def static_file(version: str, name: str, request: Request) -> Response:
    """Give a file that pages load, for ever to be kept."""
    asset = assets.load().get(name)
    if asset is None or asset.version != version:
        raise HTTPException(404)
    headers = {"Cache-Control": f"public, max-age={_YEAR}, immutable"}
    content = asset.content
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = asset.compressed, "gzip"
    return Response(content, media_type=asset.media_type, headers=headers)


@router.post("/language")
async def choose_language(fields: FormFields, request: Request) -> Response:
    """Let the pages speak another language, from the one that the reader comes from."""
    response = see(_own_path(fields.get("back", "/")), request)
    if (language := fields.get("language", "")) in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax")
    return response


def _own_path(path: str) -> str:
    """Return a path of this site; the first page where it is another's."""
    own = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if own and "\\" not in path else "/"
