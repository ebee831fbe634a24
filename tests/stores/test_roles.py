"""What the database itself lets each role do, tried past the program: with a driver, as a user who really signs in."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from ftos_tui.stores.sql.roles import GRANTS, Role, role_name
from ftos_tui.stores.sql.schema import metadata
from tests.postgres import PostgresServer
from tests.team import Team, new_team

DEVELOPER, CONSULTANT, WORKER, AUDITOR = Role
EVERYBODY: Final = frozenset(Role)
NOBODY: Final[frozenset[Role]] = frozenset()


def version(user: str = "session_user", action: str = "save", values: str = "values", number: int = 2) -> str:
    """Writes a further version of every provider, as it is."""
    return (
        'INSERT INTO provider_version SELECT provider_id, number + 1, "values"::jsonb || $${%s}$$, statuses, '
        f"secret_versions, saved_at, {user}, host, ssh_client, reason, '{action}', acknowledged, "
        "operation_id || number::text || 'x', deleted FROM provider_version"
    ) % ("" if values == "values" else values)


def entry(user: str = "session_user", action: str = "save") -> str:
    """Writes a further audit entry."""
    return (
        f"INSERT INTO audit SELECT sequence + 1000, at, {user}, host, ssh_client, '{action}', provider_id, "
        "provider_name, version, detail, previous, mac FROM audit LIMIT 1"
    )


def secret(user: str = "session_user") -> str:
    """Enters a secret."""
    return f"INSERT INTO secret VALUES ('p', 'app_key', 9, 'x', 'k', 'd', 't', {user})"


def trial(user: str = "session_user") -> str:
    """Begins a trial."""
    return f"INSERT INTO trial SELECT id, 1, 1, 'd', 't', {user}, 'h', NULL FROM provider"


def channel(user: str = "session_user") -> str:
    """Makes a channel."""
    return (
        f"INSERT INTO communication_channel SELECT 'c', 1, 'C', 'c', 'C', 'email', 'email', id, 't', {user}, 'h', "
        "NULL, 's' FROM provider LIMIT 1"
    )


def presence(user: str = "session_user") -> str:
    """Opens a form."""
    return f"INSERT INTO presence VALUES ('s', 'p', {user}, 'h', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"


def hand_in(user: str = "session_user") -> str:
    """Hands a message in."""
    return f"INSERT INTO message_group VALUES ('g', 'p', '[]', '[]', 'text', '', '{{}}', '[]', 0, {user}, 'h')"


CASES: Final[list[tuple[str, frozenset[Role]]]] = [
    *((f"SELECT * FROM {table}", EVERYBODY) for table in ("provider", "provider_version", "change", "trial", "fact")),
    ("SELECT * FROM communication_channel", EVERYBODY),
    ("SELECT * FROM status_count", EVERYBODY),
    ("SELECT provider_id, field, version, destination, set_at, set_by FROM secret", EVERYBODY),
    ("SELECT sealed FROM secret", frozenset({DEVELOPER, WORKER})),
    ("SELECT * FROM audit", frozenset({DEVELOPER, WORKER, AUDITOR})),
    (version(), frozenset({DEVELOPER})),
    (version(user="'ana'"), NOBODY),
    (version(action="trial_reverted"), frozenset({DEVELOPER, WORKER})),
    (version(action="trial_reverted", values='"name": "Other"'), frozenset({DEVELOPER, WORKER})),
    (version(action="trial_reverted", values='"bulk_no": 7'), frozenset({DEVELOPER})),
    (version(user="'ana'", action="trial_reverted"), NOBODY),
    (entry(), frozenset({DEVELOPER})),
    (entry(user="'ana'"), NOBODY),
    (entry(action="trial_reverted"), frozenset({DEVELOPER, WORKER})),
    (entry(action="trial_ended"), frozenset({DEVELOPER, WORKER})),
    (entry(user="'ana'", action="trial_reverted"), NOBODY),
    ("UPDATE provider_version SET reason = reason", NOBODY),
    ("DELETE FROM provider_version", NOBODY),
    ("TRUNCATE provider_version CASCADE", NOBODY),
    ("UPDATE audit SET detail = detail", NOBODY),
    ("DELETE FROM audit", NOBODY),
    ("TRUNCATE audit", NOBODY),
    (secret(), frozenset({DEVELOPER})),
    (secret(user="'ana'"), NOBODY),
    ("UPDATE secret SET key_id = key_id", NOBODY),
    ("DELETE FROM secret", NOBODY),
    ("UPDATE provider SET saved_by = session_user", frozenset({DEVELOPER})),
    ("UPDATE provider SET saved_by = 'ana'", NOBODY),
    (
        f"{version(action='trial_reverted')}; UPDATE provider SET version = 2, saved_by = session_user",
        frozenset({DEVELOPER, WORKER}),
    ),
    ("DELETE FROM provider", frozenset({DEVELOPER})),
    (trial(), frozenset({DEVELOPER})),
    (trial(user="'ana'"), NOBODY),
    ("DELETE FROM trial", frozenset({DEVELOPER, WORKER})),
    (channel(), frozenset({DEVELOPER})),
    (channel(user="'ana'"), NOBODY),
    ('UPDATE communication_channel SET "user" = session_user', frozenset({DEVELOPER})),
    ("DELETE FROM communication_channel", frozenset({DEVELOPER})),
    (presence(), EVERYBODY),
    (presence(user="'ana'"), NOBODY),
    ("INSERT INTO operation_void VALUES ('o', 't')", frozenset({DEVELOPER, WORKER})),
    ("DELETE FROM operation_void", NOBODY),
    ("INSERT INTO status_count VALUES ('p', 'c', 1)", frozenset({DEVELOPER, WORKER})),
    ('SELECT id, provider_id, "to", cc, members, created_at, "user", host FROM message_group', EVERYBODY),
    *(
        (f"DELETE FROM {table}", NOBODY)
        for table in ("message", "message_group", "message_body", "attachment", "message_attempt", "delivery_event")
    ),
    *(
        (f"UPDATE {table} SET {column} = {column}", NOBODY)
        for table, column in (
            ("message_attempt", "outcome"),
            ("delivery_event", "raw"),
            ("attachment", "name"),
            ("message_group", "text"),
        )
    ),
    ("UPDATE message SET state = state", frozenset({DEVELOPER, WORKER})),
    (hand_in(), frozenset({DEVELOPER, WORKER})),
    (hand_in(user="'ana'"), NOBODY),
    ("SELECT text FROM message_group", frozenset({DEVELOPER, WORKER})),
    ("SELECT html FROM message_group", frozenset({DEVELOPER, WORKER})),
    ("SELECT params FROM message_group", frozenset({DEVELOPER, WORKER})),
    ("SELECT wire FROM message_body", frozenset({DEVELOPER, WORKER})),
    ("SELECT number, message_id, code, canonical, at, received_at FROM delivery_event", EVERYBODY),
    ("SELECT raw FROM delivery_event", frozenset({DEVELOPER, WORKER})),
    ("SELECT content FROM attachment", frozenset({DEVELOPER, WORKER})),
    ("INSERT INTO fact VALUES ('k', 'v')", NOBODY),
    ("UPDATE fact SET value = value", NOBODY),
    ("UPDATE alembic_version SET version_num = '9999'", NOBODY),
    ("CREATE TABLE mine (x int)", NOBODY),
    ("DROP TABLE provider", NOBODY),
    ("ALTER TABLE audit DISABLE TRIGGER only_grows", NOBODY),
    ("ALTER TABLE audit DISABLE ROW LEVEL SECURITY", NOBODY),
    ("SET session_replication_role = replica", NOBODY),
    ("CREATE OR REPLACE FUNCTION ftos_tui_refuse_change() RETURNS trigger LANGUAGE sql AS ''", NOBODY),
    # A relation of one's own must not be taken for the one that tells developers from workers.
    (f"CREATE TEMP TABLE secret (x int); {version()}", frozenset({DEVELOPER})),
]
"""Statements, and who may carry them out."""


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A store with the shipped providers, and a secret."""
    made = new_team(postgres_server, tmp_path_factory.mktemp("team"))
    postgres_server.execute(
        "INSERT INTO secret VALUES ('p', 'app_key', 1, 'x', 'k', 'd', 't', 'ana')", database=made.database
    )
    postgres_server.execute(
        "INSERT INTO fact VALUES ('audit_key', 'v'), ('key_salt', 'v'), ('key_retiring', 'v')", database=made.database
    )
    return made


