"""An operator at the console: presses keys, types into fields, reads the screen, waits for what is to happen."""

import os
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from ftos_tui.app import FtosApp
from ftos_tui.domain.log import Level
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.session import Session
from ftos_tui.widgets.confirm_line import ConfirmLine
from ftos_tui.widgets.field_row import FieldRow
from ftos_tui.widgets.row_list import RowList
from ftos_tui.widgets.text_input import OneLineInput

SNAPSHOTS = Path(__file__).with_name("snapshots")
RENEW = "FTOS_TUI_RENEW_SNAPSHOTS"
"""Set this environment variable to write the snapshots anew; then read what changed with `git diff`."""

_PATIENCE_S = 60.0
"""Seconds to wait at most for what a test waits for; generous, as machines that test are busy."""

S = TypeVar("S", bound=Screen[None])


class Operator:
    """Works with a running console.

    Args:
        app: The console.
        pilot: Textual's driver of it.
    """

    def __init__(self, app: FtosApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    # Reading

    @property
    def lines(self) -> list[str]:
        """The screen, a text a line, spaces at the end cut off."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def raw_cells(self) -> str:
        """All that the screen would send, with the line filters of the app applied."""
        width, height = self.app.size
        filters = self.app._filters
        strips = self.app.screen._compositor.render_strips()
        sent = ""
        for strip in strips:
            for line_filter in filters:
                if line_filter.enabled:
                    strip = strip.apply_filter(line_filter, self.app.screen.background_colors[1])
            assert strip.cell_length == width
            sent += strip.text
        assert len(strips) == height
        return sent

    @property
    def logged(self) -> list[str]:
        """The messages of the status log, oldest first."""
        return [entry.message for entry in self.app.log_entries]

    def levels(self, part: str) -> list[Level]:
        """The levels of the log's messages that contain a text."""
        return [entry.level for entry in self.app.log_entries if part in entry.message]

    def on(self, kind: type[S]) -> S:
        """The screen on top, which has to be of a kind."""
        assert isinstance(self.app.screen, kind), self.app.screen
        return self.app.screen

    @property
    def form(self) -> EditScreen:
        """The form on top."""
        return self.on(EditScreen)

    @property
    def providers(self) -> ProvidersScreen:
        """The list of providers on top."""
        return self.on(ProvidersScreen)

    def row(self, field_id: str) -> FieldRow:
        """The row of a field."""
        return self.app.screen.query_one(f"#row-{field_id}", FieldRow)

    def codes(self, field_id: str) -> list[str]:
        """The codes of the findings that stand under a field."""
        return [shown.finding.code for shown in self.row(field_id).shown]

    @property
    def focused_field(self) -> str:
        """The id of the field with the focus; empty when none has it."""
        row = self.form.focused_row
        return row.field_id if row else ""

    def row_list(self, list_id: str) -> RowList:
        """A list on the screen."""
        return self.app.screen.query_one(f"#{list_id}", RowList)

    def cells(self, list_id: str) -> list[tuple[str, ...]]:
        """What stands in a list."""
        return [row.cells for row in self.row_list(list_id).rows]

    @property
    def asked(self) -> str:
        """The question that is on screen; empty when none is."""
        line = self.app.screen.query_one(ConfirmLine)
        return line._text if line.asking else ""

    # Doing

    async def until(self, condition: Callable[[], object]) -> None:
        """Lets the console work until a condition holds."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            if condition():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"what was waited for did not happen\n{self.text}\n{self.logged}")

    async def until_on(self, kind: type[S]) -> S:
        """Waits until a screen of a kind is on top and drawn."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted)
        await self.pilot.pause()
        return self.on(kind)

    async def until_logged(self, part: str) -> None:
        """Waits until the status log says something."""
        await self.until(lambda: any(part in message for message in self.logged))

    async def until_asked(self, part: str) -> None:
        """Waits until a question is on screen."""
        await self.until(lambda: part in self.asked)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Presses keys."""
        await self.pilot.press(*keys)

    async def type(self, field_id: str, text: str) -> None:
        """Replaces the text of a field, as typing it would."""
        control = self.row(field_id).control
        assert isinstance(control, OneLineInput)
        control.value = text
        await self.pilot.pause()

    async def go_to(self, field_id: str) -> None:
        """Puts the focus on a field of the form."""
        self.form.go_to(field_id)
        await self.until(lambda: self.focused_field == field_id)

    async def answer(self, text: str) -> None:
        """Types an answer to the question on screen and presses Enter."""
        await self.until(lambda: self.asked and self.app.screen.query("#answer"))
        await self.pilot.pause()
        self.app.screen.query_one("#answer", OneLineInput).value = text
        await self.press("enter")

    async def listed(self) -> None:
        """Waits until the list of providers stands."""
        screen = await self.until_on(ProvidersScreen)
        await self.until(lambda: screen.total is not None and screen.rows.rows and not screen.rows.busy)

    async def open(self, name: str) -> EditScreen:
        """Opens a provider from the list."""
        await self.listed()
        key = next(summary.provider_id for summary in self.providers.source.summaries.values() if summary.name == name)
        assert self.providers.rows.move_to(key)
        await self.press("enter")
        return await self.until_on(EditScreen)

    async def drafts_kept(self, number: int) -> None:
        """Waits until so many drafts are on disk."""
        folder = self.app.session.places.data / "drafts"
        await self.until(lambda: len(list(folder.glob("*.json"))) == number)

    async def snapshot(self, name: str) -> None:
        """Waits until the screen is the text kept under a name; `FTOS_TUI_RENEW_SNAPSHOTS=1` writes it anew."""
        file = SNAPSHOTS / f"{name}.txt"
        if os.environ.get(RENEW):
            await self.pilot.pause(1)
            file.write_text(self._as_kept(), "utf-8")
        kept = file.read_text("utf-8")
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            if self._as_kept() == kept:
                return
            await self.pilot.pause(0.01)
        assert self._as_kept() == kept

    def _as_kept(self) -> str:
        return self.text.rstrip("\n") + "\n"


@asynccontextmanager
async def at_console(
    session: Session, start: str | None = "providers", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Operator]:
    """A console with an operator at it; ends when the block does."""
    app = FtosApp(session, start)
    async with app.run_test(size=size) as pilot:
        operator = Operator(app, pilot)
        yield operator
    session.close()


def without_times(text: str) -> str:
    """A text with every path of a temporary folder left out."""
    return re.sub(r"/\S+", "…", text)
