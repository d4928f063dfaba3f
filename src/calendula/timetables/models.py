from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from calendula.database import Base, Id, Number


class WeeklyHours(Base):
    """A window of a weekday in which a doctor offers slots, in the doctor's wall time.

    The rows without a doctor are the clinic's default week, which a new doctor starts with.
    """

    __tablename__ = "weekly_hours"
    __table_args__ = (
        UniqueConstraint("doctor_id", "weekday", "start_minute"),
        Index(
            "weekly_hours_default_key",
            "weekday",
            "start_minute",
            unique=True,
            postgresql_where=text("doctor_id IS NULL"),
            sqlite_where=text("doctor_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    doctor_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("doctor.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    """1 is Monday, 7 is Sunday (ISO 8601)."""
    start_minute: Mapped[int] = mapped_column(SmallInteger)
    """Minutes after midnight."""
    end_minute: Mapped[int] = mapped_column(SmallInteger)
    slot_minutes: Mapped[int] = mapped_column(SmallInteger)
