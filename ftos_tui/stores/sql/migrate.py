"""Brings a store to the last schema, or says why not."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from ftos_tui.stores.protocol import StoreDamaged, StoreNewer, StoreReadOnly
from ftos_tui.stores.sql.schema import HEAD, REVISIONS

if TYPE_CHECKING:
    from ftos_tui.stores.sql.database import Database


def bring_to_head(database: "Database", *, may_change: bool) -> None:
    """Makes or upgrades the schema; costs one SELECT when there is nothing to do.

    All of it is one transaction: another process that opens the store meanwhile waits, then finds it done.

    Args:
        database: The opened database.
        may_change: Whether the schema may be made or upgraded.

    Raises:
        StoreNewer: A newer ftos-tui made the schema.
        StoreDamaged: There are tables, but not ours.
        StoreReadOnly: There is something to do, and it may not be done.
    """
    with database.reading() as connection:
        found = _revision(connection, database.location)
    if found == HEAD:
        return
    if not may_change:
        what = "is made by its first change" if found is None else "is upgraded when it is opened for changes"
        raise StoreReadOnly(f"The store {database.location} {what}: open it once without read_only.")
    with database.writing() as connection:
        if _revision(connection, database.location) != HEAD:
            run_migrations(connection)


def _revision(connection: Connection, location: str) -> str | None:
    """The revision the schema is at; None for an empty store."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    rows = connection.execute(text("SELECT version_num FROM alembic_version")) if "alembic_version" in tables else ()
    found = [str(row[0]) for row in rows]
    if len(found) != 1:
        raise StoreDamaged(
            f"{location} is a database, but no ftos-tui store: name another file as store. Nothing was changed."
        )
    if found[0] not in REVISIONS:
        raise StoreNewer(
            f"The store {location} was made by a newer ftos-tui (schema {found[0]}, this one knows {HEAD}): "
            "install the newer one. Nothing was changed."
        )
    return found[0]


def run_migrations(connection: Connection) -> None:
    """Runs the migrations that are missing, in the transaction of a connection."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "ftos_tui.stores.sql:migrations")
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
