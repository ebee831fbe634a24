"""What changed on screen reaches the terminal, also when somebody asks for a place between a change and its layout."""

from typing import Any

import pyte
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from ftos_tui.terminal.compositor import PaintingCompositor
from tests.widgets.stage import lines, until


class Room(Screen[None]):
    """A list that scrolls, with a line under it that can be hidden."""

    CSS = "VerticalScroll { height: 1fr; } #asked { height: 1; } #below { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._compositor = PaintingCompositor()

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            for number in range(30):
                yield Static(f"row {number}")
        yield Static("asked", id="asked")
        yield Static("below", id="below")


class Painted(App[None]):
    """Keeps what is written in an emulated terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.emulator = pyte.Screen(40, 10)
        self.stream = pyte.Stream(self.emulator)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):  # nothing is written where there is no terminal
            self.stream.feed(renderable.render_segments(self.console))
        super()._display(screen, renderable)

    @property
    def seen(self) -> list[str]:
        return [row.rstrip() for row in self.emulator.display]


async def test_what_was_hidden_is_gone_from_the_terminal() -> None:
    app, room = Painted(), Room()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(room)
        await until(pilot, lambda: app.seen[-1] == "below")
        room.query_one(VerticalScroll).scroll_to(y=3, animate=False, force=True)
        await until(pilot, lambda: app.seen[0].startswith("row 3"))
        room.query_one("#asked").display = False
        _ = room._compositor.full_map
        await until(pilot, lambda: room.query_one(VerticalScroll).size.height == 9)
        await until(pilot, lambda: "asked" not in app.seen)
        assert app.seen == lines(app)


async def test_a_widget_that_grew_is_told_of_its_size() -> None:
    sizes: list[int] = []

    class Told(VerticalScroll):
        def on_resize(self, event: Any) -> None:
            sizes.append(event.size.height)

    class ToldRoom(Room):
        def compose(self) -> ComposeResult:
            with Told():
                for number in range(30):
                    yield Static(f"row {number}")
            yield Static("asked", id="asked")

    app, room = Painted(), ToldRoom()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(room)
        await until(pilot, lambda: sizes == [9])
        room.query_one(Told).scroll_to(y=3, animate=False, force=True)
        await pilot.pause()
        room.query_one("#asked").display = False
        _ = room._compositor.full_map
        await pilot.pause()
        await until(pilot, lambda: sizes[-1] == 10)


async def test_a_closed_screen_keeps_no_widgets() -> None:
    app, room = Painted(), Room()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(room)
        await pilot.pause()
        await app.pop_screen()
        await pilot.pause()
        assert room._compositor.full_map == {}
