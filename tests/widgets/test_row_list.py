"""The keyboard list: what it shows, how it moves, what it reads."""

from collections.abc import Iterator
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.events import Key
from textual.widget import Widget

from ftos_tui.terminal.app import SafeApp
from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.line_widget import Piece
from ftos_tui.widgets.row_feed import WINDOW
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource
from ftos_tui.widgets.switch_field import SwitchField
from tests.widgets.row_sources import NumberSource, row
from tests.widgets.stage import Stage, lines, until, widths

COLUMNS = (Column("name", "Name", 12, flex=1), Column("number", "Number", 8, align="right", drop=1))
KINDS = (RowList.Highlighted, RowList.Chosen, RowList.SortRequested, RowList.FetchFailed)


def _stage(row_list: RowList) -> Stage:
    return Stage([row_list], *KINDS)


def _row(row_list: RowList) -> str:
    return row_list.row.key if row_list.row else ""


async def test_a_static_list_is_painted_with_head_cursor_and_marks() -> None:
    source = StaticSource(
        [Row("a", ("Admin", "1")), Row("b", ("漢字 [/]", "22"), mark="!"), Row("c", ("\x1b]0;x\x07",))]
    )
    app = _stage(RowList(COLUMNS, source, sort=("name", True)))
    async with app.run_test(size=(30, 6)):
        assert lines(app) == [
            "  Name▼                 Number",
            "▸ Admin                      1",
            " !漢字 [/]                  22",
            "  ␛]0;x␇",
            "",
            "",
        ]
        assert widths(app) == {30}


async def test_rows_that_changed_are_painted_and_no_others() -> None:
    source = NumberSource(20)
    row_list = RowList(COLUMNS, source)
    app = _stage(row_list)
    async with app.run_test(size=(30, 8)) as pilot:
        row_list.focus()
        await pilot.pause()
        await pilot.press("j", "j")
        drawn: list[int] = []
        draw_line = row_list.draw_line

        def noted(y: int, width: int) -> Iterator[Piece]:
            drawn.append(y)
            return draw_line(y, width)

        row_list.draw_line = noted  # type: ignore[method-assign]
        row_list.update_rows()
        await until(pilot, lambda: not row_list.busy)
        assert drawn == []
        source.marked[4] = "!"
        row_list.update_rows()
        await until(pilot, lambda: bool(drawn))
        await pilot.pause()
        assert set(drawn) == {5}
        assert " !row 4" in lines(app)[5]
        assert _row(row_list) == "2"


async def test_rows_read_again_wait_for_a_read_under_way() -> None:
    source = NumberSource(1000)
    row_list = RowList(COLUMNS, source)
    app = _stage(row_list)
    async with app.run_test(size=(30, 8)) as pilot:
        row_list.focus()
        await until(pilot, lambda: not row_list.busy)
        source.gate.clear()
        await pilot.press("end")
        row_list.update_rows()
        calls = len(source.calls)
        source.marked[999] = "!"
        source.gate.set()
        await until(pilot, lambda: len(source.calls) > calls and not row_list.busy)
        assert _row(row_list) == "999"
        assert row_list.row is not None
        assert row_list.row.mark == "!"


async def test_moving_paints_two_lines_and_says_so_once() -> None:
    row_list = RowList(COLUMNS, StaticSource([row(n) for n in range(50)]))
    app = _stage(row_list)
    async with app.run_test(size=(30, 10)) as pilot:
        row_list.focus()
        await pilot.pause()
        app.seen.clear()
        drawn: list[int] = []
        draw_line = row_list.draw_line

        def noted(y: int, width: int) -> Iterator[Piece]:
            drawn.append(y)
            return draw_line(y, width)

        row_list.draw_line = noted  # type: ignore[method-assign]
        await pilot.press("j")
        assert sorted(drawn) == [1, 2]
        assert [message.row for message in app.seen if isinstance(message, RowList.Highlighted)] == [row(1)]
        assert lines(app)[2].startswith("▸ row 1")


async def test_keys_reach_every_row() -> None:
    row_list = RowList(COLUMNS, StaticSource([row(n) for n in range(50)]))
    app = _stage(row_list)
    async with app.run_test(size=(30, 11)) as pilot:
        row_list.focus()
        steps = {
            "pagedown": "10",
            "down": "11",
            "k": "10",
            "ctrl+d": "15",
            "ctrl+u": "10",
            "up": "9",
            "pageup": "0",
            "G": "49",
            "g": "0",
            "end": "49",
            "home": "0",
        }
        for key, expected in steps.items():
            await pilot.press(key)
            assert _row(row_list) == expected, key
        await pilot.press("end", "enter")
        assert lines(app)[-1].startswith("▸ row 49")
        assert [message.row for message in app.seen if isinstance(message, RowList.Chosen)] == [row(49)]


