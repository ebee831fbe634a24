"""What several operators at once need: saves settled as not done, and who has which provider open."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Adds two tables; what is stored stays as it is."""
    op.create_table(
        "operation_void",
        sa.Column("operation_id", _text, primary_key=True),
        sa.Column("at", _text, nullable=False),
    )
    op.create_table(
        "presence",
        sa.Column("session_id", _text, nullable=False),
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("user", _text, nullable=False),
        sa.Column("host", _text, nullable=False),
        sa.Column("opened_at", _text, nullable=False),
        sa.Column("seen_at", _text, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "provider_id"),
    )
    op.create_index("presence_by_provider", "presence", ["provider_id", "session_id"])
