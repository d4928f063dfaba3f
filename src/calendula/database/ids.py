from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new identifier: a UUIDv7 (RFC 9562), which grows with time."""
    return uuid7()
