"""The tables. Every change here requires a migration, see ``migrations/versions``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Moment(TypeDecorator[datetime]):
    """A time with its time zone. SQLite has no time zones, so it stores the time in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Converts a time for storage, to UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Converts a stored time; the result is always in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """Base class of the store's tables."""

    metadata = MetaData()


class Readings(Table):
    """One row per reading; ``sought`` is the text for searches."""

    __tablename__ = "readings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created: Mapped[datetime] = mapped_column(Moment)
    source: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    model_sha256: Mapped[str] = mapped_column(String(64))
    client: Mapped[str | None] = mapped_column(Text)
    sought: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("newest_readings", "created", "id"),)


class Digits(Table):
    """One row per digit."""

    __tablename__ = "digits"

    reading: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    probability: Mapped[float] = mapped_column(Double)
    x0: Mapped[int]
    y0: Mapped[int]
    x1: Mapped[int]
    y1: Mapped[int]
    probabilities: Mapped[list[float]] = mapped_column(JSON)
    glyph: Mapped[bytes] = mapped_column(LargeBinary)
    crop: Mapped[bytes] = mapped_column(LargeBinary)


class Pictures(Table):
    """One JPEG picture per reading, separate so that lists do not load it. Older readings have none."""

    __tablename__ = "pictures"

    reading: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)


class Marks(Table):
    """One row per mark, including withdrawn ones: a box from a person, and its label."""

    __tablename__ = "marks"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reading: Mapped[str] = mapped_column(ForeignKey("readings.id", ondelete="CASCADE"))
    x0: Mapped[int]
    y0: Mapped[int]
    x1: Mapped[int]
    y1: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str | None] = mapped_column(Text)
    withdrawn: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("marks_of_readings", "reading"),
        Index("newest_marks", "created", "id"),
    )


class Corrections(Table):
    """One row per correction, including withdrawn ones; each digit has at most one active correction."""

    __tablename__ = "corrections"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reading: Mapped[str] = mapped_column(String(36))
    line: Mapped[int]
    position: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str | None] = mapped_column(Text)
    withdrawn: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        ForeignKeyConstraint(
            ["reading", "line", "position"],
            ["digits.reading", "digits.line", "digits.position"],
            ondelete="CASCADE",
        ),
        Index("corrections_of_digits", "reading", "line", "position"),
        Index("newest_corrections", "created", "id"),
    )


STANDING = Corrections.withdrawn.is_(None)
"""The condition for active corrections, neither withdrawn nor replaced."""

STANDING_MARK = Marks.withdrawn.is_(None)
"""The condition for active marks, neither withdrawn nor replaced."""

Index(
    "standing_corrections",
    Corrections.reading,
    Corrections.line,
    Corrections.position,
    unique=True,
    sqlite_where=STANDING,
    postgresql_where=STANDING,
)
