"""What nobody waits for any more is stopped at the server, too."""

import threading
import time

import psycopg
import pytest

from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio.failures import GivenUp, StoreUnreachable
from ftos_tui.studio.providers import list_providers
from ftos_tui.studio.reading import ListQuery
from tests.postgres import PostgresServer
from tests.team import Team, new_team

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A store that the tests only read."""
    return new_team(postgres_server, tmp_path_factory.mktemp("team"))


def until_waiting(team: Team) -> None:
    """Waits until somebody waits for a lock."""
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    until = time.monotonic() + PATIENCE_S
    while not team.server.execute(waits, (team.database,)):
        assert time.monotonic() < until


def test_a_read_that_is_given_up_is_cancelled(team: Team) -> None:
    session = team.session()
    store = session.store
    server = team.server
    stopped = threading.Event()

    def read() -> None:
        with pytest.raises(StoreUnreachable, match="was told to stop"):
            list_providers(session, ListQuery())
        stopped.set()

    with psycopg.connect(server.conninfo(team.database)) as other:
        other.execute("LOCK TABLE provider IN ACCESS EXCLUSIVE MODE")
        reading = threading.Thread(target=read)
        reading.start()
        until_waiting(team)
        assert reading.ident is not None
        store.stop(reading.ident)
        assert stopped.wait(PATIENCE_S)
        reading.join()
    store.stop(0)  # a thread that waits for nothing
    assert len(list_providers(session, ListQuery())) == 6
    session.close()


@pytest.mark.parametrize("table", ["alembic_version", "trial"])
def test_an_opening_that_is_left_gives_its_connections_back(team: Team, table: str) -> None:
    session = team.session()
    left: list[str] = []

    def read() -> None:
        with pytest.raises(GivenUp) as given_up:
            list_providers(session, ListQuery())
        left.append(str(given_up.value))

    with psycopg.connect(team.server.conninfo(team.database)) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        reading = threading.Thread(target=read)
        reading.start()
        until_waiting(team)
        session.close()
        other.rollback()
        reading.join(PATIENCE_S)
    assert left == ["The store of production was left while it was being opened."]
    assert not session.is_open
    assert len(list_providers(session, ListQuery())) == 6
    session.close()


def test_connections_that_come_back_after_the_end_are_closed(team: Team) -> None:
    session = team.session()
    store = session.store
    assert isinstance(store, SqlStore)
    engine = store.database.engine
    lent = engine.raw_connection()
    session.close()
    late = engine.raw_connection()
    drivers = [lent.driver_connection, late.driver_connection]
    for connection in (lent, late):
        connection.close()
    assert [driver.closed for driver in drivers if driver is not None] == [True, True]