@pytest.fixture(scope="module")
def lines(team: Team) -> "Iterator[dict[Role, psycopg.Connection[Any]]]":
    """A connection for each role, of somebody who has it."""
    made = {
        role: psycopg.connect(
            host=team.server.host, port=team.server.port, dbname=team.database, user=team.person(role)
        )
        for role in Role
    }
    yield made
    for line in made.values():
        line.close()


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_it_is_for_and_nothing_else(
    lines: "dict[Role, psycopg.Connection[Any]]", role: Role
) -> None:
    wrong = []
    for statement, allowed in CASES:
        line = lines[role]
        try:
            line.execute(statement.encode())
            done = True
        except InsufficientPrivilege:
            done = False
        finally:
            line.rollback()
        if done != (role in allowed):
            wrong.append((statement, done))
    assert wrong == []


@pytest.mark.parametrize("role", Role)
def test_sealed_keys_are_for_those_who_need_them(lines: "dict[Role, psycopg.Connection[Any]]", role: Role) -> None:
    rows = lines[role].execute("SELECT key FROM fact WHERE key IN ('audit_key', 'key_salt', 'key_retiring')").fetchall()
    lines[role].rollback()
    assert len(rows) == (0 if role is CONSULTANT else 3)


def test_nobody_changes_what_was_saved_not_even_the_owner(team: Team) -> None:
    for statement in ("UPDATE audit SET mac = ''", "DELETE FROM provider_version", "TRUNCATE audit"):
        with pytest.raises(InsufficientPrivilege, match="never changed or removed, only added"):
            team.server.execute(statement, database=team.database)
        with pytest.raises(InsufficientPrivilege):
            team.server.execute(f"SET session_replication_role = replica; {statement}", database=team.database)