async def test_a_hundred_thousand_rows_are_never_all_read() -> None:
    source = NumberSource(100_000)
    row_list = RowList(COLUMNS, source)
    app = _stage(row_list)
    async with app.run_test(size=(80, 24)) as pilot:
        row_list.focus()
        await until(pilot, lambda: row_list.rows and not row_list.busy)
        assert _row(row_list) == "0"
        for _ in range(30):
            row_list.action_page_down()
            await until(pilot, lambda: not row_list.busy)
        assert _row(row_list) == str(30 * 23)
        assert len(row_list.rows) <= WINDOW
        await pilot.press("G")
        await until(pilot, lambda: _row(row_list) == "99999" and not row_list.busy)
        assert lines(app)[-1].startswith("▸ row 99999")
        for _ in range(20):
            row_list.action_page_up()
            await until(pilot, lambda: not row_list.busy)
        assert _row(row_list) == str(99_999 - 20 * 23)
        await pilot.press("g")
        await until(pilot, lambda: _row(row_list) == "0" and not row_list.busy)
        assert lines(app)[1].startswith("▸ row 0")
        assert source.fetched < 3_000


async def test_a_very_tall_screen_reads_and_then_rests() -> None:
    source = NumberSource(100_000)
    row_list = RowList(COLUMNS, source)
    app = _stage(row_list)
    async with app.run_test(size=(250, 200)) as pilot:
        for _ in range(12):
            await until(pilot, lambda: row_list.rows and not row_list.busy)
            row_list.action_page_down()
        await until(pilot, lambda: not row_list.busy)
        calls = len(source.calls)
        await pilot.pause()
        await pilot.pause()
        assert len(source.calls) == calls


async def test_reload_keeps_the_row_and_its_line() -> None:
    source = NumberSource(100_000)
    row_list = RowList(COLUMNS, source)
    app = _stage(row_list)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: row_list.rows and not row_list.busy)
        for _ in range(9):
            row_list.action_page_down()
            await until(pilot, lambda: not row_list.busy)
        await pilot.pause()
        before = lines(app)
        key = _row(row_list)
        source.gone = {5, 6, 7}
        row_list.reload()
        await until(pilot, lambda: not row_list.busy)
        assert (_row(row_list), lines(app)) == (key, before)
        source.gone = {int(key)}
        row_list.reload()
        await until(pilot, lambda: not row_list.busy)
        assert _row(row_list) == str(int(key) + 1)
        row_list.reload("200")
        await until(pilot, lambda: not row_list.busy)
        assert _row(row_list) == "200"


async def test_a_new_order_starts_at_the_top_unless_a_row_is_wanted() -> None:
    source = NumberSource(1000)
    row_list = RowList(COLUMNS, source, sort=("name", False), cursor_key="40")
    app = _stage(row_list)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: _row(row_list) == "40" and not row_list.busy)
        row_list.sort = ("number", True)
        row_list.reload(keep=False)
        await until(pilot, lambda: _row(row_list) == "0" and not row_list.busy)
        assert lines(app)[0].endswith("Number▼")
        assert row_list.sort == ("number", True)
        row_list.set_source(NumberSource(60), "50")
        await until(pilot, lambda: _row(row_list) == "50" and not row_list.busy)
        row_list.set_source(NumberSource(55))
        await until(pilot, lambda: len(row_list.rows) == 55)
        assert _row(row_list) == "50"
        assert row_list.move_to("3")
        assert _row(row_list) == "3"
        assert not row_list.move_to("99")


async def test_a_source_set_before_the_list_is_shown_is_the_one_it_reads() -> None:
    row_list = RowList(COLUMNS, NumberSource(5))
    row_list.set_source(NumberSource(9), "7")
    app = _stage(row_list)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(row_list.rows) == 9)
        assert _row(row_list) == "7"


async def test_a_newer_source_wins_whatever_is_pressed_meanwhile() -> None:
    slow = NumberSource(70)
    row_list = RowList(COLUMNS, NumberSource(300))
    app = _stage(row_list)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: row_list.rows and not row_list.busy)
        for act in (row_list.reload, row_list.action_last, row_list.action_first):
            slow.gate.clear()
            row_list.set_source(slow)
            act()
            slow.gate.set()
            await until(pilot, lambda: not row_list.busy)
            assert len(row_list.rows) == 70
            row_list.set_source(NumberSource(300))
            await until(pilot, lambda: not row_list.busy)


