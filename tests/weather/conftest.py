"""A shared store for bad weather: a provider that can be saved, and a line to its server that fails."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.studio.session import Session
from tests.postgres import PostgresServer
from tests.screens.values import configure
from tests.team import Team, new_team
from tests.weather.bad_line import BadLine

Opener = Callable[..., Session]


def storm_team(server: PostgresServer, folder: Path) -> Team:
    """A shared store whose first provider is configured, at version 2."""
    team = new_team(server, folder)
    session = team.session()
    configure(session)
    session.close()
    return team


@pytest.fixture
def team(postgres_server: PostgresServer, tmp_path: Path) -> Team:
    """A store on the server that the tests share."""
    return storm_team(postgres_server, tmp_path)


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterator[BadLine]:
    """The line to it."""
    with BadLine(postgres_server.port) as line:
        yield line


@pytest.fixture
def open_over(team: Team) -> Iterator[Opener]:
    """Opens sessions over a line, and closes them in the end."""
    opened: list[Session] = []

    def open_session(line: BadLine, **changes: Any) -> Session:
        opened.append(team.session(port=(line.port,), **changes))
        return opened[-1]

    yield open_session
    for session in opened:
        session.close()
