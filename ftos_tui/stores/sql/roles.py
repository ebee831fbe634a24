"""The roles of a shared store on PostgreSQL: what each may do, and who has them.

Roles belong to a whole server, so their names carry the database's. A role cannot sign in; people and programs are made
members of it. What is granted here is the upper bound; row policies of the schema narrow it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from psycopg import sql
from sqlalchemy import Connection, text


class Role(StrEnum):
    """What a person or a program is to a store."""

    DEVELOPER = "developer"
    """May change everything but the store itself."""
    CONSULTANT = "consultant"
    """May read, but neither sealed secrets nor the audit."""
    WORKER = "worker"
    """May read what delivery needs, deliver, and take back trials that are over."""
    AUDITOR = "auditor"
    """May read, the audit too, but no sealed secrets."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What a role may do with a table.

    Attributes:
        privileges: SQL's names of them.
        columns: To which columns that is limited; empty for all.
    """

    privileges: tuple[str, ...]
    columns: tuple[str, ...] = ()


_READ: Final = Granted(("SELECT",))
_ADD: Final = Granted(("SELECT", "INSERT"))
_KEEP: Final = Granted(("SELECT", "INSERT", "UPDATE"))
_WRITE: Final = Granted(("SELECT", "INSERT", "UPDATE", "DELETE"))
_STATES: Final = Granted(("SELECT",), ("provider_id", "field", "version", "key_id", "destination", "set_at", "set_by"))

_ENVELOPES: Final = Granted(("SELECT",), ("id", "provider_id", "to", "cc", "members", "created_at", "user", "host"))
_REPORTS: Final = Granted(("SELECT",), ("number", "message_id", "code", "canonical", "at", "received_at"))

_DEVELOPER, _CONSULTANT, _WORKER, _AUDITOR = Role

# Nobody forgets a message, and what was tried and reported is never changed: that keeps one from being sent twice.
_QUEUE: Final = {
    "message": _KEEP,
    "message_attempt": _ADD,
    "message_count": _KEEP,
    "message_hour": _KEEP,
    "step_state": _KEEP,
    "worker": _WRITE,
}

GRANTS: Final[Mapping[str, Mapping[Role, Granted]]] = {
    "alembic_version": dict.fromkeys(Role, _READ),
    "fact": dict.fromkeys(Role, _READ),
    "change": dict.fromkeys(Role, _READ),
    "presence": dict.fromkeys(Role, _WRITE),
    "provider": {**dict.fromkeys(Role, _READ), _DEVELOPER: _WRITE, _WORKER: Granted(("SELECT", "UPDATE"))},
    "provider_version": {**dict.fromkeys(Role, _READ), _DEVELOPER: _ADD, _WORKER: _ADD},
    "secret": {_DEVELOPER: _ADD, _CONSULTANT: _STATES, _WORKER: _READ, _AUDITOR: _STATES},
    # The chain is continued from its last entry: whoever adds to it reads it.
    "audit": {_DEVELOPER: _ADD, _WORKER: _ADD, _AUDITOR: _READ},
    "trial": {**dict.fromkeys(Role, _READ), _DEVELOPER: _WRITE, _WORKER: Granted(("SELECT", "DELETE"))},
    "communication_channel": {**dict.fromkeys(Role, _READ), _DEVELOPER: _WRITE},
    "operation_void": {**dict.fromkeys(Role, _READ), _DEVELOPER: _ADD, _WORKER: _ADD},
    "status_count": {**dict.fromkeys(Role, _READ), _DEVELOPER: _KEEP, _WORKER: _KEEP},
    # What a bank writes to its customers is for nobody who only looks.
    "message_group": {_DEVELOPER: _ADD, _CONSULTANT: _ENVELOPES, _WORKER: _ADD, _AUDITOR: _ENVELOPES},
    "message_body": {_DEVELOPER: _KEEP, _WORKER: _KEEP},
    "attachment": {_DEVELOPER: _ADD, _WORKER: _ADD},
    **{
        table: {**dict.fromkeys(Role, _READ), _DEVELOPER: granted, _WORKER: granted}
        for table, granted in _QUEUE.items()
    },
    # Nor is what readers did with it, the links they followed and from where.
    "delivery_event": {_DEVELOPER: _ADD, _CONSULTANT: _REPORTS, _WORKER: _ADD, _AUDITOR: _REPORTS},
}
"""What each role may do, by table. A table that is not here is the owner's alone: a further one needs an entry."""

_LONGEST: Final = 63
"""The longest name PostgreSQL takes, in bytes (NAMEDATALEN)."""


def role_name(database: str, role: Role) -> str:
    """What a role of a database's store is called on its server.

    Args:
        database: The database's name.
        role: Which role.

    Returns:
        A name of at most 63 bytes; a long name of a database is cut, and told apart by a hash of it.
    """
    room = _LONGEST - len(f"ftos_tui__{max(Role, key=len)}")
    if len(database.encode()) > room:
        digest = hashlib.sha256(database.encode()).hexdigest()[:8]
        database = f"{database.encode()[: room - 9].decode('utf-8', 'ignore')}_{digest}"
    return f"ftos_tui_{database}_{role}"


