"""The message queue: messages, tries, counts, events, and the state of each provider's steps."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# A worker tells in the audit which messages events have proved accepted.
_AUDITS_EVENTS = """
ALTER POLICY adds ON audit WITH CHECK (CASE
    WHEN "user" <> session_user::text THEN false
    WHEN has_table_privilege('secret'::regclass, 'INSERT') THEN true
    ELSE action IN ('trial_reverted', 'trial_ended', 'message_settled')
END)
"""

_OWN_HAND_INS = (
    "ALTER TABLE message_group ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY reads ON message_group FOR SELECT USING (true)",
    'CREATE POLICY adds ON message_group FOR INSERT WITH CHECK ("user" = session_user::text)',
    'CREATE POLICY changes ON message_group FOR UPDATE USING (true) WITH CHECK ("user" = session_user::text)',
    "CREATE POLICY removes ON message_group FOR DELETE USING (true)",
)


def upgrade() -> None:
    """Adds the tables of the queue; what is stored stays as it is."""
    _create_messages()
    _create_content()
    _create_dispatch()
    _create_counts_and_events()
    if op.get_bind().dialect.name == "postgresql":
        for statement in (_AUDITS_EVENTS, *_OWN_HAND_INS):
            op.get_bind().exec_driver_sql(statement)


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _create_messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", _text, primary_key=True),
        sa.Column("group_id", _text, nullable=False),
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("state", _text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("throttled", sa.Integer, nullable=False),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("worker", _text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("not_after", sa.BigInteger),
        sa.Column("recipient", _text, nullable=False),
        sa.Column("role", _text, nullable=False),
        sa.Column("subject", _text, nullable=False),
        sa.Column("dedupe_key", _text),
        sa.Column("reason", _text, nullable=False),
        sa.Column("code", _text, nullable=False),
        sa.Column("said", _text, nullable=False),
        sa.Column("codes", _text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("reported", _text, nullable=False),
        sa.Column("conflict", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("search", _text, nullable=False),
    )
    _partial("message_by_due", "message", ["provider_id", "due", "id"], "state IN ('queued', 'retry_wait')")
    _partial(
        "message_by_expiry", "message", ["not_after"], "not_after IS NOT NULL AND state IN ('queued', 'retry_wait')"
    )
    _partial("message_by_provider", "message", ["provider_id", "state", "id"], "state NOT IN ('claimed', 'sending')")
    _partial("message_by_state", "message", ["state", "id"], "state NOT IN ('claimed', 'sending')")
    _partial("message_dedupe", "message", ["provider_id", "dedupe_key"], "dedupe_key IS NOT NULL", unique=True)
    _partial("message_in_hand", "message", ["provider_id", "lease_until"], "state IN ('claimed', 'sending')")


def _create_content() -> None:
    op.create_table(
        "message_group",
        sa.Column("id", _text, primary_key=True),
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("to", _text, nullable=False),
        sa.Column("cc", _text, nullable=False),
        sa.Column("text", _text, nullable=False),
        sa.Column("html", _text, nullable=False),
        sa.Column("params", _text, nullable=False),
        sa.Column("members", _text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("user", _text, nullable=False),
        sa.Column("host", _text, nullable=False),
    )
    op.create_table(
        "message_body",
        sa.Column("message_id", _text, primary_key=True),
        sa.Column("envelope", _text, nullable=False),
        sa.Column("wire", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "attachment",
        sa.Column("group_id", _text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", _text, nullable=False),
        sa.Column("content_type", _text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("group_id", "position"),
    )


def _create_dispatch() -> None:
    op.create_table(
        "message_attempt",
        sa.Column("message_id", _text, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("provider_version", sa.Integer, nullable=False),
        sa.Column("by", _text, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("before", _text, nullable=False),
        sa.Column("after", _text, nullable=False),
        sa.Column("outcome", _text, nullable=False),
        sa.Column("code", _text, nullable=False),
        sa.Column("said", _text, nullable=False),
        sa.Column("provider_message_id", _text),
        sa.Column("refused", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "fence"),
    )
    _partial(
        "attempt_by_provider_message_id", "message_attempt", ["provider_message_id"], "provider_message_id IS NOT NULL"
    )
    _partial("refusal_by_provider", "message_attempt", ["provider_id", "ended_at"], "refused")
    op.create_table(
        "step_state",
        sa.Column("provider_id", _text, primary_key=True),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("next_step_at", sa.BigInteger),
        sa.Column("breaker", _text, nullable=False),
        sa.Column("paused", _text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "worker",
        sa.Column("id", _text, primary_key=True),
        sa.Column("host", _text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("detail", _text, nullable=False),
    )


def _create_counts_and_events() -> None:
    op.create_table(
        "message_count",
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("state", _text, nullable=False),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "state", "shard"),
    )
    op.create_table(
        "message_hour",
        sa.Column("provider_id", _text, nullable=False),
        sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("axis", _text, nullable=False),
        sa.Column("status", _text, nullable=False),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "hour", "axis", "status", "shard"),
    )
    op.create_table(
        "delivery_event",
        sa.Column("number", _number, sa.Identity(), primary_key=True),
        sa.Column("event_id", _text, unique=True),
        sa.Column("content_hash", _text, nullable=False, unique=True),
        sa.Column("message_id", _text),
        sa.Column("code", _text, nullable=False),
        sa.Column("canonical", _text, nullable=False),
        sa.Column("at", sa.BigInteger),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("raw", _text, nullable=False),
    )
    op.create_index("delivery_event_by_message", "delivery_event", ["message_id", "number"])
