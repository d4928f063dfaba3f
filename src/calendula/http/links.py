"""Addresses of this service, of which none is made of what a request says its host is."""

from fastapi import Request

_USUAL = {"http": 80, "https": 443}


def link(request: Request, path: str) -> str:
    """Return a path of this service as the client must ask for it, behind whatever proxy."""
    return f"{request.scope.get('root_path', '')}{path}"


def address(request: Request, path: str) -> str:
    """Return a path of this service with all that stands before it, to be written down.

    Without a public address in the settings it is where the service itself listens, which is right
    where nothing stands in front of it; for a socket in the file system, it is the path alone.
    """
    public: str | None = request.app.state.settings.public_url
    return f"{_listening(request) if public is None else public}{path}"


def _listening(request: Request) -> str:
    root = str(request.scope.get("root_path", ""))
    host, port = request.scope.get("server") or ("", None)
    if port is None:
        return root
    scheme = request.scope["scheme"]
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}{'' if port == _USUAL[scheme] else f':{port}'}{root}"
