"""What a worker brings back to a screen that is being taken away goes nowhere; its mistakes elsewhere are told."""

import asyncio

import pytest
from textual.app import App, ComposeResult
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import WorkerFailed

from ftos_tui.widgets.background import is_leaving, start


class Shown(Static):
    """Tells when it is gone."""

    def __init__(self, gone: asyncio.Event) -> None:
        super().__init__()
        self.gone = gone

    def on_unmount(self) -> None:
        self.gone.set()


class Room(Screen[None]):
    """A screen whose worker shows something once the widget for it is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = asyncio.Event()
        self.left: list[bool] = []

    def compose(self) -> ComposeResult:
        yield Shown(self.gone)

    def on_mount(self) -> None:
        start(self, self.work, "work")

    async def work(self) -> None:
        await self.gone.wait()
        self.left.append(is_leaving(self))
        self.query_one(Shown).update("done")


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "shutdown"])
async def test_what_comes_too_late_for_a_screen_goes_nowhere(closed: bool) -> None:
    app: App[None] = App()
    room = Room()
    async with app.run_test() as pilot:
        await app.push_screen(room)
        if closed:
            app.pop_screen()
            await room.gone.wait()
            await pilot.pause()
    assert room.left == [True]


async def test_what_a_screen_that_stays_does_not_have_is_a_mistake() -> None:
    room = Room()

    async def lose() -> None:
        app: App[None] = App()
        async with app.run_test():
            await app.push_screen(room)
            await room.query_one(Shown).remove()
            await room.gone.wait()

    with pytest.raises(WorkerFailed) as failed:
        await lose()
    assert isinstance(failed.value.error, NoMatches)
    assert room.left == [False]
