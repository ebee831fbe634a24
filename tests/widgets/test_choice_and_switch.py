"""The select on one line and the switch with three states."""

from typing import ClassVar

from textual.binding import BindingType

from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.switch_field import SwitchField
from tests.widgets.stage import Stage, lines, widths


def _changes(app: Stage) -> list[str]:
    return [m.value for m in app.seen if isinstance(m, ChoiceField.Changed | SwitchField.Changed)]


async def test_a_choice_cycles_by_key_letter_and_click() -> None:
    field = ChoiceField(("email", "sms", "signal"), "email")
    app = Stage([field], ChoiceField.Changed)
    async with app.run_test(size=(40, 3)) as pilot:
        field.focus()
        await pilot.pause()
        assert lines(app)[0] == "email ▾"
        await pilot.press("right", "space", "enter", "left", "e", "s", "s", "s", "x")
        assert _changes(app) == ["sms", "signal", "email", "signal", "email", "sms", "signal", "sms"]
        assert lines(app)[0] == "sms ▾"
        await pilot.click(offset=(1, 0))
        assert field.value == "signal"
        assert all(m.control is field for m in app.seen if isinstance(m, ChoiceField.Changed))


async def test_a_value_that_is_no_option_is_shown_and_kept() -> None:
    field = ChoiceField(("email", "sms"), "fax\x1b[/]")
    app = Stage([field], ChoiceField.Changed)
    async with app.run_test(size=(40, 3)) as pilot:
        field.focus()
        await pilot.pause()
        assert lines(app)[0] == "fax␛[/] (unknown) ▾"
        assert field.value == "fax\x1b[/]"
        await pilot.press("left")
        assert field.value == "sms"
        field.value = ""
        await pilot.press("right")
        assert _changes(app) == ["sms", "email"]
        field.value = ""
        await pilot.pause()
        assert lines(app)[0] == "— ▾"
        field.value = field.value = "漢字" * 40
        await pilot.resize_terminal(20, 3)
        assert widths(app) == {20}
        assert lines(app)[0].endswith("▾")


async def test_one_option_chosen_again_changes_nothing() -> None:
    field = ChoiceField(("email",), "email")
    app = Stage([field], ChoiceField.Changed)
    async with app.run_test(size=(40, 3)) as pilot:
        field.focus()
        await pilot.press("right", "e")
        assert _changes(app) == []


async def test_a_switch_knows_on_off_and_not_set() -> None:
    field = SwitchField()
    app = Stage([field], SwitchField.Changed)
    async with app.run_test(size=(40, 3)) as pilot:
        field.focus()
        await pilot.pause()
        assert lines(app)[0] == "[–] not set"
        await pilot.press("space")
        assert lines(app)[0] == "[x] on"
        await pilot.press("enter")
        assert lines(app)[0] == "[ ] off"
        await pilot.press("y", "y", "n", "right", "left")
        assert _changes(app) == ["on", "off", "on", "off", "on", "off"]
        await pilot.click(offset=(1, 0))
        assert field.value == "on"
        assert all(m.control is field for m in app.seen if isinstance(m, SwitchField.Changed))
        app.seen.clear()
        field.value = "maybe\x07"
        await pilot.pause()
        assert lines(app)[0] == "[?] maybe␇ (unknown)"
        field.value = "maybe\x07"
        await pilot.press("space")
        assert _changes(app) == ["on"]


async def test_other_keys_are_the_forms() -> None:
    class Form(Stage):
        BINDINGS: ClassVar[list[BindingType]] = [("down", "note", ""), ("ctrl+s", "note", "")]
        noted = 0

        def action_note(self) -> None:
            self.noted += 1

    for field in (ChoiceField(("email", "sms")), SwitchField()):
        app = Form([field])
        async with app.run_test(size=(40, 3)) as pilot:
            field.focus()
            await pilot.press("down", "ctrl+s")
            assert app.noted == 2


async def test_the_focus_shows_without_colour() -> None:
    first, second = ChoiceField(("email",), "email"), SwitchField("on")
    app = Stage([first, second])
    app.no_color = True

    def reversed_lines() -> list[bool]:
        strips = app.screen._compositor.render_strips()[:2]
        return [any(segment.style and segment.style.reverse for segment in strip) for strip in strips]

    async with app.run_test(size=(40, 3)) as pilot:
        first.focus()
        await pilot.pause()
        assert reversed_lines() == [True, False]
        second.focus()
        await pilot.pause()
        assert reversed_lines() == [False, True]


async def test_as_wide_as_there_is_room_where_the_width_is_left_open() -> None:
    field = SwitchField("on")
    field.styles.width = "auto"
    field.styles.height = "auto"
    app = Stage([field])
    async with app.run_test(size=(40, 3)):
        assert field.size == (40, 1)
