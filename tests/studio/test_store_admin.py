"""A store is made, upgraded, looked at and granted; by its owner, by others, by several at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from ftos_tui.domain.draft import Draft
from ftos_tui.stores.sql.inspection import database_at
from ftos_tui.stores.sql.roles import Role
from ftos_tui.stores.sql.schema import HEAD
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.studio.audit import verify
from ftos_tui.studio.failures import (
    Failure,
    NotPermitted,
    StoreError,
    StoreForbidden,
    StoreNewer,
    StoreUnreachable,
)
from ftos_tui.studio.providers import ListQuery, base_of, list_providers, open_provider, save
from ftos_tui.studio.reading import with_readability
from ftos_tui.studio.rotation import key_status, rotate_key
from ftos_tui.studio.session import Session
from ftos_tui.studio.store_admin import ROLES, grant, initialise, members, revoke, status, upgrade
from ftos_tui.studio.store_copy import copy_store
from ftos_tui.studio.trial import carry_out_expired
from tests.postgres import PostgresServer
from tests.studio.conftest import OpenSession
from tests.studio.making import saved
from tests.studio.test_rotation import enter_key, secret_of
from tests.team import Team, new_team


@pytest.fixture
def empty(postgres_server: PostgresServer, tmp_path: Path) -> Team:
    """An empty database, and a folder for its owner's files."""
    return Team(postgres_server, postgres_server.new_database(None), tmp_path)


@pytest.fixture
def team(postgres_server: PostgresServer, tmp_path: Path) -> Team:
    """A shared store with the shipped providers and the roles."""
    return new_team(postgres_server, tmp_path)


@pytest.fixture
def opened() -> Iterator[list[Session]]:
    """Sessions that are closed in the end."""
    sessions: list[Session] = []
    yield sessions
    for session in sessions:
        session.close()


def migrated_to(server: PostgresServer, database: str, revision: str) -> None:
    """Makes a schema of an earlier release."""
    at = database_at(server.target(database))

    def migrate(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "ftos_tui.stores.sql:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, revision)

    with at.writing() as connection:
        migrate(connection)
    at.engine.dispose()


def test_a_shared_store_is_made_once(empty: Team, opened: list[Session]) -> None:
    opened.append(empty.session())
    assert status(opened[0]).schema is None
    with pytest.raises(StoreError, match="store init"):
        upgrade(opened[0])
    with pytest.raises(StoreError, match="store init"):
        grant(opened[0], "developer", ["x"])
    done = initialise(opened[0])
    assert (done.changed, done.shipped, done.key_made, done.roles, done.schema) == (True, 6, True, "made", HEAD)
    assert len(list_providers(opened[0], ListQuery())) == 6
    assert verify(opened[0]).problem is None
    opened.append(empty.session())
    again = initialise(opened[1])
    assert (again.changed, again.shipped, again.key_made, again.roles) == (False, 0, False, "kept")
    assert again.key_id == done.key_id
    assert upgrade(opened[1]).changed is False


def test_two_make_one_store(empty: Team, opened: list[Session]) -> None:
    opened += [empty.session(), empty.session()]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(initialise, opened))
    assert sorted(each.changed for each in done) == [False, True]
    assert len({each.key_id for each in done}) == 1
    assert verify(opened[0]).checked == 6


def test_who_may_not_make_roles_is_told_and_prints_them_for_who_may(empty: Team, opened: list[Session]) -> None:
    server, owner = empty.server, f"owner_{empty.database}"
    server.execute(f"CREATE ROLE {owner} LOGIN")
    server.execute(f"ALTER DATABASE {empty.database} OWNER TO {owner}")
    ana = empty.person()
    opened.append(empty.session(user=owner))
    assert initialise(opened[0]).roles == "missing"
    assert members(opened[0]) == {}
    printed = grant(opened[0], "developer", [ana])
    assert printed.statements[0].startswith("CREATE ROLE")
    with pytest.raises(StoreForbidden):
        grant(opened[0], "developer", [ana], apply=True)
    for statement in printed.statements:
        server.execute(statement, database=empty.database)
    assert members(opened[0]) == {"developer": (ana,), "consultant": (), "worker": (), "auditor": ()}
    session = empty.session(user=ana)
    opened.append(session)
    assert saved(session).saved_by.user == ana
    with pytest.raises(StoreForbidden):
        revoke(opened[0], "developer", [ana], apply=True)


def test_roles_are_given_and_taken(team: Team, opened: list[Session]) -> None:
    opened.append(team.session())
    ana, odd = team.person(), f'odd "%s" {team.database}'
    team.server.execute('CREATE ROLE "{}" LOGIN'.format(odd.replace('"', '""')))
    printed = grant(opened[0], "consultant", [ana, odd])
    assert (printed.applied, printed.unknown, len(printed.statements)) == (False, (), 1)
    assert members(opened[0])["consultant"] == ()
    assert grant(opened[0], "consultant", [ana, odd], apply=True).applied
    assert members(opened[0])["consultant"] == (ana, odd)
    assert status(opened[0]).members == members(opened[0])
    revoke(opened[0], "consultant", [odd], apply=True)
    assert members(opened[0])["consultant"] == (ana,)
    assert grant(opened[0], "worker", ["nobody at all"]).unknown == ("nobody at all",)
    with pytest.raises(Failure, match="The server knows no user nobody at all"):
        grant(opened[0], "worker", ["nobody at all"], apply=True)


