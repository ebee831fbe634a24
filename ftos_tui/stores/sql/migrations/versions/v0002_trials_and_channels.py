"""Versions on trial, and communication channels."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds two tables; what is stored stays as it is."""
    op.create_table(
        "trial",
        sa.Column("provider_id", _text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("back_to", sa.Integer, nullable=False),
        sa.Column("deadline", _text, nullable=False),
        sa.Column("started_at", _text, nullable=False),
        sa.Column("user", _text, nullable=False),
        sa.Column("host", _text, nullable=False),
        sa.Column("ssh_client", _text),
    )
    op.create_index("trial_by_deadline", "trial", ["deadline", "provider_id"])
    op.create_table(
        "communication_channel",
        sa.Column("id", _text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("code", _text, nullable=False),
        sa.Column("code_key", _text, nullable=False, unique=True),
        sa.Column("name", _text, nullable=False),
        sa.Column("action_type", _text, nullable=False),
        sa.Column("channel", _text, nullable=False),
        sa.Column("provider_id", _text, sa.ForeignKey("provider.id"), nullable=False),
        sa.Column("saved_at", _text, nullable=False),
        sa.Column("user", _text, nullable=False),
        sa.Column("host", _text, nullable=False),
        sa.Column("ssh_client", _text),
        sa.Column("search", _text, nullable=False),
    )
    op.create_index("communication_channel_by_provider", "communication_channel", ["provider_id", "code_key"])
