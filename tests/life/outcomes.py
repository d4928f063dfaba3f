from typing import NoReturn


class Refused(Exception):
    """A request that must be answered with this status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code

    @classmethod
    def throw(cls, status: int, code: str) -> NoReturn:
        """Raise it."""
        raise cls(status, code)
