"""A row of a form: mark, label, control and findings, wrapped to the width at hand."""

from ftos_tui.domain.findings import fix, refuse, warn
from ftos_tui.widgets.field_row import FieldRow, Shown
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.switch_field import SwitchField
from ftos_tui.widgets.text_input import OneLineInput
from tests.widgets.stage import Stage, lines, until, widths

REFUSE = refuse("name", "bad", "Write it otherwise, for it is wrong in more words than have room on one line.")
WARN = warn("name", "odd", "This is odd.")
FIX = fix("name", "put_right", "This was put right: [/] \x1b[2J")


async def test_findings_take_rows_of_their_own_and_the_gravest_gives_the_mark() -> None:
    row = FieldRow("name", "Name", OneLineInput(placeholder="x"))
    app = Stage([row])
    async with app.run_test(size=(50, 8)) as pilot:
        row.show([Shown(REFUSE), Shown(WARN), Shown(FIX)], changed=True, empty=False)
        await until(pilot, lambda: row.size.height == 5)
        assert lines(app)[:5] == [
            "✗*Name                    x",
            "   ✗ Write it otherwise, for it is wrong in more",
            "     words than have room on one line.",
            "   ! This is odd. [odd: F7 acknowledges]",
            "   · This was put right: [/] ␛[2J",
        ]
        assert widths(app) == {50}
        row.show([Shown(WARN, acknowledged=True)], changed=False, empty=False)
        await until(pilot, lambda: row.size.height == 2)
        assert lines(app)[:2] == ["✓ Name                    x", "   ✓ This is odd. [odd: acknowledged]"]
        await pilot.resize_terminal(30, 8)
        await until(pilot, lambda: row.size.height == 3)
        assert widths(app) == {30}
        row.show([], changed=False, empty=True)
        await until(pilot, lambda: row.size.height == 1)
        assert lines(app)[0].startswith("● Name")


async def test_findings_are_wrapped_anew_where_they_take_as_many_lines() -> None:
    row = FieldRow("name", "Name", OneLineInput(placeholder="x"))
    app = Stage([row])
    async with app.run_test(size=(50, 4)) as pilot:
        row.show([Shown(REFUSE)], changed=True, empty=False)
        await until(pilot, lambda: row.size.height == 3)
        await pilot.resize_terminal(60, 4)
        await until(pilot, lambda: row.size.width == 60)
        assert row.size.height == 3
        wrapped = ["   ✗ Write it otherwise, for it is wrong in more words than", "     have room on one line."]
        await until(pilot, lambda: lines(app)[1:3] == wrapped)


async def test_an_optional_field_bears_no_dot() -> None:
    row = FieldRow("name", "Name", OneLineInput(), mandatory=False)
    app = Stage([row])
    async with app.run_test(size=(50, 3)) as pilot:
        row.show([], changed=False, empty=True)
        await pilot.pause()
        assert row.mark == " "


async def test_a_finding_that_stays_repaints_nothing() -> None:
    row = FieldRow("name", "Name", OneLineInput(placeholder="x"))
    app = Stage([row])
    async with app.run_test(size=(50, 3)) as pilot:
        row.show([Shown(WARN)], changed=True, empty=False)
        await pilot.pause()
        shown = row.shown
        row.show([Shown(WARN)], changed=True, empty=False)
        assert row.shown is shown


async def test_a_row_hands_changes_up_but_never_the_text_of_a_secret() -> None:
    rows = [FieldRow("key", "Key", SecretInput()), FieldRow("on", "On", SwitchField("off"))]
    app = Stage(rows, FieldRow.Changed, FieldRow.Entered)
    async with app.run_test(size=(50, 4)) as pilot:
        rows[0].control.focus()
        await pilot.press("a", "b", "enter")
        rows[1].control.focus()
        await pilot.press("space")
        assert [(m.row, m.text) for m in app.seen if isinstance(m, FieldRow.Changed)] == [
            (rows[0], ""),
            (rows[0], ""),
            (rows[1], "on"),
        ]
        assert [m.row for m in app.seen if isinstance(m, FieldRow.Entered)] == [rows[0]]


async def test_a_line_says_its_text_on_one_line_or_wrapped_over_a_few() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve"
    one, three = Line(words), Line(words, most=3)
    app = Stage([one, three])
    async with app.run_test(size=(22, 6)) as pilot:
        assert lines(app)[0] == " one two th…en twelve"
        assert lines(app)[1:4] == [" one two three four", " five six seven eight", " nine ten eleven…"]
        three.text = "short"
        one.text = "[/] \x1b"
        await pilot.pause()
        assert lines(app)[:4] == [" [/] ␛", " short", "", ""]
