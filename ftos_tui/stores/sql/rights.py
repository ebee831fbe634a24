"""Who is signed in to a store and what they may do, as the database itself says."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, text

from ftos_tui.stores.rights_protocol import Right, Standing

# Who may enter secrets may change anything: a worker may write versions as well, but only to take back a trial.
_POSTGRES: Final = text(
    """
    SELECT session_user::text, clock_timestamp(),
        has_database_privilege('public', current_database(), 'CONNECT'),
        (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl),
        has_table_privilege('provider', 'SELECT'),
        has_column_privilege('secret', 'sealed', 'SELECT'),
        has_table_privilege('secret', 'INSERT'),
        has_table_privilege('provider_version', 'INSERT') AND has_column_privilege('secret', 'sealed', 'SELECT'),
        has_table_privilege('audit', 'SELECT'),
        pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'provider_version'::regclass), 'USAGE')
    """
)
_ORDER: Final = (Right.READ, Right.UNSEAL, Right.CHANGE, Right.DELIVER, Right.AUDIT, Right.INIT)


def standing(connection: Connection) -> Standing:
    """Who is signed in and what they may do; a file belongs to whoever can open it."""
    if connection.dialect.name != "postgresql":
        return Standing("", frozenset(Right), datetime.now(UTC))
    user, at, open_to_all, protocol, *may = connection.execute(_POSTGRES).one()
    return Standing(
        str(user),
        frozenset(right for right, has in zip(_ORDER, may, strict=True) if has),
        at.astimezone(UTC),
        (protocol or "TLS") if protected(connection) else "",
        bool(open_to_all),
    )


def readable(connection: Connection, *columns: str) -> tuple[bool, ...]:
    """Whether who is signed in may read columns, in one round trip; a file belongs to whoever can open it.

    Args:
        connection: To the store's database.
        columns: `table.column`, names of the schema.
    """
    if connection.dialect.name != "postgresql":
        return (True,) * len(columns)
    asked = (column.partition(".") for column in columns)
    may = ", ".join(f"has_column_privilege('{table}', '{name}', 'SELECT')" for table, _, name in asked)
    return tuple(map(bool, connection.execute(text(f"SELECT {may}")).one()))


def protected(connection: Connection) -> bool:
    """Whether TLS protects a connection to PostgreSQL.

    What the server sees may be a pooler's connection; whether ours is protected only this end knows.
    """
    driver = connection.connection.driver_connection
    return driver is not None and bool(driver.pgconn.ssl_in_use)