async def test_only_a_slow_read_is_worth_a_word() -> None:
    source = NumberSource(300)
    row_list = RowList(COLUMNS, source, empty_text="None yet: n makes one.")
    app = _stage(row_list)
    source.gate.clear()
    async with app.run_test(size=(40, 6)) as pilot:
        assert row_list.busy
        assert "loading" not in "".join(lines(app))
        assert "None yet" not in "".join(lines(app))
        await until(pilot, lambda: lines(app)[1] == "  loading…")
        source.gate.set()
        await until(pilot, lambda: lines(app)[1].startswith("▸ row 0"))
        assert "loading" not in "".join(lines(app))
        source.gate.clear()
        row_list.reload()
        await until(pilot, lambda: lines(app)[-1] == "  loading…")
        assert lines(app)[1].startswith("▸ row 0")
        source.gate.set()
        await until(pilot, lambda: lines(app)[-1].startswith("  row 4"))


async def test_a_failed_read_is_told_and_r_tries_again() -> None:
    source = NumberSource(300)
    source.failure = OSError("The store does not answer \x1b[31m[/] " + "long " * 20)
    row_list = RowList(COLUMNS, source)
    app = _stage(row_list)
    async with app.run_test(size=(60, 8)) as pilot:
        row_list.focus()
        await until(pilot, lambda: any(isinstance(message, RowList.FetchFailed) for message in app.seen))
        await pilot.pause()
        assert lines(app)[1].startswith("✗ The store does not answer ␛[31m[/] long long")
        assert lines(app)[2].startswith("  long long")
        assert lines(app)[3].rstrip() == "  long long long long long  · r tries again"
        assert widths(app) == {60}
        source.failure = None
        await pilot.press("r")
        await until(pilot, lambda: lines(app)[1].startswith("▸ row 0"))
        source.failure = KeyError()
        row_list.action_last()
        await until(pilot, lambda: lines(app)[-1].startswith("✗ KeyError · r tries again"))
        assert lines(app)[1].startswith("▸ row 0"), "what was read stays"
        row_list.action_next()
        source.failure = None
        await pilot.press("r")
        await until(pilot, lambda: _row(row_list) == "299")
        assert all(message.control is row_list for message in app.seen if isinstance(message, KINDS))


async def test_an_empty_list_says_so_and_chooses_nothing() -> None:
    row_list = RowList(
        COLUMNS, NumberSource(0), empty_text="No provider. \x07 n starts one, / changes the filter.", head=False
    )
    app = _stage(row_list)
    async with app.run_test(size=(40, 5)) as pilot:
        row_list.focus()
        await until(pilot, lambda: not row_list.busy)
        await pilot.press("enter", "j", "G", "s", "r")
        assert lines(app)[:3] == ["  No provider. ␇ n starts one, / changes", "  the filter.", ""]
        assert row_list.row is None
        assert app.seen == []


async def test_order_is_asked_for_by_key_and_by_click() -> None:
    columns = (*COLUMNS, Column("mark", "Mark", 6, sortable=False))
    row_list = RowList(columns, StaticSource([row(1)]), sort=("name", False))
    app = _stage(row_list)
    async with app.run_test(size=(40, 5)) as pilot:
        row_list.focus()
        await pilot.press("s", "less_than_sign", "greater_than_sign", "S")
        await pilot.click(offset=(3, 0))
        await pilot.click(offset=(30, 0))
        await pilot.click(offset=(38, 0))
        asked = [(m.column, m.descending) for m in app.seen if isinstance(m, RowList.SortRequested)]
        assert asked == [
            ("number", False),
            ("number", False),
            ("number", False),
            ("name", True),
            ("name", True),
            ("number", False),
        ]
        app.seen.clear()
        row_list.sort = ("nothing", False)
        row_list.action_sort_next()
        row_list.action_sort_previous()
        await pilot.pause()
        asked = [(m.column, m.descending) for m in app.seen if isinstance(m, RowList.SortRequested)]
        assert asked == [("name", False), ("number", False)]
        row_list.sort = None
        await pilot.click(offset=(3, 0))
        await pilot.press("s", "S", "enter")
        row_list.action_sort_reverse()
        row_list.action_sort_next()
        row_list.action_retry()
        await pilot.pause()
        assert [type(m) for m in app.seen] == [RowList.SortRequested] * 2 + [RowList.Chosen]
        assert all(m.control is row_list for m in app.seen if isinstance(m, KINDS))


async def test_the_mouse_moves_and_a_double_click_opens() -> None:
    row_list = RowList(COLUMNS, StaticSource([row(n) for n in range(50)]))
    app = _stage(row_list)
    async with app.run_test(size=(40, 11)) as pilot:
        await pilot.click(offset=(5, 4))
        assert _row(row_list) == "3"
        assert not [m for m in app.seen if isinstance(m, RowList.Chosen)]
        await pilot.click(offset=(5, 5), times=2)
        assert [m.row.key for m in app.seen if isinstance(m, RowList.Chosen)] == ["4"]
        wheel = {"x": 5, "y": 5, "delta_x": 0, "delta_y": 0, "button": 0, "shift": False, "meta": False, "ctrl": False}
        row_list.post_message(events.MouseScrollDown(row_list, **wheel))  # type: ignore[arg-type]
        await until(pilot, lambda: _row(row_list) == "7")
        row_list.post_message(events.MouseScrollUp(row_list, **wheel))  # type: ignore[arg-type]
        await until(pilot, lambda: _row(row_list) == "4")


