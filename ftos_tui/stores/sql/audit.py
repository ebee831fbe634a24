"""The audit table: appended to within the transaction of the change it tells of."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from ftos_tui.stores.audit_chain import chained
from ftos_tui.stores.protocol import AuditEntry, Sign
from ftos_tui.stores.sql.rows import audit_entry, audit_row
from ftos_tui.stores.sql.schema import audit


def append(connection: Connection, entry: AuditEntry, sign: Sign) -> None:
    """Chains an entry to the last one and writes it; the transaction must be one that writes."""
    last = connection.execute(select(audit).order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
    linked = chained(entry, None if last is None else audit_entry(last), sign)
    connection.execute(insert(audit), audit_row(linked))


def entries(connection: Connection, after: int, limit: int) -> Sequence[AuditEntry]:
    """Entries with a greater sequence than `after`, in order."""
    statement = select(audit).where(audit.c.sequence > after).order_by(audit.c.sequence).limit(limit)
    return [audit_entry(row) for row in connection.execute(statement)]