def test_a_form_left_open_for_long_is_cleared_away_by_anybody(team: Team) -> None:
    server = team.server
    for session, seen in (("old", "now() - interval '1 hour'"), ("new", "now()")):
        server.execute(
            f"INSERT INTO presence VALUES ('{session}', 'p', 'ana', 'h', '', ({seen})::text)",
            database=team.database,
        )
    with psycopg.connect(
        host=server.host, port=server.port, dbname=team.database, user=team.person(CONSULTANT)
    ) as line:
        line.execute("DELETE FROM presence")
    assert server.execute("SELECT session_id FROM presence", database=team.database) == [("new",)]


def test_whoever_listens_hears_that_something_changed_but_neither_what_nor_of_heartbeats(team: Team) -> None:
    user = team.person()  # may connect, and nothing else
    with (
        psycopg.connect(
            host=team.server.host, port=team.server.port, dbname=team.database, user=user, autocommit=True
        ) as ear,
        psycopg.connect(team.server.conninfo(team.database), autocommit=True) as line,
    ):
        ear.execute("LISTEN ftos_tui")
        line.execute(
            b'INSERT INTO audit SELECT 5000 + n, at, "user", host, ssh_client, action, provider_id, '
            b"provider_name, version, detail, previous, mac "
            b"FROM audit, generate_series(1, 30) AS n WHERE sequence = 1"
        )
        line.execute(presence().encode())
        line.execute("UPDATE presence SET seen_at = 't'")
        line.execute("DELETE FROM presence WHERE provider_id = 'p'")
        heard = [notice.payload for notice in ear.notifies(timeout=30, stop_after=3)]
        assert list(ear.notifies(timeout=0)) == []
    assert heard == ["", "", ""]


def test_every_table_is_granted_or_the_owners_alone() -> None:
    assert set(metadata.tables) - set(GRANTS) == set()


def test_names_of_roles_fit_and_tell_databases_apart() -> None:
    assert role_name("db", DEVELOPER) == "ftos_tui_db_developer"
    long = ["x" * 62 + "a", "x" * 62 + "b", "\u00e4" * 31]
    names = [role_name(database, CONSULTANT) for database in long]
    assert len(set(names)) == 3
    assert all(len(name.encode()) <= 63 and name.endswith("_consultant") for name in names)
