"""What is done together, so that a test can see that it was."""

from threading import Semaphore
from types import ModuleType
from typing import Any

import pytest

from calendula.together import Together

_UNTIL_OTHERS_COME = 10.0  # seconds, at most


def sizes(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[int]:
    """Return how many wishes a function is given each time, which are its third argument.

    Whoever comes first, and alone, waits until two others have come.
    """
    seen: list[int] = []
    asked = Semaphore(0)
    really, ask = getattr(module, name), Together.ask

    def counted(session: Any, memory: Any, wishes: Any, **more: Any) -> Any:
        seen.append(len(wishes))
        if seen == [1]:
            all(asked.acquire(timeout=_UNTIL_OTHERS_COME) for _ in range(3))
        return really(session, memory, wishes, **more)

    async def heard(thread: Together[Any, Any], wish: Any) -> Any:
        asked.release()
        return await ask(thread, wish)

    monkeypatch.setattr(module, name, counted)
    monkeypatch.setattr(Together, "ask", heard)
    return seen
