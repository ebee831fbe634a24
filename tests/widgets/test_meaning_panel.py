"""What the values mean, in a scrolling panel."""

from collections.abc import Iterator

from textual import events

from ftos_tui.widgets.line_widget import Piece
from ftos_tui.widgets.meaning_panel import MeaningPanel, Section
from ftos_tui.widgets.window_bar import WindowBar
from tests.widgets.stage import Stage, lines, until, widths

SECTIONS = (
    Section("Window", ("09:00:00–18:00:00 UTC, open", WindowBar(32_400, 64_800, 38_460))),
    Section("Pace", ("50 a step = at most 3,000 an hour",)),
)


async def test_sections_have_titles_wrapped_lines_and_bars() -> None:
    app = Stage([MeaningPanel(SECTIONS)])
    async with app.run_test(size=(25, 10)):
        assert lines(app) == [
            "Window",
            "09:00:00–18:00:00 UTC,",
            "open",
            "▁▁▁▁▁▁▁▁▁█████████▄▁▁▁▁▁",
            "          ▲ 10:41",
            "0     6     12    18   24",
            "",
            "Pace",
            "50 a step = at most 3,000",
            "an hour",
        ]


async def test_a_changed_line_is_painted_alone() -> None:
    panel = MeaningPanel(SECTIONS)
    app = Stage([panel])
    async with app.run_test(size=(60, 12)) as pilot:
        drawn: list[int] = []
        draw_line = panel.draw_line

        def noted(y: int, width: int) -> Iterator[Piece]:
            drawn.append(y)
            return draw_line(y, width)

        panel.draw_line = noted  # type: ignore[method-assign]
        panel.sections = (SECTIONS[0], Section("Pace", ("60 a step",)))
        await pilot.pause()
        assert drawn == [7]
        assert lines(app)[7] == "60 a step"
        assert panel.sections[1].title == "Pace"
        drawn.clear()
        panel.sections = panel.sections
        await pilot.pause()
        assert drawn == []


async def test_what_has_no_room_scrolls() -> None:
    panel = MeaningPanel([Section("Steps", tuple(f"step {n} \x1b[/]" for n in range(20)))])
    app = Stage([panel])
    async with app.run_test(size=(30, 6)) as pilot:
        panel.focus()
        await pilot.pause()
        assert lines(app)[-1] == "↓ 16 more lines"
        steps = {
            "down": "step 0 ␛[/]",
            "j": "step 1 ␛[/]",
            "up": "step 0 ␛[/]",
            "k": "Steps",
            "pagedown": "step 4 ␛[/]",
            "pageup": "Steps",
            "end": "step 14 ␛[/]",
            "home": "Steps",
            "G": "step 14 ␛[/]",
        }
        for key, top in steps.items():
            await pilot.press(key)
            assert lines(app)[0] == top, key
        assert lines(app)[-1] == "step 19 ␛[/]"
        await pilot.resize_terminal(30, 10)
        assert lines(app)[-1] == "step 19 ␛[/]"
        wheel = {"x": 5, "y": 5, "delta_x": 0, "delta_y": 0, "button": 0, "shift": False, "meta": False, "ctrl": False}
        panel.post_message(events.MouseScrollUp(panel, **wheel))  # type: ignore[arg-type]
        await until(pilot, lambda: lines(app)[0] == "step 7 ␛[/]")
        panel.post_message(events.MouseScrollDown(panel, **wheel))  # type: ignore[arg-type]
        await until(pilot, lambda: lines(app)[0] == "step 10 ␛[/]")
        panel.sections = SECTIONS[1:]
        await until(pilot, lambda: lines(app)[0] == "Pace")


async def test_wide_texts_at_every_size() -> None:
    panel = MeaningPanel([Section("漢字" * 30, ("😀" * 50, "e\u0301" * 80, WindowBar(1, 0)))])
    panel.styles.height = "auto"
    app = Stage([panel])
    async with app.run_test(size=(80, 24)) as pilot:
        for width, height in ((60, 16), (250, 60), (7, 4), (80, 24)):
            await pilot.resize_terminal(width, height)
            assert widths(app) == {width}
        assert panel.size.height == 7
