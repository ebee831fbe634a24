"""F1, the list of keys filtered as you type, remapped keys, hints, the status log pane, the mouse, Ctrl+C."""

import pytest

from ftos_tui.actions import ACTIONS
from ftos_tui.domain.fields import FIELD_BY_ID, FIELD_IDS
from ftos_tui.key_names import key_name, key_names
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.help import HelpScreen, field_help
from ftos_tui.screens.keys import KeysScreen
from ftos_tui.screens.meaning import MeaningScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.statuses import StatusesScreen
from ftos_tui.studio.session import Session
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ctrl+s", "^S"),
        ("f12", "F12"),
        ("slash", "/"),
        ("question_mark", "?"),
        ("ctrl+delete", "^Del"),
        ("shift+f3", "Shift+F3"),
        ("alt+x", "Alt+x"),
        ("n", "n"),
        ("f", "f"),
    ],
)
def test_keys_are_named_as_operators_know_them(key: str, name: str) -> None:
    assert key_name(key) == name
    assert key_names([key, "escape"]) == f"{name} Esc"


@pytest.mark.parametrize("field_id", FIELD_IDS)
def test_every_field_is_explained_with_its_type_and_its_command_line_name(field_id: str) -> None:
    spec = FIELD_BY_ID[field_id]
    text = field_help(spec)
    assert text.startswith(spec.help)
    assert f"Written as: {spec.data_type.value}" in text
    assert f"Command line: {field_id}" in text
    assert ("Mandatory." in text) is spec.mandatory
    assert ("Stored encrypted" in text) is spec.secret
    assert ("Part of the destination" in text) is (spec.destination and not spec.secret)
    assert ("one of email, sms" in text) is (field_id == "communication_channel")
    assert ("Proposed for a new provider: 50" in text) is (field_id == "bulk_no")


