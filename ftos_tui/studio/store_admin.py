"""Sets up and keeps the store of an environment: makes it, upgrades it, looks at it, grants its roles.

A store in a file makes and upgrades itself when it is opened, and knows no roles. A shared one is made, upgraded and
granted only by who owns it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from ftos_tui.domain.log import Level
from ftos_tui.domain.shipped import SHIPPED
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.sql.inspection import Seen as Seen
from ftos_tui.stores.sql.inspection import database_at, database_in, look
from ftos_tui.stores.sql.schema import HEAD
from ftos_tui.studio.failures import Failure, NotPermitted, StoreError, StoreNewer
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import ENVIRONMENT
from ftos_tui.studio.session import new_id
from ftos_tui.studio.shared_store import open_shared, permit_owner, signed_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ftos_tui.stores.postgres_target import PostgresTarget
    from ftos_tui.stores.protocol import ProviderStore
    from ftos_tui.stores.sql.database import Database
    from ftos_tui.stores.sql.store import SqlStore
    from ftos_tui.studio.session import Session
    from ftos_tui.vault.vault import Vault

T = TypeVar("T")

ROLES = ("developer", "consultant", "worker", "auditor")
"""What people and programs can be to a shared store."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What setting a store up, or upgrading it, did.

    Attributes:
        environment: Of which environment.
        location: Where the store is.
        schema: The revision of its schema now.
        changed: Whether the schema was made or upgraded.
        shipped: How many shipped providers were written.
        key_id: The master key's id; empty where none was needed.
        key_source: Where the master key is, in words.
        key_made: Whether its file was made just now.
        roles: `made`, `kept`, or `missing` where the signed-in user may not make them; empty for a file.
        closing: SQL that keeps out who has no role, where every user of the server may connect; empty otherwise.
    """

    environment: str
    location: str
    schema: str
    changed: bool
    shipped: int = 0
    key_id: str = ""
    key_source: str = ""
    key_made: bool = False
    roles: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """SQL that gives or takes a role.

    Attributes:
        statements: The statements, in their order.
        unknown: The users that the server does not know.
        applied: Whether the statements were carried out.
        closing: As of `SetUp`.
    """

    statements: tuple[str, ...]
    unknown: tuple[str, ...]
    applied: bool
    closing: str = ""


def initialise(session: "Session") -> SetUp:
    """Makes the store of the environment: schema, master key, shipped providers, and the roles of a shared one.

    What is there already stays; it may be done any number of times, by several at once.

    Raises:
        NotPermitted: The environment is read-only, or the signed-in user does not own the shared store.
        StoreNewer: A newer ftos-tui made it.
        Failure: Store or key are not to be had; the text says why and what to do.
    """
    refuse_read_only(session)
    changed = _make(session)
    had_file = session.key_path.exists()
    with _opened(session) as store:
        knew_key = store.fact("key_id") is not None
        shipped_before = store.fact("shipped") is not None
        roles = _keep_roles(session, store) if session.shared else ""
        vault = _prepare(session, store)
        if not shipped_before and store.fact("copy") is None:
            from ftos_tui.studio.first_start import ship_providers

            ship_providers(session, store)
            shipped = len(SHIPPED)
        else:
            shipped = 0
        location, closing = store.facts().location, _closing(session, store)
    done = SetUp(
        environment=session.environment.name,
        location=location,
        schema=HEAD,
        changed=changed,
        shipped=shipped,
        key_id=vault.key_id,
        key_source=vault.source,
        key_made=not (knew_key or had_file) and vault.source.startswith("file "),
        roles=roles,
        closing=closing,
    )
    if changed and session.shared:
        note(session, Level.SUCCESS, f"Made the store {visible(location)}.")
    return done


def upgrade(session: "Session") -> SetUp:
    """Brings the store to the last schema; of several at once one does, and the others wait for it.

    Raises:
        NotPermitted: The environment is read-only, or the signed-in user does not own the shared store.
        StoreNewer: A newer ftos-tui made it.
        StoreError: There is none yet, or it is not to be had.
    """
    refuse_read_only(session)
    if session.shared:
        from ftos_tui.stores.sql.postgres import upgrade_schema

        changed = signed_in(session, upgrade_schema)
    else:
        seen = status(session)
        if seen.schema is None:
            raise StoreError(f"There is no store at {seen.location} yet: run `ftos-tui store init`.")
        changed = seen.schema != HEAD
    with _opened(session) as store:
        roles = _keep_roles(session, store) if session.shared else ""
        location, closing = store.facts().location, _closing(session, store)
    done = SetUp(session.environment.name, location, HEAD, changed, roles=roles, closing=closing)
    if changed:
        note(session, Level.SUCCESS, f"Upgraded the store {visible(location)} to schema {HEAD}.")
    return done


def status(session: "Session") -> Seen:
    """What there is to see of the store: whatever its schema, and without changing or making anything.

    Raises:
        StoreError: There is none, or it is not to be had.
    """
    if session.shared:
        return _on_server(session, look)
    database = database_in(session.store_path)
    try:
        return look(database)
    finally:
        database.engine.dispose()


def members(session: "Session") -> dict[str, tuple[str, ...]]:
    """Who has which role of the shared store; roles that were not made yet are left out.

    Raises:
        Failure: The environment has a file of its own.
        StoreNewer: A newer ftos-tui made the store.
    """
    from ftos_tui.stores.sql import roles

    _refuse_file(session)

    def work(database: "Database") -> dict[str, tuple[str, ...]]:
        with database.reading() as connection:
            _refuse_other_schema(connection, database.location)
            return {str(role): users for role, users in roles.members(connection).items()}

    return _on_server(session, work)


def grant(session: "Session", role: str, users: Sequence[str], *, apply: bool = False) -> Grant:
    """Gives a role of the shared store to users of its server.

    Args:
        session: The operator's session.
        role: One of `ROLES`.
        users: Users that the server knows, people or programs.
        apply: Whether to carry the statements out; else they are only told.

    Raises:
        Failure: The environment has a file of its own, or the server does not know a user.
        StoreNewer: A newer ftos-tui made the store.
        StoreForbidden: The signed-in user may not grant the role.
    """
    return _membership(session, role, users, apply=apply, giving=True)


def revoke(session: "Session", role: str, users: Sequence[str], *, apply: bool = False) -> Grant:
    """Takes a role of the shared store from users; see `grant`."""
    return _membership(session, role, users, apply=apply, giving=False)


def open_to_fill(session: "Session") -> "SqlStore":
    """The environment's store to be filled by a copy: made where it is missing, with a master key, nothing shipped.

    The caller closes it.

    Raises:
        NotPermitted: The environment is read-only, or the signed-in user does not own the shared store.
        Failure: Store or key are not to be had.
    """
    refuse_read_only(session)
    _make(session)
    store = _open(session)
    try:
        if session.shared:
            _keep_roles(session, store)
        _prepare(session, store)
    except BaseException:
        store.close()
        raise
    return store


def refuse_read_only(session: "Session") -> None:
    """Refuses to change a store in a read-only environment; asks no store.

    Raises:
        NotPermitted: It is one.
    """
    if session.environment.read_only:
        raise NotPermitted(f"The environment {session.environment.name} is read-only: nothing was changed.")


def _make(session: "Session") -> bool:
    """Makes the schema where there is none; whether it did. A file's is made, or upgraded, by opening it."""
    if session.shared:
        from ftos_tui.stores.sql.postgres import make_schema

        return signed_in(session, make_schema)
    return not session.store_path.exists()


