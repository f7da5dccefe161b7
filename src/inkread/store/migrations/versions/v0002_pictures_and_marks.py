"""Adds the pictures of readings, and marked boxes in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds two tables; existing data does not change, and older readings have no picture."""
    op.create_table(
        "pictures",
        sa.Column(
            "reading", sa.String(36), sa.ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("jpeg", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "marks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("reading", sa.String(36), sa.ForeignKey("readings.id", ondelete="CASCADE"), nullable=False),
        sa.Column("x0", sa.Integer, nullable=False),
        sa.Column("y0", sa.Integer, nullable=False),
        sa.Column("x1", sa.Integer, nullable=False),
        sa.Column("y1", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("withdrawn", MOMENT),
    )
    op.create_index("marks_of_readings", "marks", ["reading"])
    op.create_index("newest_marks", "marks", ["created", "id"])
