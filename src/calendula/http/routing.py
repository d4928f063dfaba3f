"""Routes that are taken apart when somebody first comes by them."""

from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path, get_name

_taking_apart = RLock()


class Route(APIRoute):
    """A route that FastAPI takes apart when it is first come by.

    To look at its parameters, its dependencies and its models takes some milliseconds, and of all
    routes a third of the time to start. Until then it knows what a request is compared with.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **how: Any) -> None:
        self.path = path
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.endpoint = endpoint
        self.name = how["name"] or get_name(endpoint)
        self.methods = {method.upper() for method in how["methods"] or ["GET"]}
        self.include_in_schema = how["include_in_schema"]
        self.how = how
        self._is_whole = False

    def __getattr__(self, name: str) -> Any:
        """Return what FastAPI finds in it, the first time that something of that is looked at."""
        with _taking_apart:
            if not vars(self).get("_is_whole", True):
                self._is_whole = True  # whoever looks for what is missing now is told so
                try:
                    super().__init__(self.path, self.endpoint, **self.how)
                except BaseException:
                    self._is_whole = False
                    raise
        return object.__getattribute__(self, name)


def serve(app: FastAPI, routers: Iterable[APIRouter], *, in_schema: bool = True) -> None:
    """Let an app have the routes of routers, and ask of each what it asks of all.

    Each router has `Route` as its `route_class`. FastAPI's own `include_router` would take every
    route apart again, and look for it in two steps at each request.
    """
    for route in (it for router in routers for it in router.routes):
        assert isinstance(route, Route)  # noqa: S101 - else it cannot be had twice
        how = {**route.how, "include_in_schema": in_schema and route.how["include_in_schema"]}
        del how["dependency_overrides_provider"]  # the app has its own
        app.router.add_api_route(
            route.path, route.endpoint, route_class_override=type(route), **how
        )
