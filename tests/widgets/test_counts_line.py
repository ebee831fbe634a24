"""The line of counts: on as many lines as it needs, repainted only where it differs, chosen by a click."""

from textual.app import App, ComposeResult

from ftos_tui.widgets.counts_line import Count, CountsLine


class Stage(App[None]):
    """One line of counts, and what was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.line = CountsLine(id="counts")
        self.pressed: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.line

    def on_counts_line_pressed(self, event: CountsLine.Pressed) -> None:
        """Keeps what was clicked."""
        self.pressed.append(event.key)

    def text(self) -> list[str]:
        """The lines as they are drawn."""
        width = self.line.size.width
        return ["".join(text for text, _ in self.line.draw_line(y, width)).rstrip() for y in range(3)]


def counts(*numbers: int, chosen: int = 0) -> tuple[Count, ...]:
    """Counts of kinds called K0, K1, …"""
    return tuple(Count(str(at), f"K{at}", number, at == chosen) for at, number in enumerate(numbers))


async def test_counts_flow_over_two_lines_and_the_chosen_one_is_in_brackets() -> None:
    app = Stage()
    async with app.run_test(size=(24, 8)) as pilot:
        app.line.counts = counts(1, 2000)
        await pilot.pause()
        assert app.text() == ["[0 K0 1]   1 K1 2,000", "", ""]
        assert app.line.size.height == 1
        app.line.counts = counts(1, 2000, 3, 4, 5, 6, chosen=2)
        await pilot.pause()
        assert app.line.size.height == 2
        assert app.text() == [" 0 K0 1    1 K1 2,000", "[2 K2 3]   3 K3 4", ""]


async def test_only_lines_that_differ_are_painted() -> None:
    app = Stage()
    async with app.run_test(size=(24, 8)) as pilot:
        app.line.counts = counts(1, 2000, 3)
        await pilot.pause()
        painted: list[int] = []
        refresh = app.line.refresh_lines
        app.line.refresh_lines = lambda *lines: painted.extend(lines) or refresh(*lines)  # type: ignore[func-returns-value,method-assign]
        app.line.counts = counts(1, 2000, 3)
        assert painted == []
        app.line.counts = counts(1, 2000, 4)
        assert painted == [1]


async def test_a_click_says_which_kind() -> None:
    app = Stage()
    async with app.run_test(size=(24, 8)) as pilot:
        app.line.counts = counts(1, 2000, 3)
        await pilot.pause()
        for offset in ((2, 0), (13, 0), (9, 0), (3, 1), (22, 1)):
            await pilot.click("#counts", offset=offset)
        assert app.pressed == ["0", "1", "2"]
