"""The first schema: providers, their versions, secrets, audit chain and status counts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_SORTED = (
    "name_key",
    "communication_channel",
    "provider_key",
    "interval_min",
    "bulk_no",
    "missing_count",
    "saved_by",
    "saved_at",
)


def upgrade() -> None:
    """Makes the tables in an empty store."""
    op.create_table(
        "fact",
        sa.Column("key", _text, primary_key=True),
        sa.Column("value", _text, nullable=False),
    )
    _create_versions()
    _create_list()
    op.create_table(
        "secret",
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("field", _text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("key_id", _text, nullable=False),
        sa.Column("destination", _text, nullable=False),
        sa.Column("set_at", _text, nullable=False),
        sa.Column("set_by", _text, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "field", "version"),
    )
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", _text, nullable=False),
        sa.Column("user", _text, nullable=False),
        sa.Column("host", _text, nullable=False),
        sa.Column("ssh_client", _text),
        sa.Column("action", _text, nullable=False),
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("provider_name", _text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("detail", _text, nullable=False),
        sa.Column("previous", _text, nullable=False),
        sa.Column("mac", _text, nullable=False),
    )
    op.create_table(
        "status_count",
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("code", _text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "code"),
    )


def _create_versions() -> None:
    op.create_table(
        "provider_version",
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("values", _text, nullable=False),
        sa.Column("statuses", _text, nullable=False),
        sa.Column("secret_versions", _text, nullable=False),
        sa.Column("saved_at", _text, nullable=False),
        sa.Column("user", _text, nullable=False),
        sa.Column("host", _text, nullable=False),
        sa.Column("ssh_client", _text),
        sa.Column("reason", _text, nullable=False),
        sa.Column("action", _text, nullable=False),
        sa.Column("acknowledged", _text, nullable=False),
        sa.Column("operation_id", _text, nullable=False, unique=True),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "number"),
    )


def _create_list() -> None:
    op.create_table(
        "provider",
        sa.Column("id", _text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", _text, nullable=False),
        sa.Column("name_key", _text, nullable=False, unique=True),
        sa.Column("communication_channel", _text),
        sa.Column("provider_name", _text),
        sa.Column("provider_key", _text),
        sa.Column("interval_min", _text),
        sa.Column("interval_max", _text),
        sa.Column("bulk_no", sa.Integer),
        sa.Column("missing", _text, nullable=False),
        sa.Column("missing_count", sa.Integer, nullable=False),
        sa.Column("saved_by", _text, nullable=False),
        sa.Column("saved_at", _text, nullable=False),
        sa.Column("search", _text, nullable=False),
        sa.ForeignKeyConstraint(["id", "version"], ["provider_version.provider_id", "provider_version.number"]),
    )
    for column in _SORTED:
        op.create_index(f"provider_by_{column}", "provider", [column, "id"])
