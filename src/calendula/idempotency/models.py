from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from calendula.database import Base, Instant, Json, JsonObject


class IdempotencyKey(Base):
    """A request that had its effect, by the key that its client gave it, with the first answer.

    Key and request are kept as SHA-256 digests: neither can be read from the table.
    """

    __tablename__ = "idempotency_key"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[JsonObject | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
