from fastapi import Request


def link(request: Request, path: str) -> str:
    """Return a path of this service as the client must ask for it, behind whatever proxy."""
    return f"{request.scope.get('root_path', '')}{path}"