def test_each_role_works_through_the_program(team: Team, opened: list[Session]) -> None:
    people = {role: team.session(user=team.person(role)) for role in Role}
    opened += people.values()
    developer, consultant, worker, auditor = (people[role] for role in Role)
    version = saved(developer)
    assert version.saved_by.user == developer.author.user == team.person(Role.DEVELOPER)
    for reader in (consultant, auditor):
        assert open_provider(reader, name="Gateway").number == 1
        with pytest.raises(NotPermitted, match="may read here, not change"):
            saved(reader, name="Another")
        # Past the program's own look at rights, the database refuses as well.
        reader.rights = developer.rights
        with pytest.raises(StoreForbidden):
            reader.store.count_status(version.provider_id, "250", 1)
    assert verify(auditor).problem is None
    with pytest.raises(StoreForbidden):
        consultant.store.audit_entries()
    save(developer, Draft(base_of(version)).with_text("bulk_no", "9"), trial=timedelta(milliseconds=1))
    worker.clock = lambda: version.saved_at + timedelta(days=1)
    assert carry_out_expired(worker) + (open_provider(worker, name="Gateway").number == 3) >= 1
    reverted = open_provider(developer, name="Gateway")
    assert (reverted.action, reverted.values["bulk_no"]) == ("trial_reverted", 50)
    assert reverted.saved_by.user == team.person(Role.WORKER)
    for person in people.values():
        person.rights = None
        for forbidden in (initialise, upgrade):
            with pytest.raises((NotPermitted, StoreForbidden)):
                forbidden(person)
        with pytest.raises(StoreForbidden):
            grant(person, "developer", [team.person(Role.CONSULTANT)], apply=True)


def test_two_upgrade_an_older_store(empty: Team, opened: list[Session]) -> None:
    migrated_to(empty.server, empty.database, "0003")
    opened += [empty.session(), empty.session()]
    seen = status(opened[0])
    assert (seen.schema, seen.known, seen.current, seen.members) == ("0003", True, False, {})
    with pytest.raises(StoreError, match="store upgrade"):
        initialise(opened[0])
    with pytest.raises(StoreError, match="store upgrade"):
        grant(opened[0], "developer", ["x"])
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(upgrade, opened))
    assert sorted(each.changed for each in done) == [False, True]
    assert status(opened[0]).current
    assert initialise(opened[0]).shipped == 6


def test_a_newer_store_is_left_alone(team: Team, opened: list[Session], open_session: OpenSession) -> None:
    team.server.execute("UPDATE alembic_version SET version_num = '9999'", database=team.database)
    opened.append(team.session())
    for forbidden in (initialise, upgrade, members):
        with pytest.raises(StoreNewer):
            forbidden(opened[0])
    for apply in (False, True):
        with pytest.raises(StoreNewer):
            grant(opened[0], "developer", ["x"], apply=apply)
    with pytest.raises(StoreNewer):
        copy_store(open_session(), opened[0])
    seen = status(opened[0])
    assert (seen.schema, seen.known, seen.current) == ("9999", False, False)


def test_what_a_role_may_not_read_is_not_counted(team: Team, opened: list[Session]) -> None:
    opened += [team.session(user=team.person(Role.CONSULTANT)), team.session(user=team.person())]
    seen = status(opened[0])
    assert "audit" not in seen.counts
    assert seen.counts["providers"] == 6
    with pytest.raises(StoreForbidden):
        status(opened[1])


def test_a_file_needs_no_more_than_to_be_opened(open_session: OpenSession) -> None:
    session = open_session()
    for without in (status, upgrade):
        with pytest.raises(StoreUnreachable, match="There is no store at"):
            without(session)
    done = initialise(session)
    assert (done.changed, done.shipped, done.key_made, done.roles) == (True, 6, True, "")
    assert len(list_providers(session, ListQuery())) == 6
    assert not initialise(session).changed
    seen = status(session)
    assert (seen.schema, seen.members, seen.counts["versions"]) == (HEAD, None, 6)
    with pytest.raises(Failure, match="roles are for shared stores"):
        grant(session, "developer", ["ana"])
    with pytest.raises(Failure, match="roles are for shared stores"):
        members(session)
    read_only = open_session(read_only=True)
    for forbidden in (initialise, upgrade):
        with pytest.raises(NotPermitted):
            forbidden(read_only)
    assert status(read_only).current


def test_a_file_that_is_no_store_yet_is_told(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session(store=str(tmp_path / "empty.sqlite3"))
    session.store_path.touch()
    assert status(session).schema is None
    with pytest.raises(StoreError, match="store init"):
        upgrade(session)
    open_sqlite(session.store_path).close()
    assert replace(status(session), details={}).current


def test_operators_may_call_a_shared_environment_what_they_like(team: Team, tmp_path: Path) -> None:
    keeper = team.session()
    initialise(keeper)
    saved(keeper)
    keeper.close()
    other = team.session()
    other.environment = replace(other.environment, name="elsewhere", key_file=str(keeper.key_path))
    version = open_provider(other, name="Gateway")
    assert all(state.readable for state in with_readability(other, version).secrets.values())
    enter_key(other, "Gateway", "another-key")
    rotate_key(other)
    assert verify(other).problem is None
    other.close()
    keeper = team.session()
    assert key_status(keeper).lost == ()
    assert secret_of(keeper, open_provider(keeper, name="Gateway"), "app_key") == "another-key"
    keeper.close()


def test_who_does_not_own_the_store_replaces_no_key_and_leaves_no_new_one(
    team: Team, opened: list[Session], tmp_path: Path
) -> None:
    developer = team.session(tmp_path / "developer", user=team.person(Role.DEVELOPER))
    opened.append(developer)
    team.give_key(developer.places.data)
    before = sorted(developer.places.data.iterdir())
    with pytest.raises(NotPermitted, match="does not own the store of production: sign in as who made it"):
        rotate_key(developer)
    assert sorted(developer.places.data.iterdir()) == before


def test_the_roles_are_those_of_the_database() -> None:
    assert tuple(Role) == ROLES
