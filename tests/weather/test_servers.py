"""The server restarts, is killed, fails over; clients are killed; twenty operators save at once."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from ftos_tui.domain.failure import Failure
from ftos_tui.studio.providers import open_provider
from tests.postgres import PostgresServer, StopMode
from tests.screens.values import NAME
from tests.team import Team
from tests.weather.conftest import storm_team
from tests.weather.making import (
    all_true,
    chain_is_whole,
    directly,
    edit,
    make_providers,
    nothing_lost,
    saved,
    untorn,
)
from tests.weather.running import Operators

SECONDS: Final = float(os.environ.get("FTOS_TUI_WEATHER_SECONDS", "2"))
"""For how long the twenty operators save; `FTOS_TUI_WEATHER_SECONDS=60` for a minute."""

ENOUGH: Final = 20
"""Saves; the operators go on until there are more, however slow the machine."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of our own, which keeps what it acknowledged."""
    with PostgresServer({"max_connections": "100", "log_min_messages": "fatal"}, durable=True) as server:
        yield server


@pytest.fixture
def own_team(server: PostgresServer, tmp_path: Path) -> Team:
    """A store on it."""
    server.start()
    return storm_team(server, tmp_path)


Trouble = Callable[[PostgresServer], None]


def restarts(mode: StopMode) -> Trouble:
    """A restart, as an administrator does it."""
    return lambda server: server.restart(mode)


def crash(server: PostgresServer) -> None:
    """kill -9 of everything, and a start after it."""
    server.kill()
    server.start()


@pytest.mark.parametrize(
    "trouble", [restarts("fast"), restarts("immediate"), crash], ids=["restart", "immediate", "kill"]
)
def test_saves_amid_trouble_with_the_server_are_told_as_they_are(
    server: PostgresServer, own_team: Team, trouble: Trouble
) -> None:
    session = own_team.session(connect_timeout=5)
    told = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            told.append(saved(session, edit(session)))

    def persists() -> None:
        while not over.is_set():
            try:
                work()
            except Failure:  # reading what to edit failed: the server is away
                time.sleep(0.01)

    working = threading.Thread(target=persists)
    working.start()
    for turn in range(3):
        wanted = len(told) + 2 + turn
        until = time.monotonic() + 60
        while len(told) < wanted and time.monotonic() < until:
            time.sleep(0.001 * (turn + 1))
        trouble(server)
    wanted = len(told) + 2
    while len(told) < wanted:
        time.sleep(0.01)
    over.set()
    working.join()
    session.close()
    with directly(own_team) as truth:
        for each in told:
            version = truth.store.outcome(each.operation_id)
            assert (version.number if version else 0) == each.number, each
        current = open_provider(truth, name=NAME)
        assert current.number == 2 + sum(bool(each.number) for each in told)
        assert all(
            untorn(truth, truth.store.by_id(current.provider_id, number)) for number in range(3, current.number + 1)
        )
        assert chain_is_whole(truth)


def test_clients_killed_at_any_moment_lose_nothing_acknowledged(own_team: Team) -> None:
    with Operators(own_team.folder, own_team.settings()) as operators:
        for turn in range(10):
            pid = operators.start([NAME], 2, 3600)
            operators.wait_saves(1)
            time.sleep(0.003 * turn)
            operators.kill(pid)
        told = list(operators.told)
    with directly(own_team) as truth:
        all_true(truth, told)
        assert nothing_of_the_killed_stands_in_the_way(own_team)
        current = truth.store.by_name(NAME)
        acknowledged = sum(bool(each["number"]) for each in told)
        assert acknowledged <= current.number - 2 <= acknowledged + 20, "a save under way at a kill is there or not"
        assert chain_is_whole(truth)


def nothing_of_the_killed_stands_in_the_way(team: Team) -> bool:
    """Whether a save goes through: whoever was killed holds no lock."""
    with directly(team) as session:
        return saved(session, edit(session)).number > 0


def test_twenty_operators_on_fifty_providers(own_team: Team) -> None:
    with directly(own_team) as session:
        names = make_providers(session, 50)
    desks = [Operators(own_team.folder, own_team.settings(lock_timeout=30)) for _ in range(4)]
    try:
        while sum(desk.acknowledged for desk in desks) <= ENOUGH:
            for desk in desks:
                desk.start(names, 5, SECONDS)
            for desk in desks:
                desk.wait()
    finally:
        for desk in desks:
            desk.__exit__(None, None, None)
    told = [each for desk in desks for each in desk.told]
    saves = sum(bool(each["number"]) for each in told)
    others = {each["said"] for each in told if not each["number"]}
    print(f"{saves} saves, {len(told) - saves} of {len(told)} refused, in {SECONDS:.0f} s")
    assert others <= {"stale"}, others
    with directly(own_team) as truth:
        all_true(truth, told)
        assert sum(nothing_lost(truth, name) - 1 for name in names) == saves
        assert chain_is_whole(truth)


def test_a_standby_that_takes_over_has_every_acknowledged_save(tmp_path: Path) -> None:
    with PostgresServer(durable=True) as server, server.standby() as standby:
        team = storm_team(server, tmp_path)
        both: dict[str, Any] = {
            "host": (server.host, standby.host),
            "port": (server.port, standby.port),
            "connect_timeout": 5,
        }
        with Operators(team.folder, team.settings(**both)) as operators:
            pid = operators.start([NAME], 2, 3600)
            operators.wait_saves(5)
            server.kill()
            standby.promote()
            operators.wait_saves(5)
            operators.kill(pid)
            told = list(operators.told)
        with closing(team.session(**both)) as truth:
            all_true(truth, told)
            assert chain_is_whole(truth)
