"""A full disk, a lock that another holds, clocks that are wrong, a pooler in between."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ftos_tui.domain.secret import Secret
from ftos_tui.stores.sql.postgres_engine import WRITERS_LOCK
from ftos_tui.studio.failures import StaleVersion, StoreFull, StoreUnreachable
from ftos_tui.studio.providers import list_providers, open_provider, save
from ftos_tui.studio.reading import ListQuery, running_trials
from ftos_tui.studio.session import Session
from ftos_tui.studio.trial import confirm
from tests.postgres import SUPERUSER, PostgresServer
from tests.screens.values import NAME, edited
from tests.team import Team
from tests.weather.conftest import storm_team
from tests.weather.making import chain_is_whole, directly, edit, is_true, saved, untorn

PATIENCE_S = 30.0


def test_a_lock_that_another_holds_is_told_and_nothing_is_lost(team: Team) -> None:
    session = team.session(lock_timeout=0.2)
    draft = edit(session)
    with psycopg.connect(team.server.conninfo(team.database), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (WRITERS_LOCK,))
        told = saved(session, draft)
        assert isinstance(told.failure, StoreUnreachable)
        assert "is being changed by another program for too long: try again. Nothing was changed." in str(told.failure)
        assert open_provider(session, name=NAME).number == 2, "reading waits for nobody"
    assert saved(session, draft).number == 3
    session.close()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_does_no_harm(team: Team, hours: int) -> None:
    session = team.session()
    session.clock = lambda: datetime.now(UTC) + timedelta(hours=hours)
    before = datetime.now(UTC) - timedelta(minutes=1)
    version = save(session, edited(session, edits={"bulk_no": "60"}), trial=timedelta(minutes=10))
    assert before < version.saved_at < datetime.now(UTC) + timedelta(minutes=1), "the server's clock counts"
    session.close()
    other = team.session()
    other.clock = session.clock
    assert open_provider(other, name=NAME).number == 3, "nobody takes a trial for over whose own clock is ahead"
    [trial] = running_trials(other)
    assert timedelta(minutes=9) < trial.deadline - version.saved_at <= timedelta(minutes=10)
    confirm(other, name=NAME)
    assert not running_trials(other)
    assert saved(other, edit(other)).number == 4
    assert chain_is_whole(other)
    other.close()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of a few megabytes, which only root can make."""
    folder = Path(tempfile.mkdtemp(prefix="ftos-disk-"))
    made = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m,mode=0777", "tmpfs", folder], capture_output=True, check=False
    )
    if not made or made.returncode:
        folder.rmdir()
        pytest.skip("only root can make a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
        folder.rmdir()


def test_a_full_disk_is_told_and_nothing_is_lost(small_disk: Path, tmp_path: Path) -> None:
    with PostgresServer(durable=True) as server:
        team = storm_team(server, tmp_path)
        server.stop()
        subprocess.run(["cp", "-a", server.data / "base", small_disk / "base"], check=True)
        shutil.rmtree(server.data / "base")
        (server.data / "base").symlink_to(small_disk / "base")
        server.start()
        session = team.session()
        assert saved(session, edit(session)).number == 3
        filler = small_disk / "filler"
        _fill(filler)
        told = saved(session, edit(session))
        for _ in range(200):
            if told.failure is not None:
                break
            told = saved(session, edit(session))
        assert isinstance(told.failure, StoreFull), told
        assert "has no room left on its disk" in str(told.failure)
        number = open_provider(session, name=NAME).number
        filler.unlink()
        assert saved(session, edit(session)).number == number + 1
        current = open_provider(session, name=NAME)
        assert all(untorn(session, session.store.by_id(current.provider_id, at)) for at in range(3, number + 2))
        assert chain_is_whole(session)
        session.close()


def test_a_disk_that_fills_up_under_the_log_stops_the_server_and_loses_nothing(
    small_disk: Path, tmp_path: Path
) -> None:
    with PostgresServer(durable=True) as server:
        team = storm_team(server, tmp_path)
        server.stop()
        subprocess.run(["cp", "-a", server.data / "pg_wal", small_disk / "pg_wal"], check=True)
        shutil.rmtree(server.data / "pg_wal")
        (server.data / "pg_wal").symlink_to(small_disk / "pg_wal")
        server.start()
        session = team.session(connect_timeout=2)
        told = [saved(session, edit(session))]
        draft = edit(session)
        filler = small_disk / "filler"
        _fill(filler)
        with contextlib.suppress(psycopg.Error):
            for _ in range(10):  # the log needs a new file, for which there is no room
                server.execute("SELECT pg_switch_wal()")
                server.execute("CREATE TABLE IF NOT EXISTS more (x text)")
                server.execute("INSERT INTO more VALUES (repeat('x', 8000))")
        told.append(saved(session, draft, patience_s=0.5))
        filler.unlink()
        server.restart("immediate")
        assert saved(session, edit(session)).number
        with directly(team) as truth:
            assert is_true(truth, told[0])
            assert told[1].failure is None or truth.store.settle(told[1].operation_id) is None
            assert chain_is_whole(truth)
        session.close()


def _fill(filler: Path) -> None:
    """Writes a file until there is no room left."""
    with filler.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(8192))
            file.flush()


@pytest.fixture
def pooler(team: Team) -> Iterator[int]:
    """PgBouncer in transaction mode before the server, as the server's user: it refuses to run as root."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="ftos-pooler-"))
    server = team.server
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port} user={SUPERUSER}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
        "server_reset_query = DISCARD ALL\nserver_reset_query_always = 1\n"
    )
    as_user: dict[str, Any] = {} if os.geteuid() else {"user": owner_of(server), "group": owner_of(server)}
    if as_user:
        shutil.chown(folder, *as_user.values())
        config.chmod(0o644)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, config], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user)
    try:
        until = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def owner_of(server: PostgresServer) -> int:
    """The user that the server runs as."""
    return server.folder.stat().st_uid


def test_a_pooler_in_transaction_mode_passes_all_of_it(team: Team, pooler: int) -> None:
    one, two = (team.session(port=(pooler,), pooler=True) for _ in range(2))
    assert len(list_providers(one, ListQuery())) == 6
    draft = edit(two)
    for _ in range(8):  # psycopg would prepare a statement the fifth time
        assert saved(one, edit(one)).number
    with pytest.raises(StaleVersion):
        save(two, draft)
    told = saved(two, edit(two))
    assert one.store.settle(told.operation_id) == two.store.outcome(told.operation_id)
    assert one.store.settle("0" * 32) is None
    trial = edited(one, edits={"bulk_no": "61"}).with_secret("app_key", Secret("another"))
    save(one, trial, trial=timedelta(minutes=5))
    assert len(running_trials(two)) == 1
    confirm(two, name=NAME)
    assert _follows(two, one)
    assert chain_is_whole(one)
    for session in (one, two):
        session.close()


def _follows(session: Session, other: Session) -> bool:
    """Whether a session that looks for changes hears of a save of another one."""
    head = session.store.head()
    signal = session.store.signal("auto")
    saved(other, edit(other))
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        signal.wait(1.0)
        if found := session.store.changes(head):
            signal.close()
            return [change.name for change in found] == [NAME]
    return False
