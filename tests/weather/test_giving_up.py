"""What nobody waits for any more is stopped at the server, too."""

import threading
import time

import psycopg
import pytest

from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.providers import list_providers
from ftos_tui.studio.reading import ListQuery
from tests.team import Team

PATIENCE_S = 60.0


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
        waits = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        until = time.monotonic() + PATIENCE_S
        while not server.execute(waits, (team.database,)):
            assert time.monotonic() < until
        assert reading.ident is not None
        store.stop(reading.ident)
        assert stopped.wait(PATIENCE_S)
        reading.join()
    store.stop(0)  # a thread that waits for nothing
    assert len(list_providers(session, ListQuery())) == 6
    session.close()
