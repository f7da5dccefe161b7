"""Adds readings, their digits, and corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "readings",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("client", sa.Text),
        sa.Column("sought", sa.Text, nullable=False),
    )
    op.create_index("newest_readings", "readings", ["created", "id"])
    op.create_table(
        "digits",
        sa.Column(
            "reading", sa.String(36), sa.ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("x0", sa.Integer, nullable=False),
        sa.Column("y0", sa.Integer, nullable=False),
        sa.Column("x1", sa.Integer, nullable=False),
        sa.Column("y1", sa.Integer, nullable=False),
        sa.Column("probabilities", sa.JSON, nullable=False),
        sa.Column("glyph", sa.LargeBinary, nullable=False),
        sa.Column("crop", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("reading", sa.String(36), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("withdrawn", MOMENT),
        sa.ForeignKeyConstraint(
            ["reading", "line", "position"],
            ["digits.reading", "digits.line", "digits.position"],
            ondelete="CASCADE",
        ),
    )
    op.create_index("newest_corrections", "corrections", ["created", "id"])
    op.create_index("corrections_of_digits", "corrections", ["reading", "line", "position"])
    standing = sa.text("withdrawn IS NULL")
    op.create_index(
        "standing_corrections",
        "corrections",
        ["reading", "line", "position"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
