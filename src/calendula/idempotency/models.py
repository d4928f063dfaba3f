from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from calendula.database import Base, Id, Instant, Json, JsonObject


class IdempotencyKey(Base):
    """A request that had its effect, by the key that its client gave it, with the first answer.

    Key and request are kept as SHA-256 digests: neither can be read from the table.
    """

    __tablename__ = "idempotency_key"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary)
    """With the client's key, what the answer's secret is made of; without it, nothing."""
    answer: Mapped[JsonObject | None] = mapped_column(Json)
    appointment_id: Mapped[UUID | None] = mapped_column(Id, index=True)
    """What the answer is about, so that it can be forgotten with its patient."""
    created_at: Mapped[datetime] = mapped_column(Instant)