async def test_f1_explains_the_focused_field_and_without_one_the_form(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.go_to("app_key")
        await operator.press("f1")
        await operator.until_on(HelpScreen)
        assert "Help: App Key" in operator.lines[0]
        text = " ".join(operator.text.split())
        assert "Apply for it in the FintechOS Services Portal and paste it here" in text
        await operator.press("f1")
        await operator.until_on(EditScreen)
        assert operator.focused_field == "app_key"
        operator.app.screen.set_focus(None)
        await operator.press("f1")
        await operator.until_on(HelpScreen)
        assert "Help: Edit Channel Provider" in operator.lines[0]
        assert "A dot ● marks a mandatory field that is empty" in operator.text


async def test_every_screen_of_the_way_has_a_help_of_its_own(session: Session) -> None:
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        await operator.press("f1")
        await operator.until(lambda: "The menu follows the vendor's Studio" in operator.text)
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        await operator.app.show_list("providers")
        await operator.listed()
        await operator.press("f1")
        await operator.until(
            lambda: "Ready says whether a provider has all it needs" in " ".join(operator.text.split())
        )


async def test_the_keys_that_work_here_are_filtered_while_typing(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("question_mark")
        await operator.until_on(KeysScreen)
        names = [cells[1] for cells in operator.cells("keys")]
        assert {"New", "Duplicate", "Delete", "Filter", "Help", "Move"} <= set(names)
        assert "Save and close" not in names
        await operator.press(*"dup")
        await operator.until(lambda: [cells[:2] for cells in operator.cells("keys")] == [("c", "Duplicate")])
        await operator.until(lambda: "without its secrets." in operator.lines[-7] + operator.lines[-6])
        await operator.press("enter")
        assert operator.row_list("keys").has_focus
        operator.on(KeysScreen).focus_content()
        await operator.press("backspace", "backspace", "backspace", "x", "y", "z")
        await operator.until(lambda: "No key does that here." in operator.text)
        await operator.press("ctrl+u", "down")
        await operator.until(lambda: operator.row_list("keys").has_focus)
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)


async def test_the_key_that_lists_the_keys_closes_the_list_and_it_says_where_it_was_asked(session: Session) -> None:
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        await operator.press("f10")
        await operator.until_on(KeysScreen)
        await operator.until(lambda: "FintechOS Innovation Studio › Keys" in operator.lines[0])
        moves = [row[2] for row in operator.cells("keys") if row[1] == "Move"]
        assert moves == ["Next and previous row.", "First and last row.", "A page on and back."]
        await operator.press("f10")
        await operator.until_on(MenuScreen)
        await operator.press("f6", "question_mark")
        await operator.until_on(KeysScreen)
        assert operator.cells("keys")[-1][1] == "Status log"
        await operator.press("down", "question_mark")
        await operator.until_on(MenuScreen)


async def test_the_keys_of_a_form_tell_of_fields_not_of_rows(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("f10")
        await operator.until_on(KeysScreen)
        cells = operator.cells("keys")
        assert ("Tab ↓", "Move", "Next field.") in cells
        assert not any("Sort" in description for _, _, description in cells)
        assert ("command", "Clear App Key") in [row[:2] for row in cells]
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("f4")
        await operator.until(lambda: "› Meaning" in operator.lines[0])
        await operator.press("f10")
        await operator.until_on(KeysScreen)
        assert [row[2] for row in operator.cells("keys") if row[1] == "Move"] == ["Through the text."]


async def test_remapped_keys_work_and_hints_and_help_show_them(open_with: Opener) -> None:
    session = open_with(
        keys={
            "providers.new": ("x",),
            "form.save_and_close": ("ctrl+t", "f2"),
            "form.statuses": ("f6",),
            "everywhere.status_log": ("f3",),
            "everywhere.quit": ("ctrl+x",),
            "everywhere.mouse": ("ctrl+y",),
        }
    )
    async with at_console(session) as operator:
        await operator.listed()
        assert "x New" in operator.lines[-1]
        await operator.press("n")
        assert isinstance(operator.app.screen, ProvidersScreen)
        await operator.press("ctrl+y")
        await operator.until_logged("The mouse is ")
        await operator.press("x")
        await operator.until_on(EditScreen)
        assert "^T Save and close" in operator.lines[-1]
        assert "F6 Statuses" in operator.lines[-1]
        await operator.press("f3")
        assert operator.form.log_pane.has_focus
        await operator.press("f6")
        await operator.until_on(StatusesScreen)
        await operator.press("f6")
        await operator.until_on(EditScreen)
        await operator.press("f10")
        await operator.until_on(KeysScreen)
        assert ("^T F2", "Save and close") in [cells[:2] for cells in operator.cells("keys")]
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("ctrl+t")
        await operator.until_logged("Not saved:")
        await operator.press("ctrl+q")
        assert operator.app.is_running
        assert not operator.asked
        await operator.press("ctrl+x")
        await operator.until(lambda: operator.app.return_value == 0)


async def test_an_action_without_a_key_is_hinted_by_the_palette_that_finds_it(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        assert operator.app.hint("form.clear_app_key") == ("F9", "Clear App Key")
        assert operator.app.hint("form.save_and_close") == ("^S", "Save and close")


async def test_f6_goes_to_the_status_log_and_back(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("f6")
        assert operator.form.log_pane.has_focus
        await operator.press("f6")
        assert operator.focused_field == "communication_channel"


async def click_hint(operator: Operator, label: str) -> None:
    """Clicks on a hint."""
    await operator.pilot.click(offset=(operator.lines[-1].index(label), operator.app.size.height - 1))


async def test_a_click_on_a_hint_does_what_its_key_does(session: Session) -> None:
    async with at_console(session, size=(100, 24)) as operator:
        await operator.listed()
        await click_hint(operator, "Edit")
        form = await operator.until_on(EditScreen)
        await click_hint(operator, "Meaning")
        await operator.until_on(MeaningScreen)
        await click_hint(operator, "Back")
        await operator.until_on(EditScreen)
        form.action_reason()
        await operator.until_asked("Why this change?")
        await click_hint(operator, "Statuses")
        assert operator.app.screen is form


async def test_ctrl_c_says_how_to_leave_and_copies_what_is_selected(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("ctrl+c")
        await operator.until_logged("Ctrl+Q leaves ftos-tui, Esc goes back.")
        await operator.open(NAME)
        await operator.go_to("app_user")
        await operator.press("home", "shift+right", "shift+right", "ctrl+c")
        assert operator.app.clipboard == "ap"


async def test_the_mouse_is_switched_by_a_command(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        assert operator.app.mouse_on
        operator.providers.action_mouse()
        await operator.until_logged("The mouse is off: the terminal selects text.")
        operator.providers.action_mouse()
        await operator.until_logged("The mouse is on: click, double click and scroll.")
        assert ACTIONS["everywhere.mouse"].keys == ()
