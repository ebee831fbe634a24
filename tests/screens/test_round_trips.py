"""How often the console asks a shared store for what an operator does: over a long line that is what counts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.providers import ProvidersScreen
from tests.line import Line
from tests.postgres import PostgresServer
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, configure
from tests.team import Team, new_team

Trips = Callable[[], int]


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterator[Line]:
    """The line to the server."""
    with Line(postgres_server.host, postgres_server.port) as line:
        yield line


@pytest.fixture
def team(postgres_server: PostgresServer, tmp_path: Path) -> Team:
    """A shared store in which one provider is configured, its two secrets set."""
    team = new_team(postgres_server, tmp_path)
    session = team.session()
    configure(session)
    session.close()
    return team


@pytest.fixture(autouse=True)
def no_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done by the clock and by others' doings is left out: following, presence, and looks every few seconds."""
    monkeypatch.setattr("ftos_tui.studio.live.Watch.start", lambda _: None)
    for beat in ("providers.PACE", "providers._FIRST_LOOK", "trial_watch.SELDOM", "form_activity.PACE", "edit.TICK"):
        monkeypatch.setattr(f"ftos_tui.screens.{beat}", 3600.0)


async def rest(operator: Operator) -> None:
    """Waits until nothing that was begun is under way."""
    await operator.pilot.pause()
    await operator.until(lambda: all(worker.is_finished for worker in operator.app.workers))


async def test_a_form_costs_one_round_trip_and_a_save_two(team: Team, line: Line) -> None:
    session = team.session(port=(line.port,))
    async with at_console(session) as operator:

        async def trips() -> int:
            await rest(operator)
            spent, line.trips = line.trips, 0
            return spent

        await operator.listed()
        await trips()
        await operator.press("r")
        await operator.listed()
        assert await trips() == 3, "the page; beside it the number of all, and what is on trial"
        form = await operator.open(NAME)
        assert await trips() == 1, "record, secrets, keys, what stands around it"
        assert all(state.readable for state in form.model.draft.base.secrets.values())
        assert session.vault_is_open
        await operator.type("bulk_no", "60")
        assert await trips() == 0
        form.action_save_and_reload()
        await operator.until(lambda: form.model.draft.base.version == 3)
        assert await trips() == 2
        await operator.type("bulk_no", "70")
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        await operator.listed()
        assert await trips() == 2 + 3, "the save, then the list"
        await operator.open(NAME)
        assert isinstance(operator.app.screen, EditScreen)
        assert await trips() == 1
