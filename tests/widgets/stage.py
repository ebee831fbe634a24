"""A bare app to put widgets on, and the screen as text that a reviewer can read."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget


class Stage(App[None]):
    """Shows the widgets it is given, one under the other, and keeps the messages of some kinds.

    Args:
        widgets: What it shows.
        kinds: Which messages it keeps.
    """

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, widgets: Sequence[Widget], *kinds: type[Message]) -> None:
        super().__init__()
        self.widgets = widgets
        self.kinds = kinds
        self.seen: list[Message] = []

    def compose(self) -> ComposeResult:
        yield from self.widgets

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, self.kinds):
            self.seen.append(message)
        await super()._on_message(message)


def lines(app: App[None]) -> list[str]:
    """The screen, a text a line, spaces at the end cut off."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def widths(app: App[None]) -> set[int]:
    """The cells each line of the screen takes."""
    return {strip.cell_length for strip in app.screen._compositor.render_strips()}


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app work until a condition holds; fails after a minute, as machines that test are busy."""
    give_up = time.monotonic() + 60.0
    while time.monotonic() < give_up:
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("what was waited for did not happen")
