"""Routes are taken apart late, and once; what the app asks of all is asked of each."""

from collections.abc import Callable
from copy import copy
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from fastapi.testclient import TestClient

from calendula.access.guard import authorise
from calendula.app import create_app
from calendula.http import routing
from calendula.http.routing import Route
from calendula.settings import Settings

router = APIRouter(prefix="/things", route_class=Route)


@router.get("/{number}")
def read_thing(number: int, length: Annotated[int, Query()] = 1) -> list[int]:
    """Give a number, as often as is asked for."""
    return [number] * length


def _refuse() -> None:
    raise HTTPException(403)


def _app(*dependencies: Callable[[], None]) -> FastAPI:
    app = FastAPI(dependencies=[Depends(it) for it in dependencies])
    routing.serve(app, [router])
    return app


def _is_whole(app: FastAPI) -> list[bool]:
    return ["dependant" in vars(it) for it in app.routes if isinstance(it, Route)]


def test_a_route_is_taken_apart_when_it_is_first_come_by() -> None:
    """Not by who looks for another path or another method; and it is what FastAPI makes of it."""
    app = _app()
    client = TestClient(app)
    assert client.get("/elsewhere").status_code == 404
    assert client.put("/things/7").status_code == 405
    assert _is_whole(app) == [False]
    for _ in range(2):
        assert client.get("/things/7", params={"length": 2}).json() == [7, 7]
    assert _is_whole(app) == [True]


def test_what_an_app_asks_of_all_it_asks_here() -> None:
    """The guard stands before every route; of two apps that share a router, each has its own."""
    assert TestClient(_app(_refuse)).get("/things/7").status_code == 403
    assert TestClient(_app()).get("/things/7").status_code == 200  # they share the router


def test_the_document_has_it_unless_it_is_not_to() -> None:
    """The pages are no part of the API."""
    assert list(_app().openapi()["paths"]) == ["/things/{number}"]
    hidden = FastAPI()
    routing.serve(hidden, [router], in_schema=False)
    assert hidden.openapi()["paths"] == {}


def test_what_no_route_has_it_has_not() -> None:
    """It is taken apart once, whatever is looked for."""
    (route,) = [it for it in _app().routes if isinstance(it, Route)]
    assert route.dependant.path_params
    with pytest.raises(AttributeError, match="colour"):
        _ = route.colour


def test_one_that_is_copied_is_the_same() -> None:
    """Whole or not."""
    (route,) = [it for it in _app().routes if isinstance(it, Route)]
    assert copy(route).dependant.path_params
    whole = route.dependant
    assert copy(route).dependant is whole


def test_every_route_of_the_service_can_be_taken_apart(database_url: str) -> None:
    """Nobody sees at the start that one cannot; and none waits for a request here."""
    routes = create_app(Settings(database_url=database_url)).routes
    ours = [it for it in routes if isinstance(it, Route)]
    assert len(ours) > 100
    assert all(it.dependant.dependencies[0].call is authorise for it in ours)


def test_a_method_is_one_however_it_is_written() -> None:
    """FastAPI takes them in small letters, and GET where none is said."""
    other = APIRouter(route_class=Route)
    other.add_api_route("/small", lambda: "yes", methods=["post"])
    other.add_api_route("/none", lambda: "yes")
    app = FastAPI()
    routing.serve(app, [other])
    client = TestClient(app)
    assert [client.post("/small").json(), client.get("/none").json()] == ["yes", "yes"]


def test_a_router_of_other_routes_is_refused() -> None:
    """They would stand there unguarded, or not at all."""
    other = APIRouter()
    other.add_api_route("/other", read_thing)
    with pytest.raises(AssertionError):
        routing.serve(FastAPI(), [other])
