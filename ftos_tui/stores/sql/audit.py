"""The audit table: appended to within the transaction of the change it tells of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, or_, select

from ftos_tui.stores.audit_chain import chained
from ftos_tui.stores.audit_protocol import AuditQuery
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import AuditEntry, Sign
from ftos_tui.stores.sql.listing import searchable
from ftos_tui.stores.sql.own_entries import note_written
from ftos_tui.stores.sql.rows import audit_entry, audit_row, version_digest
from ftos_tui.stores.sql.schema import audit, provider_version
from ftos_tui.stores.sql.statements import Query, Rows

_LARGEST_PAGE: Final = 1000

OPERATION: Final = "operation"
"""The key under which the detail of an entry keeps the id of its change."""

LAST: Final = Query(select(audit).order_by(audit.c.sequence.desc()).limit(1))
"""The last entry, to which the next one is chained."""

ADDED: Final = insert(audit)
"""Writes entries."""


def append(connection: Connection, entry: AuditEntry, sign: Sign) -> None:
    """Chains an entry to the last one and writes it; the transaction must be one that writes."""
    append_all(connection, [entry], sign)


def append_all(connection: Connection, new: Sequence[AuditEntry], sign: Sign) -> None:
    """Chains entries, one or more, one after another and writes them; see `append`."""
    last = connection.execute(LAST.statement, LAST.values).all()
    linked = link(connection, new, last, sign)
    connection.execute(ADDED, linked)


def link(connection: Connection, new: Sequence[AuditEntry], last: Rows, sign: Sign) -> list[dict[str, Any]]:
    """The rows of entries, one or more, chained one after another; to be written with `ADDED` in this transaction.

    Args:
        connection: The connection of the transaction, which must be one that writes.
        new: The entries.
        last: What `LAST` gave within the transaction.
        sign: The key they are chained with.
    """
    before = audit_entry(last[0]) if last else None
    linked = []
    for entry in new:
        before = chained(entry, before, sign)
        linked.append(audit_row(before))
    note_written(connection, linked)
    return linked


def entries(connection: Connection, after: int, limit: int) -> Sequence[AuditEntry]:
    """Entries with a greater sequence than `after`, in order."""
    statement = select(audit).where(audit.c.sequence > after).order_by(audit.c.sequence).limit(limit)
    return [audit_entry(row) for row in connection.execute(statement)]


def page(connection: Connection, query: AuditQuery) -> Sequence[AuditEntry]:
    """One page of the audit, newest first; see `AuditQuery`."""
    if not all(map(searchable, (query.provider, query.user, query.action, query.text))):
        return []
    statement = select(audit).where(*_matching(query))
    if query.after is not None:
        statement = statement.where(
            audit.c.sequence > query.after if query.backwards else audit.c.sequence < query.after
        )
    order = audit.c.sequence if query.backwards else audit.c.sequence.desc()
    found = connection.execute(statement.order_by(order).limit(min(max(query.limit, 1), _LARGEST_PAGE)))
    return sorted(map(audit_entry, found), key=lambda entry: -entry.sequence)


def tells_of(connection: Connection, operation_id: str) -> bool:
    """Whether an entry is one of the change with this id; looks along the chain, from its end."""
    # As `json.dumps` writes it. In a text of somebody's the quotes would be escaped.
    noted = audit.c.detail.contains(f'"{OPERATION}":"{operation_id}"', autoescape=True)
    found = select(audit.c.sequence).where(noted).order_by(audit.c.sequence.desc()).limit(1)
    return connection.execute(found).first() is not None


def version_digests(connection: Connection, first: int, last: int) -> Mapping[tuple[str, int], str]:
    """What versions are now, by provider id and number; see `AuditStore.version_digests`."""
    told = (audit.c.provider_id == provider_version.c.provider_id, audit.c.version == provider_version.c.number)
    rows = connection.execute(select(provider_version).where(audit.c.sequence.between(first, last), *told))
    return {(row.provider_id, row.number): version_digest(row._asdict()) for row in rows}


def _matching(query: AuditQuery) -> Iterator[ColumnElement[bool]]:
    if query.provider or query.provider_id:
        yield or_(audit.c.provider_name == query.provider, audit.c.provider_id == (query.provider_id or None))
    if query.user:
        yield audit.c.user == query.user
    if query.action:
        yield audit.c.action == query.action
    if query.since is not None:
        yield audit.c.at >= time_to_text(query.since)
    if query.text:
        columns = (audit.c.provider_name, audit.c.user, audit.c.action, audit.c.detail)
        yield or_(*(column.icontains(query.text, autoescape=True) for column in columns))