def making(connection: Connection) -> list[str]:
    """The statements that make the missing roles and bring what each may do in line with `GRANTS`.

    Args:
        connection: To the store's database.

    Returns:
        SQL, without semicolons. To be run by the owner of the store, who has to be allowed to make roles where some
        are missing.
    """
    database, schema = _place(connection)
    names = {role: role_name(database, role) for role in Role}
    there = _existing(connection, list(names.values()))
    statements = [
        sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(sql.Identifier(name))
        for name in names.values()
        if name not in there
    ]
    for role, name in names.items():
        grantee = sql.Identifier(name)
        statements += [
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), grantee),
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), grantee),
            sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(sql.Identifier(schema), grantee),
            *_table_grants(role, schema, grantee, _tables(connection, schema)),
        ]
    return [statement.as_string(None) for statement in statements]


def granting(connection: Connection, role: Role, users: Sequence[str]) -> list[str]:
    """The statement that makes users members of a role."""
    return [_membership(connection, sql.SQL("GRANT {} TO {}"), role, users)]


def revoking(connection: Connection, role: Role, users: Sequence[str]) -> list[str]:
    """The statement that takes a role from users."""
    return [_membership(connection, sql.SQL("REVOKE {} FROM {}"), role, users)]


def closing(connection: Connection) -> str:
    """The statement that lets only the owner and the roles connect; empty where nobody else may.

    Whoever connects can hold the lock that those who save wait for, whatever else they may do.
    """
    asked = text("SELECT has_database_privilege('public', current_database(), 'CONNECT')")
    if not connection.execute(asked).scalar():
        return ""
    database, _ = _place(connection)
    return sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)).as_string(None)


def carry_out(connection: Connection, statements: Sequence[str]) -> None:
    """Runs statements that the functions above made, in the transaction of the connection."""
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%"))  # the driver takes % for a placeholder


def complete(connection: Connection) -> bool:
    """Whether every role is there."""
    database, _ = _place(connection)
    names = [role_name(database, role) for role in Role]
    return len(_existing(connection, names)) == len(names)


def may_make(connection: Connection) -> bool:
    """Whether the user of the connection may make roles."""
    statement = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    return bool(connection.execute(text(statement)).scalar())


def unknown_users(connection: Connection, users: Sequence[str]) -> list[str]:
    """Which of these users the server does not know."""
    there = _existing(connection, users)
    return [user for user in users if user not in there]


def members(connection: Connection) -> Mapping[Role, tuple[str, ...]]:
    """Who is a member of each role, in the order of their names; roles that were not made yet are left out."""
    database, _ = _place(connection)
    statement = text(
        "SELECT role.rolname, member.rolname FROM pg_roles AS role "
        # Whoever made a role is its keeper, but no member that inherits it (from PostgreSQL 16 on).
        "LEFT JOIN pg_auth_members AS link ON link.roleid = role.oid "
        "AND coalesce((to_jsonb(link) ->> 'inherit_option')::boolean, true) "
        "LEFT JOIN pg_roles AS member ON member.oid = link.member "
        "WHERE role.rolname = ANY(:names) ORDER BY 2"
    )
    names = {role_name(database, role): role for role in Role}
    found: dict[Role, dict[str, None]] = {}
    for name, member in connection.execute(statement, {"names": list(names)}):
        of_role = found.setdefault(names[name], {})
        if member is not None:
            of_role[member] = None
    return {role: tuple(found[role]) for role in Role if role in found}


def _membership(connection: Connection, template: sql.SQL, role: Role, users: Sequence[str]) -> str:
    database, _ = _place(connection)
    grantees = sql.SQL(", ").join(map(sql.Identifier, users))
    return template.format(sql.Identifier(role_name(database, role)), grantees).as_string(None)


def _table_grants(role: Role, schema: str, grantee: sql.Identifier, there: frozenset[str]) -> Iterator[sql.Composed]:
    for table, granted in GRANTS.items():
        if role not in granted or table not in there:
            continue
        what = sql.SQL(", ").join(map(_privilege, granted[role].privileges))
        if granted[role].columns:
            columns = sql.SQL(", ").join(map(sql.Identifier, granted[role].columns))
            what = sql.SQL("{} ({})").format(what, columns)
        yield sql.SQL("GRANT {} ON {} TO {}").format(what, sql.Identifier(schema, table), grantee)


_PRIVILEGES: Final = {name: sql.SQL(name) for name in ("SELECT", "INSERT", "UPDATE", "DELETE")}


def _privilege(name: str) -> sql.SQL:
    return _PRIVILEGES[name]


def _place(connection: Connection) -> tuple[str, str]:
    row = connection.execute(text("SELECT current_database(), current_schema()")).one()
    return str(row[0]), str(row[1])


def _existing(connection: Connection, names: Sequence[str]) -> frozenset[str]:
    found = connection.execute(text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)"), {"names": list(names)})
    return frozenset(str(row[0]) for row in found)


def _tables(connection: Connection, schema: str) -> frozenset[str]:
    statement = text(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname = :schema AND relkind IN ('r', 'p', 'v')"
    )
    return frozenset(str(row[0]) for row in connection.execute(statement, {"schema": schema}))