async def test_columns_without_room_can_be_scrolled_to() -> None:
    columns = [Column(f"c{n}", f"Column {n}", 14, drop=n) for n in range(6)]
    cells = tuple(f"cell {n}" for n in range(6))
    row_list = RowList(columns, StaticSource([Row("a", cells)]))
    app = _stage(row_list)
    async with app.run_test(size=(60, 4)) as pilot:
        row_list.focus()
        await pilot.pause()
        assert lines(app)[0] == " ›Column 0       Column 1       Column 2"
        await pilot.press("left", "right", "right")
        assert lines(app)[:2] == ["‹›Column 0       Column 3       Column 4", "▸ cell 0         cell 3         cell 4"]
        await pilot.press("right", "right", "right")
        assert lines(app)[0] == "‹ Column 0       Column 4       Column 5"
        await pilot.press("left")
        assert lines(app)[0] == "‹›Column 0       Column 3       Column 4"


async def test_every_size_keeps_the_cursor_in_sight_and_the_columns_straight() -> None:
    rows = [
        Row(str(n), (text, str(n)))
        for n, text in enumerate(["漢字" * 40, "e\u0301" * 90, "😀\u200d😀", "x" * 300] * 20)
    ]
    row_list = RowList(COLUMNS, StaticSource(rows))
    app = _stage(row_list)
    async with app.run_test(size=(80, 24)) as pilot:
        row_list.move_to("70")
        for width, height in ((60, 16), (250, 60), (20, 3), (80, 24), (3, 2)):
            await pilot.resize_terminal(width, height)
            assert widths(app) == {width}
            assert sum(line.startswith("▸") for line in lines(app)) == 1, (width, height)
            if width > 20:
                assert next(line for line in lines(app) if line.startswith("▸")).rstrip().endswith("70")


async def test_a_list_as_high_as_its_rows() -> None:
    row_list = RowList(COLUMNS, StaticSource([row(1), row(2)]))
    row_list.styles.height = "auto"
    app = _stage(row_list)
    async with app.run_test(size=(40, 12)) as pilot:
        assert row_list.size.height == 3
        row_list.set_source(StaticSource([row(n) for n in range(6)]))
        await until(pilot, lambda: row_list.size.height == 7)


async def test_without_colour_the_cursor_is_a_sign() -> None:
    for theme in ("textual-dark", "textual-light", "ansi-dark"):
        app = _stage(RowList(COLUMNS, StaticSource([row(1, "!"), row(2)])))
        app.theme = theme
        async with app.run_test(size=(40, 5)):
            assert lines(app)[1][:7] == "▸!row 1"
            assert lines(app)[2].startswith("  row 2")


async def test_in_the_terminals_own_colours_the_focus_is_those_reversed() -> None:
    """Black on white in bold is grey on white in terminals that show bold by a brighter colour."""
    fields: list[Widget] = [
        RowList(COLUMNS, StaticSource([row(1)])),
        ChoiceField(("a", "b"), "a"),
        SwitchField("on"),
    ]
    app = Stage(fields, *KINDS)
    app.theme = "ansi-dark"
    async with app.run_test(size=(40, 8)) as pilot:
        for field, part in zip(fields, ("row-list--cursor", "choice-field--value", "switch-field--value"), strict=True):
            field.focus()
            await until(pilot, partial(getattr, field, "has_focus"))
            style = field.get_component_rich_style(part)
            assert (style.bold, style.reverse) == (True, True)
            assert all(colour is None or colour.is_default for colour in (style.color, style.bgcolor))


class _SafeStage(SafeApp):
    """The list in the app that operators have, whose keys wait for what is on its way."""

    def __init__(self, row_list: RowList) -> None:
        super().__init__()
        self.row_list = row_list

    def compose(self) -> ComposeResult:
        yield self.row_list


async def test_keys_typed_ahead_wait_for_the_first_rows() -> None:
    source = NumberSource(50)
    source.gate.clear()
    row_list = RowList(COLUMNS, source)
    app = _SafeStage(row_list)
    async with app.run_test(size=(30, 10)) as pilot:
        await until(pilot, lambda: source.calls)
        for _ in range(3):
            app.post_message(Key("down", None))
        await pilot.pause()
        source.gate.set()
        await until(pilot, lambda: _row(row_list) == "3")
