"""Carries the rows of one relational store to another, batch by batch; each batch tells how far the copy is.

The audit of the target is chained anew, and its secrets are sealed anew, by whoever knows the keys. Everything else is
carried as it is, and a digest over all rows says on both sides whether it arrived.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, insert, inspect, select, text, tuple_, update
from sqlalchemy.schema import Column

from ftos_tui.domain.record import Author
from ftos_tui.stores.audit_chain import chained
from ftos_tui.stores.protocol import AuditEntry, Sign
from ftos_tui.stores.sql import rows
from ftos_tui.stores.sql.database import Database
from ftos_tui.stores.sql.schema import (
    audit,
    communication_channel,
    fact,
    provider,
    provider_version,
    secret,
    status_count,
    trial,
)

BATCH: Final = 500
"""How many rows are carried in one transaction."""

MARK: Final = "copy"
"""The fact that says, while a copy is under way, where it comes from and how far it is."""

# The list comes late: until then nobody sees, or changes, half a store.
COPIED: Final[tuple[Table, ...]] = (
    secret,
    provider_version,
    audit,
    provider,
    communication_channel,
    status_count,
)
"""What is carried, in this order."""

_NOT_DIGESTED: Final = {"audit": ("previous", "mac"), "secret": ("sealed", "key_id")}

Rows = list[dict[str, Any]]
Carry = Callable[[Rows], Rows]
Reveal = Callable[[Mapping[str, Any]], bytes]


@dataclass(frozen=True)
class Mark:
    """How far a copy is.

    Attributes:
        source: The id of the store it comes from.
        head: The MAC of the last audit entry there; empty for none.
        sequence: Its number.
        places: The key of the last row carried, by table.
        done: How many rows were carried, by table.
    """

    source: str
    head: str
    sequence: int
    places: dict[str, list[Any]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    def to_text(self) -> str:
        """As the fact keeps it."""
        return json.dumps(self.__dict__, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "Mark":
        """Out of the fact."""
        return cls(**json.loads(text))


def head(database: Database) -> tuple[int, str]:
    """The number of the last audit entry and its MAC; 0 and nothing for none."""
    with database.reading() as connection:
        row = connection.execute(
            select(audit.c.sequence, audit.c.mac).order_by(audit.c.sequence.desc()).limit(1)
        ).first()
    return (0, "") if row is None else (int(row.sequence), str(row.mac))


def counts(database: Database) -> dict[str, int]:
    """How many rows there are to carry, by table."""
    with database.reading() as connection:
        return _counts(connection)


def mark(database: Database) -> Mark | None:
    """How far the copy into a store is; None when none is under way."""
    with database.reading() as connection:
        kept = _fact(connection, MARK)
    return None if kept is None else Mark.from_text(kept)


def begin(database: Database, first: Mark, shipped: str) -> bool:
    """Empties a store that nobody has changed, and marks it as one that a copy goes to.

    Args:
        database: The target.
        first: Where the copy comes from.
        shipped: When it began, kept so that nobody ships providers into half a copy.

    Returns:
        Whether it did; False where the store holds changes of its own, which stay.
    """
    with database.writing() as connection:
        kept = _fact(connection, MARK)
        untouched = _is_as_left(connection, Mark.from_text(kept)) if kept is not None else _is_as_made(connection)
        if not untouched:
            return False
        _empty(connection)
        _keep(connection, first)
        if _fact(connection, "shipped") is None:
            connection.execute(insert(fact), {"key": "shipped", "value": shipped})
    return True


def carry(source: Database, target: Database, table: Table, at: Mark, change: Carry) -> Mark | None:
    """Carries the next batch of a table.

    Args:
        source: Where from.
        target: Where to; it has to stand as `at` says.
        table: One of `COPIED`.
        at: How far the copy is.
        change: Makes the target's rows of the source's.

    Returns:
        How far it is then; `at` itself when there was nothing left, None when somebody else wrote to the target.
    """
    batch = _page(source, table, at.places.get(table.name))
    if not batch:
        return at
    key = [column.name for column in table.primary_key]
    done = {**at.done, table.name: at.done.get(table.name, 0) + len(batch)}
    places = {**at.places, table.name: [batch[-1][name] for name in key]}
    then = Mark(at.source, at.head, at.sequence, places, done)
    changed = change(batch)
    with target.writing() as connection:
        if _fact(connection, MARK) != at.to_text() or not _is_as_left(connection, at):
            return None
        connection.execute(insert(table), changed)
        _keep(connection, then)
    return then


def chaining(target: Database, sign: Sign) -> Carry:
    """Chains audit rows to the last entry of the target, under its key."""
    with target.reading() as connection:
        row = connection.execute(select(audit).order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
    last = None if row is None else rows.audit_entry(row)

    def chain(batch: Rows) -> Rows:
        nonlocal last
        linked = []
        for each in batch:
            entry = chained(_entry(each), last, sign)
            linked.append(rows.audit_row(entry))
            last = entry
        return linked

    return chain


def finish(database: Database, at: Mark, entry: AuditEntry, sign: Sign) -> bool:
    """Takes the mark away and writes the audit entry that tells of the copy.

    Args:
        database: The target.
        at: How far the copy is.
        entry: What to say.
        sign: The target's key.

    Returns:
        Whether it did; False where somebody else wrote to the target.
    """
    with database.writing() as connection:
        if _fact(connection, MARK) != at.to_text() or not _is_as_left(connection, at):
            return False
        row = connection.execute(select(audit).order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
        linked = chained(entry, None if row is None else rows.audit_entry(row), sign)
        connection.execute(insert(audit), rows.audit_row(linked))
        connection.execute(delete(fact).where(fact.c.key == MARK))
    return True


def digest(
    database: Database, table: Table, key: bytes, reveal: Reveal, told: Callable[[int], object]
) -> tuple[int, str]:
    """How many rows a table has, and a digest over all of them in the order of their keys.

    Args:
        database: Where.
        table: One of `COPIED`.
        key: Makes the digest of secrets one that tells nothing without it; others are plain SHA-256.
        reveal: What a secret's row stands for.
        told: Called with the number of rows of each batch.

    Returns:
        The number, and the digest in hex.
    """
    secrets = table is secret
    total = hmac.new(key, digestmod=hashlib.sha256) if secrets else hashlib.sha256()
    left_out = _NOT_DIGESTED.get(table.name, ())
    number = 0
    for batch in _pages(database, table):
        for row in batch:
            parts = [value for name, value in row.items() if name not in left_out]
            total.update(json.dumps(parts, separators=(",", ":")).encode("ascii"))
            if secrets:
                total.update(hmac.digest(key, reveal(row), "sha256"))
        number += len(batch)
        told(len(batch))
    return number, total.hexdigest()


def _pages(database: Database, table: Table) -> Iterator[Rows]:
    place: list[Any] | None = None
    while batch := _page(database, table, place):
        yield batch
        place = [batch[-1][column.name] for column in table.primary_key]


def _page(database: Database, table: Table, after: Sequence[Any] | None) -> Rows:
    key: list[Column[Any]] = list(table.primary_key)
    statement = select(table).order_by(*key).limit(BATCH)
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in COPIED
    }


def _is_as_made(connection: Connection) -> bool:
    """Whether a store holds nothing but shipped providers that nobody has changed."""
    own = [select(func.count()).select_from(each) for each in (secret, trial, communication_channel)]
    own += [select(func.count()).where(each.c.action != "shipped") for each in (provider_version, audit)]
    if inspect(connection).has_table("message"):
        own.append(select(func.count()).select_from(text("message")))
    return not any(connection.execute(statement).scalar_one() for statement in own)


def _is_as_left(connection: Connection, at: Mark) -> bool:
    """Whether nobody but the copy has written to a store: each of its changes would have an audit entry."""
    last = connection.execute(select(func.max(audit.c.sequence))).scalar() or 0
    return int(last) == at.done.get("audit", 0)


def _empty(connection: Connection) -> None:
    only_grow = (provider_version, audit) if connection.dialect.name == "postgresql" else ()
    if only_grow:  # half a copy of a large store takes longer than a save may
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    # Only the owner of the store may do this, and within this transaction nobody else sees it.
    for table in only_grow:
        connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER only_grows")
    for table in (trial, *reversed(COPIED)):
        connection.execute(delete(table))
    for table in only_grow:
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER only_grows")


def _keep(connection: Connection, at: Mark) -> None:
    if not connection.execute(update(fact).where(fact.c.key == MARK).values(value=at.to_text())).rowcount:
        connection.execute(insert(fact), {"key": MARK, "value": at.to_text()})


def _fact(connection: Connection, key: str) -> str | None:
    found = connection.execute(select(fact.c.value).where(fact.c.key == key)).scalar()
    return None if found is None else str(found)


def _entry(row: Mapping[str, Any]) -> AuditEntry:
    given = dict(row)
    author = Author(given.pop("user"), given.pop("host"), given.pop("ssh_client"))
    return AuditEntry(author=author, **given)
