"""The audit on screen: browsed, filtered, verified, by keys."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
from textual.command import CommandPalette

from ftos_tui.domain.log import Level
from ftos_tui.screens.audit import AuditScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.audit import VerifyReport, verify
from ftos_tui.studio.session import Session
from ftos_tui.widgets.line import Line
from tests.screens.operator import Operator, at_console


async def listed(operator: Operator) -> AuditScreen:
    """Waits until the entries stand."""
    screen = await operator.until_on(AuditScreen)
    await operator.until(lambda: screen.rows.rows and not screen.rows.busy)
    return screen


def sequences(operator: Operator) -> list[str]:
    return [cells[0] for cells in operator.cells("audit")]


def detail(operator: Operator) -> str:
    return operator.app.screen.query_one("#detail", Line).text


async def test_the_audit_is_browsed_and_filtered_as_one_types(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("A")
        await listed(operator)
        assert operator.lines[0].startswith(" Admin › Audit")
        assert sequences(operator) == ["7", "6", "5", "4", "3", "2", "1"]
        assert operator.cells("audit")[0][2:5] == ("ana", "save", "FTOSEmailGateway")
        assert detail(operator).startswith("2026-01-02T12:00:00Z by ana@jump1 · changed ")
        await operator.press("j")
        await operator.until(lambda: "reason Shipped with FintechOS" in detail(operator))
        await operator.press("slash", "S", "A", "V")
        await operator.until(lambda: sequences(operator) == ["7"])
        await operator.press("enter", "r")
        await listed(operator)
        await operator.press("escape")
        await operator.until(lambda: len(sequences(operator)) == 7)
        await operator.press("slash", "x", "x")
        await operator.until(lambda: "No entry here." in operator.text)
        await operator.until(lambda: detail(operator) == "")
        await operator.press("escape", "escape")
        await operator.until_on(ProvidersScreen)


async def test_the_key_that_opened_it_closes_it_and_the_palette_finds_it(session: Session) -> None:
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        for _ in range(2):  # the second time it is there already
            await operator.press("f9")
            await operator.until(lambda: isinstance(operator.app.screen, CommandPalette))
            await operator.press(*"admin audit")
            await operator.until(
                lambda: "Screen: Admin › Audit" in operator.text and "Screen: Admin › Omni" not in operator.text
            )
            await operator.pilot.pause()
            await operator.press("enter")
            await listed(operator)
        await operator.press("A")
        await operator.until_on(MenuScreen)


async def test_a_whole_chain_and_a_broken_one_are_told_in_the_log(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("A")
        await listed(operator)
        await operator.press("v")
        await operator.until_logged("The audit is whole: 7 entries")
        assert operator.levels("The audit is whole") == [Level.SUCCESS]
        with closing(sqlite3.connect(session.store_path)) as connection, connection:
            connection.execute("UPDATE audit SET user = 'eve' WHERE sequence = 3")
        await operator.press("v")
        await operator.until_logged("Entry 3 (")
        assert operator.levels("was altered") == [Level.ERROR]
        await operator.until(lambda: operator.row_list("audit").row is not None)
        row = operator.row_list("audit").row
        assert row is not None
        assert row.key == "3"


async def test_a_long_verification_says_how_far_it_is_and_is_stopped_by_its_key(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.studio.audit._TELL_EVERY", 1)
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("A")
        screen = await listed(operator)
        screen.verifying = True
        screen._show_progress(3, 7)
        assert detail(operator) == "Checked 3 of 7 entries · v stops"
        await operator.press("j")
        await operator.pilot.pause()
        assert detail(operator).endswith("v stops")
        await operator.press("v")
        assert not screen.verifying
        screen._show_progress(4, 7)
        assert detail(operator) == "Checked 3 of 7 entries · v stops"
        stopped = threading.Event()

        def stop(screen: AuditScreen, checked: int, total: int) -> None:
            screen.verifying = False
            stopped.set()

        def patient(session: Session, *, progress: Callable[[int, int], bool]) -> VerifyReport:
            """Goes no further than the first word until that has reached the screen."""

            def told(checked: int, total: int) -> bool:
                return progress(checked, total) and stopped.wait(30) and screen.verifying

            return verify(session, progress=told)

        monkeypatch.setattr("ftos_tui.screens.audit.AuditScreen._show_progress", stop)
        monkeypatch.setattr("ftos_tui.screens.audit.verify", patient)
        await operator.press("v")
        await operator.until_logged("Stopped after ")
        assert operator.levels("Stopped after ") == [Level.INFO]


async def test_a_verification_that_cannot_be_made_is_told(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("A")
        await listed(operator)
        session.key_path.write_bytes(b"no key")
        session.renew_vault()
        await operator.press("v")
        await operator.until_logged("holds no key")