def _open(session: "Session") -> "SqlStore":
    """The store, without what opening it in a session does besides.

    Raises:
        NotPermitted: The store is shared, and the signed-in user does not own it.
    """
    if not session.shared:
        from ftos_tui.stores.sql.sqlite import open_sqlite

        session.refuse_emptied()
        return open_sqlite(session.store_path)
    store = open_shared(session)
    try:
        permit_owner(session)
    except NotPermitted:
        store.close()
        raise
    return cast("SqlStore", store)


@contextmanager
def _opened(session: "Session") -> "Iterator[SqlStore]":
    store = _open(session)
    try:
        yield store
    finally:
        store.close()


def _prepare(session: "Session", store: "ProviderStore") -> "Vault":
    """Gives a store what it knows itself by, and its master key."""
    store.remember("store_id", new_id())
    if session.shared:
        store.remember(ENVIRONMENT, session.environment.name)
    return session.vault_for(store)


def _keep_roles(session: "Session", store: "SqlStore") -> str:
    """Brings the roles of a shared store in line with what they may do; says whether it could."""
    from ftos_tui.stores.sql import roles

    with store.database.writing() as connection:
        there = roles.complete(connection)
        if not there and not roles.may_make(connection):
            return "missing"
        roles.carry_out(connection, roles.making(connection))
    return "kept" if there else "made"


def _closing(session: "Session", store: "SqlStore") -> str:
    """SQL that keeps out who has no role; empty for a file, and where they are kept out already."""
    if not session.shared:
        return ""
    from ftos_tui.stores.sql import roles

    with store.database.reading() as connection:
        return roles.closing(connection)


def _membership(session: "Session", role: str, users: Sequence[str], *, apply: bool, giving: bool) -> Grant:
    from ftos_tui.stores.sql import roles

    _refuse_file(session)
    if apply:
        refuse_read_only(session)
    wanted = roles.Role(role)

    def work(database: "Database") -> Grant:
        with database.writing() if apply else database.reading() as connection:
            _refuse_other_schema(connection, database.location)
            statements = [] if roles.complete(connection) or not giving else roles.making(connection)
            form = roles.granting if giving else roles.revoking
            statements += form(connection, wanted, users)
            unknown = roles.unknown_users(connection, users)
            if apply and unknown:
                raise Failure(
                    f"The server knows no user {shortened(', '.join(unknown), 60)}: its administrator makes one with "
                    "CREATE ROLE … LOGIN. Nothing was changed."
                )
            if apply:
                roles.carry_out(connection, statements)
            closing = roles.closing(connection) if giving else ""
        return Grant(tuple(statements), tuple(unknown), apply, closing)

    done = _on_server(session, work)
    if apply:
        verb, preposition = ("Gave", "to") if giving else ("Took", "from")
        note(session, Level.SUCCESS, f"{verb} the role {role} {preposition} {visible(', '.join(users))}.")
    return done


def _refuse_file(session: "Session") -> None:
    if not session.shared:
        raise Failure(
            f"The store of {session.environment.name} is a file, which belongs to whoever can open it: roles are for "
            "shared stores."
        )


def _refuse_other_schema(connection: "Connection", location: str) -> None:
    from sqlalchemy import text

    there = connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar()
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if there else None
    if found is None:
        raise StoreError(f"There is no store in {location} yet: run `ftos-tui store init`.")
    if found > HEAD:
        raise StoreNewer(f"The store {location} was made by a newer ftos-tui: install that one. Nothing was changed.")
    if found != HEAD:
        raise StoreError(f"The store {location} is older than this ftos-tui: run `ftos-tui store upgrade` first.")


def _on_server(session: "Session", work: "Callable[[Database], T]") -> T:
    """Does something with the database of a shared store, whatever its schema."""

    def reach(target: "PostgresTarget") -> T:
        database = database_at(target)
        try:
            return work(database)
        finally:
            database.engine.dispose()

    return signed_in(session, reach)
