"""The tables of the message queue. Times are whole microseconds since 1970-01-01 UTC: the database compares and adds.

Two kinds of index: those that a worker needs hold only the messages that wait or are in hand, so that they stay small
whatever was sent; those that a list needs end with the message's id, which grows with the time of its making, and leave
out the few messages in hand, so that a message enters them twice in its life and not with each of its states.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from ftos_tui.stores.sql.schema import metadata

_text = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite numbers rows by itself only where the column is INTEGER.
_number = BigInteger().with_variant(Integer(), "sqlite")

WAITING_SQL: Final = "state IN ('queued', 'retry_wait')"
IN_HAND_SQL: Final = "state IN ('claimed', 'sending')"
AT_REST_SQL: Final = "state NOT IN ('claimed', 'sending')"


def _partial(name: str, *columns: Column[object], where: str, unique: bool = False) -> None:
    # The migration makes it so on both; PostgreSQL's option, named here, would import its dialect for SQLite, too.
    Index(name, *columns, unique=unique, sqlite_where=text(where))


message = Table(
    "message",
    metadata,
    Column("id", _text, primary_key=True),
    Column("group_id", _text, nullable=False),
    Column("provider_id", _text, nullable=False),
    Column("state", _text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("throttled", Integer, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker", _text),
    Column("lease_until", BigInteger),
    Column("due", BigInteger, nullable=False),
    Column("not_after", BigInteger),
    Column("recipient", _text, nullable=False),
    Column("role", _text, nullable=False),
    Column("subject", _text, nullable=False),
    Column("dedupe_key", _text),
    Column("reason", _text, nullable=False),
    Column("code", _text, nullable=False),
    Column("said", _text, nullable=False),
    Column("codes", _text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("reported", _text, nullable=False),
    Column("conflict", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("search", _text, nullable=False),
)
_partial("message_dedupe", message.c.provider_id, message.c.dedupe_key, where="dedupe_key IS NOT NULL", unique=True)
_partial("message_by_state", message.c.state, message.c.id, where=AT_REST_SQL)
_partial("message_by_provider", message.c.provider_id, message.c.state, message.c.id, where=AT_REST_SQL)
_partial("message_by_due", message.c.provider_id, message.c.due, message.c.id, where=WAITING_SQL)
_partial("message_in_hand", message.c.provider_id, message.c.lease_until, where=IN_HAND_SQL)
_partial("message_by_expiry", message.c.not_after, where=f"not_after IS NOT NULL AND {WAITING_SQL}")

# What one hand-in says, once for all its recipients.
message_group = Table(
    "message_group",
    metadata,
    Column("id", _text, primary_key=True),
    Column("provider_id", _text, nullable=False),
    Column("to", _text, nullable=False),
    Column("cc", _text, nullable=False),
    Column("text", _text, nullable=False),
    Column("html", _text, nullable=False),
    Column("params", _text, nullable=False),
    Column("members", _text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("user", _text, nullable=False),
    Column("host", _text, nullable=False),
)

message_body = Table(
    "message_body",
    metadata,
    Column("message_id", _text, primary_key=True),
    Column("envelope", _text, nullable=False),
    Column("wire", LargeBinary, nullable=False),
)

attachment = Table(
    "attachment",
    metadata,
    Column("group_id", _text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", _text, nullable=False),
    Column("content_type", _text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("group_id", "position"),
)

# One row for each end of a claim and each change by others: every value of the fence ends in at most one.
attempt = Table(
    "message_attempt",
    metadata,
    Column("message_id", _text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("provider_id", _text, nullable=False),
    Column("provider_version", Integer, nullable=False),
    Column("by", _text, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger, nullable=False),
    Column("before", _text, nullable=False),
    Column("after", _text, nullable=False),
    Column("outcome", _text, nullable=False),
    Column("code", _text, nullable=False),
    Column("said", _text, nullable=False),
    Column("provider_message_id", _text),
    Column("refused", Boolean, nullable=False),
    PrimaryKeyConstraint("message_id", "fence"),
)
_partial("attempt_by_provider_message_id", attempt.c.provider_message_id, where="provider_message_id IS NOT NULL")
_partial("refusal_by_provider", attempt.c.provider_id, attempt.c.ended_at, where="refused")

# Counts are spread over shards, so that transactions of several workers do not wait for one row.
message_count = Table(
    "message_count",
    metadata,
    Column("provider_id", _text, nullable=False),
    Column("state", _text, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("provider_id", "state", "shard"),
)

message_hour = Table(
    "message_hour",
    metadata,
    Column("provider_id", _text, nullable=False),
    Column("hour", BigInteger, nullable=False),
    Column("axis", _text, nullable=False),
    Column("status", _text, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("provider_id", "hour", "axis", "status", "shard"),
)

delivery_event = Table(
    "delivery_event",
    metadata,
    Column("number", _number, Identity(), primary_key=True),
    Column("event_id", _text, unique=True),
    Column("content_hash", _text, nullable=False, unique=True),
    Column("message_id", _text),
    Column("code", _text, nullable=False),
    Column("canonical", _text, nullable=False),
    Column("at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("raw", _text, nullable=False),
)
Index("delivery_event_by_message", delivery_event.c.message_id, delivery_event.c.number)

step_state = Table(
    "step_state",
    metadata,
    Column("provider_id", _text, primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("started_at", BigInteger),
    Column("next_step_at", BigInteger),
    Column("breaker", _text, nullable=False),
    Column("paused", _text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("id", _text, primary_key=True),
    Column("host", _text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("detail", _text, nullable=False),
)
