from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware and in UTC. The only clock of the service."""
    return datetime.now(UTC)
