"""The tables of a relational store, as they are once every migration has run."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from ftos_tui.stores.protocol import SortColumn

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005")
"""The migrations in their order. Known here so that a store at the last one is opened without importing Alembic."""

HEAD: Final = REVISIONS[-1]

metadata = MetaData()

# The collation of a server must not decide the order of a list, on which its pages depend: code points do.
_text = Text().with_variant(Text(collation="C"), "postgresql")

fact = Table(
    "fact",
    metadata,
    Column("key", _text, primary_key=True),
    Column("value", _text, nullable=False),
)

provider_version = Table(
    "provider_version",
    metadata,
    Column("provider_id", _text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("values", _text, nullable=False),
    Column("statuses", _text, nullable=False),
    Column("secret_versions", _text, nullable=False),
    Column("saved_at", _text, nullable=False),
    Column("user", _text, nullable=False),
    Column("host", _text, nullable=False),
    Column("ssh_client", _text),
    Column("reason", _text, nullable=False),
    Column("action", _text, nullable=False),
    Column("acknowledged", _text, nullable=False),
    Column("operation_id", _text, nullable=False, unique=True),
    Column("deleted", Boolean, nullable=False),
    PrimaryKeyConstraint("provider_id", "number"),
)

# The current versions as the list shows them. A deleted provider has no row here, which frees its name.
provider = Table(
    "provider",
    metadata,
    Column("id", _text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", _text, nullable=False),
    Column("name_key", _text, nullable=False, unique=True),
    Column("communication_channel", _text),
    Column("provider_name", _text),
    Column("provider_key", _text),
    Column("interval_min", _text),
    Column("interval_max", _text),
    Column("bulk_no", Integer),
    Column("missing", _text, nullable=False),
    Column("missing_count", Integer, nullable=False),
    Column("saved_by", _text, nullable=False),
    Column("saved_at", _text, nullable=False),
    Column("search", _text, nullable=False),
    ForeignKeyConstraint(["id", "version"], ["provider_version.provider_id", "provider_version.number"]),
)

SORT_COLUMNS: Final = {
    SortColumn.NAME: provider.c.name_key,
    SortColumn.CHANNEL: provider.c.communication_channel,
    SortColumn.PROVIDER: provider.c.provider_key,
    SortColumn.WINDOW: provider.c.interval_min,
    SortColumn.BULK: provider.c.bulk_no,
    SortColumn.READINESS: provider.c.missing_count,
    SortColumn.SAVED_BY: provider.c.saved_by,
    SortColumn.SAVED_AT: provider.c.saved_at,
}
"""What each column of the list is sorted by: names and providers whatever their case."""

for _column in SORT_COLUMNS.values():
    Index(f"provider_by_{_column.name}", _column, provider.c.id)

secret = Table(
    "secret",
    metadata,
    Column("provider_id", _text, nullable=False),
    Column("field", _text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", _text, nullable=False),
    Column("destination", _text, nullable=False),
    Column("set_at", _text, nullable=False),
    Column("set_by", _text, nullable=False),
    PrimaryKeyConstraint("provider_id", "field", "version"),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", _text, nullable=False),
    Column("user", _text, nullable=False),
    Column("host", _text, nullable=False),
    Column("ssh_client", _text),
    Column("action", _text, nullable=False),
    Column("provider_id", _text, nullable=False),
    Column("provider_name", _text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("detail", _text, nullable=False),
    Column("previous", _text, nullable=False),
    Column("mac", _text, nullable=False),
)

status_count = Table(
    "status_count",
    metadata,
    Column("provider_id", _text, nullable=False),
    Column("code", _text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("provider_id", "code"),
)

# One row while the current version of a provider is on trial; any further version takes it away.
trial = Table(
    "trial",
    metadata,
    Column("provider_id", _text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("back_to", Integer, nullable=False),
    Column("deadline", _text, nullable=False),
    Column("started_at", _text, nullable=False),
    Column("user", _text, nullable=False),
    Column("host", _text, nullable=False),
    Column("ssh_client", _text),
)
Index("trial_by_deadline", trial.c.deadline, trial.c.provider_id)

communication_channel = Table(
    "communication_channel",
    metadata,
    Column("id", _text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("code", _text, nullable=False),
    Column("code_key", _text, nullable=False, unique=True),
    Column("name", _text, nullable=False),
    Column("action_type", _text, nullable=False),
    Column("channel", _text, nullable=False),
    Column("provider_id", _text, ForeignKey("provider.id"), nullable=False),
    Column("saved_at", _text, nullable=False),
    Column("user", _text, nullable=False),
    Column("host", _text, nullable=False),
    Column("ssh_client", _text),
    Column("search", _text, nullable=False),
)
Index(
    "communication_channel_by_provider",
    communication_channel.c.provider_id,
    communication_channel.c.code_key,
)

# Saves that were settled as not done: should one of them still arrive, it is refused.
operation_void = Table(
    "operation_void",
    metadata,
    Column("operation_id", _text, primary_key=True),
    Column("at", _text, nullable=False),
)

# Who has which provider open, as seen last; a session that was not seen for a while has gone.
presence = Table(
    "presence",
    metadata,
    Column("session_id", _text, nullable=False),
    Column("provider_id", _text, nullable=False),
    Column("user", _text, nullable=False),
    Column("host", _text, nullable=False),
    Column("opened_at", _text, nullable=False),
    Column("seen_at", _text, nullable=False),
    PrimaryKeyConstraint("session_id", "provider_id"),
)
Index("presence_by_provider", presence.c.provider_id, presence.c.session_id)
