"""The console in bad weather: what it waits for, what it says of a store that is away, what became of a save."""

import re
from collections.abc import Iterator

import pytest

from ftos_tui.domain.log import Level
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.stores.sql.postgres_pipeline import ChangeInPipelines
from ftos_tui.stores.sql.roles import Role, role_name
from ftos_tui.stores.sql.statements import Query
from ftos_tui.studio.drafts import offered_drafts
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME
from tests.settling import settling_pilot
from tests.team import Team
from tests.weather.bad_line import BadLine
from tests.weather.conftest import Opener


@pytest.fixture(autouse=True)
def _settling() -> Iterator[None]:
    with settling_pilot():
        yield


@pytest.fixture
def session(line: BadLine, open_over: Opener, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session over the line; the console looks for a store that is away more often than an operator needs."""
    monkeypatch.setattr("ftos_tui.studio.live.FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr("ftos_tui.studio.live.LONGEST_PAUSE_S", 0.2)
    return open_over(line, connect_timeout=30)


def waiting(operator: Operator) -> bool:
    """Whether the last line says what is waited for."""
    return bool(re.fullmatch(r" Waiting for the store 127\.0\.0\.1 … \d+ s · Esc stops waiting", operator.lines[-1]))


async def following(operator: Operator) -> None:
    """Waits until the console follows the store."""
    await operator.until(lambda: operator.app.live_watch.following)


async def test_a_slow_store_is_waited_for_in_words_until_esc(session: Session, line: BadLine) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        rows = operator.providers.rows
        before = rows.row
        line.frozen = True
        await operator.press("r")
        await operator.until(lambda: waiting(operator))
        await operator.press("down")
        assert rows.row is not before, "keys work meanwhile"
        await operator.press("enter", "j")
        assert waiting(operator)
        await operator.press("escape")
        await operator.until(lambda: "Waiting" not in operator.lines[-1])
        await operator.until_logged("Stopped waiting for the store 127.0.0.1")
        assert isinstance(operator.app.screen, ProvidersScreen), "Esc did nothing else"
        assert operator.levels("Stopped waiting")[0] is Level.INFO
        line.frozen = False
        await operator.press("r")
        await operator.until(lambda: not rows.note)
        await operator.listed()


async def test_a_store_that_goes_away_is_told_and_the_form_stays(session: Session, line: BadLine) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await following(operator)
        await operator.type("bulk_no", "77")
        line.down = True
        line.cut()
        await operator.until(lambda: "PRODUCTION STORE AWAY" in operator.lines[0])
        await operator.until_logged("It is looked for again and again; what you type is kept.")
        await operator.press("ctrl+s")
        await operator.until_logged("What you typed is kept.")
        assert operator.row("bulk_no").control.value == "77"
        await operator.drafts_kept(1)
        line.down = False
        await operator.until(lambda: "STORE AWAY" not in operator.lines[0])
        await operator.until_logged("The store answers again.")
        await operator.press("ctrl+s")
        await operator.until_logged(f"Saved {NAME} version 3")
        assert form.model.draft.base.version in (2, 3)


async def test_a_right_that_is_taken_away_is_no_outage(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.stores.sql.signals.POLL_EVERY_S", 0.05)
    user, role = team.person(Role.DEVELOPER), role_name(team.database, Role.DEVELOPER)
    async with at_console(team.session(user=user, live="poll")) as operator:
        form = await operator.open(NAME)
        await following(operator)
        await operator.type("bulk_no", "77")
        team.server.execute(f"REVOKE {role} FROM {user}")
        await operator.until(lambda: "PRODUCTION NO RIGHT" in operator.lines[0])
        await operator.until_logged(f"{user} may not read the store any more")
        assert "STORE AWAY" not in operator.text
        await operator.press("ctrl+s")
        await operator.until_logged("does not permit this to who is signed in: ask who keeps the store for a role")
        assert operator.row("bulk_no").control.value == "77"
        await operator.drafts_kept(1)
        assert not any("looked for again" in message for message in operator.logged)
        team.server.execute(f"GRANT {role} TO {user}")
        await operator.press("ctrl+s")
        await operator.until_logged(f"Saved {NAME} version 3")
        await operator.until_logged("The store may be followed again.")
        assert "NO RIGHT" not in operator.lines[0]
        assert form.model.draft.base.version in (2, 3)


@pytest.fixture
def losing(line: BadLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line goes down as the next commit is answered."""
    finish = ChangeInPipelines.finish

    def finish_and_lose(change: ChangeInPipelines, *queries: Query) -> None:
        line.losing = line.down = bool(queries)
        finish(change, *queries)

    monkeypatch.setattr(ChangeInPipelines, "finish", finish_and_lose)


@pytest.fixture
def never_arriving(line: BadLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit gets stuck on its way to the server, and nobody waits for it for long."""
    monkeypatch.setattr("ftos_tui.stores.sql.postgres_engine._BEYOND_STATEMENT_S", 0.3)
    finish = ChangeInPipelines.finish

    def finish_on_no_line(change: ChangeInPipelines, *queries: Query) -> None:
        line.frozen = bool(queries)
        finish(change, *queries)

    monkeypatch.setattr(ChangeInPipelines, "finish", finish_on_no_line)


async def test_a_save_whose_answer_is_lost_is_found_out(session: Session, line: BadLine, losing: None) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await following(operator)
        await operator.type("bulk_no", "77")
        await operator.press("ctrl+s")
        await operator.until_logged("The line dropped while saving; finding out whether version 3 was written…")
        await operator.until(lambda: "v2 ? asking if v3 was saved" in operator.lines[1])
        await operator.type("retry_max_attempt", "7")
        await operator.press("ctrl+s")
        await operator.until_logged("It is not known yet whether the last save was written")
        await operator.drafts_kept(1)
        line.losing = line.down = False
        await operator.until_logged(f"Saved {NAME} version 3: the line dropped after it was written.")
        await operator.until(lambda: "v3 * 1 unsaved" in operator.lines[1])
        assert operator.form.model.unsaved == ("retry_max_attempt",)
        assert not [message for message in operator.logged if "You are editing it" in message]


async def test_a_save_that_never_arrived_is_told_so_and_may_be_made_again(
    open_over: Opener, line: BadLine, never_arriving: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_over(line, statement_timeout=1.0)
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "77")
        await operator.press("ctrl+s")
        await operator.until_logged("finding out whether version 3 was written…")
        line.cut()  # what was stuck is gone
        line.frozen = False
        monkeypatch.undo()
        await operator.until_logged("Not saved: the line dropped before version 3 was written. Save again.")
        await operator.until(lambda: not operator.form.saver.busy)
        assert operator.row("bulk_no").control.value == "77"
        assert open_provider(session, name=NAME).number == 2
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        assert open_provider(session, name=NAME).number == 3


async def test_a_form_that_is_left_meanwhile_is_offered_with_its_save_settled(
    session: Session, line: BadLine, losing: None
) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "77")
        await operator.press("ctrl+s")
        await operator.until_logged("finding out whether version 3 was written…")
        await operator.press("escape")
        await operator.until_asked("not known yet whether the last save was written")
        await operator.press("k")
        await operator.until_on(ProvidersScreen)
        [kept] = offered_drafts(session)
        assert kept.operation_id
        line.losing = line.down = False
        await operator.press("u")
        await operator.until_logged(f"{NAME} was saved as version 3 before the program ended; its draft is not needed")
        await operator.until_logged("No unsaved draft was kept.")
        assert not offered_drafts(session)
