"""The status log at the foot of the screen."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from textual import events

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.widgets.line_widget import Piece
from ftos_tui.widgets.log_pane import KEPT, LogPane
from tests.widgets.stage import Stage, lines, until, widths

START = datetime(2026, 1, 2, 10, 41, 7, tzinfo=UTC)


def _entry(number: int, level: Level = Level.INFO, message: str = "") -> LogEntry:
    return LogEntry(START + timedelta(seconds=number), level, message or f"entry {number}")


FOUR = [
    _entry(0, Level.SUCCESS, "Saved FTOSEmailGateway version 4 (2 fields)"),
    _entry(1, Level.INFO, "api.sendgrid.com answers"),
    _entry(2, Level.WARNING, "The key was set 400 days ago"),
    _entry(3, Level.ERROR, "The store does not answer\x1b[2J [/]\nagain"),
]


async def test_signs_say_the_level_and_the_newest_is_last() -> None:
    app = Stage([LogPane(FOUR)])
    app.widgets[0].styles.height = 5
    async with app.run_test(size=(60, 5)):
        assert lines(app) == [
            "── Status log ── all levels ── following " + "─" * 19,
            "10:41:07 ✓ Saved FTOSEmailGateway version 4 (2 fields)",
            "10:41:08 · api.sendgrid.com answers",
            "10:41:09 ! The key was set 400 days ago",
            "10:41:10 ✗ The store does not answer␛[2J [/]␊again",
        ]


async def test_long_and_wide_messages_wrap_under_themselves() -> None:
    pane = LogPane([_entry(0, Level.ERROR, "Write HH:MM:SS, for example 09:00:00 " + "漢字" * 10)])
    app = Stage([pane])
    async with app.run_test(size=(40, 5)) as pilot:
        pane.styles.height = 5
        await pilot.pause()
        assert lines(app)[1:] == [
            "10:41:07 ✗ Write HH:MM:SS, for example",
            "           09:00:00",
            "           漢字漢字漢字漢字漢字漢字漢字",
            "           漢字漢字漢字",
        ]
        for width, height in ((60, 16), (250, 60), (12, 4)):
            await pilot.resize_terminal(width, height)
            assert widths(app) == {width}


async def test_an_entry_paints_its_own_line_while_there_is_room() -> None:
    pane = LogPane([_entry(0)])
    app = Stage([pane])
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.pause()
        drawn: list[int] = []
        draw_line = pane.draw_line

        def noted(y: int, width: int) -> Iterator[Piece]:
            drawn.append(y)
            return draw_line(y, width)

        pane.draw_line = noted  # type: ignore[method-assign]
        pane.add(_entry(1))
        await pilot.pause()
        assert drawn == [2]
        pane.add(_entry(2))
        pane.add(_entry(3))
        await pilot.pause()
        assert [line[11:] for line in lines(app)[1:4]] == ["entry 1", "entry 2", "entry 3"]


async def test_scrolling_up_holds_and_the_end_follows_again() -> None:
    pane = LogPane(_entry(n) for n in range(20))
    app = Stage([pane])

    def shown() -> tuple[str, str]:
        return lines(app)[0].split(" ── ")[2].rstrip(" ─"), lines(app)[3][11:]

    async with app.run_test(size=(60, 10)) as pilot:
        pane.focus()
        await pilot.pause()
        assert shown() == ("following", "entry 19")
        await pilot.press("up")
        assert shown() == ("held", "entry 18")
        pane.add(_entry(20))
        pane.add(_entry(21))
        await pilot.pause()
        assert shown() == ("held, 2 new", "entry 18")
        steps = {
            "j": ("held, 2 new", "entry 19"),
            "pageup": ("held, 2 new", "entry 16"),
            "k": ("held, 2 new", "entry 15"),
            "pagedown": ("held, 2 new", "entry 18"),
            "g": ("held, 2 new", "entry 2"),
            "end": ("following", "entry 21"),
            "down": ("following", "entry 21"),
            "f": ("held", "entry 21"),
            "home": ("held", "entry 2"),
            "G": ("following", "entry 21"),
        }
        for key, expected in steps.items():
            await pilot.press(key)
            assert shown() == expected, key
        await pilot.press("f", "f")
        assert pane.following
        await pilot.press("f", "down")
        assert pane.following, "down at the end follows again"
        wheel = {"x": 5, "y": 1, "delta_x": 0, "delta_y": 0, "button": 0, "shift": False, "meta": False, "ctrl": False}
        pane.post_message(events.MouseScrollUp(pane, **wheel))  # type: ignore[arg-type]
        await until(pilot, lambda: shown() == ("held", "entry 18"))
        pane.post_message(events.MouseScrollDown(pane, **wheel))  # type: ignore[arg-type]
        await until(pilot, lambda: shown() == ("following", "entry 21"))


async def test_the_level_filter_goes_round() -> None:
    pane = LogPane(FOUR)
    app = Stage([pane])
    async with app.run_test(size=(60, 6)) as pilot:
        pane.styles.height = 6
        pane.focus()
        counts = []
        for _ in range(4):
            await pilot.press("l")
            counts.append((lines(app)[0].split(" ── ")[1], sum(bool(line) for line in lines(app)[1:])))
        assert counts == [("success and above", 3), ("warning and above", 2), ("errors only", 1), ("all levels", 4)]
        await pilot.press("l", "l", "l")
        pane.add(_entry(9, Level.INFO))
        await pilot.pause()
        assert sum(bool(line) for line in lines(app)[1:]) == 1
        assert len(pane.entries) == 5


async def test_the_pane_grows_and_shrinks_within_bounds() -> None:
    pane = LogPane(FOUR)
    app = Stage([pane], LogPane.Resized)
    async with app.run_test(size=(60, 10)) as pilot:
        pane.focus()
        await pilot.press("plus", "plus", "minus", "minus", "minus", "minus")
        heights = [m.height for m in app.seen if isinstance(m, LogPane.Resized)]
        assert heights == [5, 4, 3, 2]
        assert all(m.control is pane for m in app.seen if isinstance(m, LogPane.Resized))
        assert lines(app)[1].startswith("10:41:10 ✗")
        assert pane.size.height == 2
        pane.action_grow()
        pane.action_grow()  # before there was time for a layout
        assert pane.size.height == 2
        await until(pilot, lambda: pane.size.height == 4)


async def test_an_entry_of_another_day_says_so_and_times_are_utc() -> None:
    pane = LogPane([_entry(0, message="yesterday")])
    app = Stage([pane])
    async with app.run_test(size=(60, 6)) as pilot:
        tomorrow = datetime(2026, 1, 3, 1, 0, tzinfo=timezone(timedelta(hours=1)))
        pane.add(LogEntry(tomorrow, Level.INFO, "now"))
        await pilot.pause()
        assert lines(app)[1:3] == ["2026-01-02 10:41:07 · yesterday", "00:00:00 · now"]


async def test_it_holds_a_bounded_number_of_entries() -> None:
    pane = LogPane()
    app = Stage([pane])
    async with app.run_test(size=(60, 6)) as pilot:
        assert lines(app)[1] == ""
        pane.load(_entry(n) for n in range(3 * KEPT))
        assert len(pane.entries) == KEPT
        for n in range(150):
            pane.add(_entry(n, message=f"added {n}"))
        await pilot.pause()
        assert KEPT <= len(pane.entries) <= KEPT + 100
        assert lines(app)[3].endswith("added 149")
        pane.load(pane.entries[-KEPT:])
        held = pane.entries
        pane.load(held[-KEPT:])
        assert pane.entries == held[-KEPT:]
