"""What the screens look like: text snapshots at 80x24 and 60x16, the wide layout, themes, hostile names.

A snapshot is compared with its file in `snapshots/`. After a change that is meant, run these tests once with
FTOS_TUI_RENEW_SNAPSHOTS=1 and read what changed with `git diff`.
"""

from typing import Literal

import pytest
from rich.cells import cell_len

from ftos_tui.config import Environment
from ftos_tui.screens.drafts import DraftsScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.help import HelpScreen
from ftos_tui.screens.json_editor import JsonEditorScreen
from ftos_tui.screens.keys import KeysScreen
from ftos_tui.screens.meaning import MeaningScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.status_row import StatusRowScreen
from ftos_tui.screens.statuses import StatusesScreen
from ftos_tui.studio.drafts import keep_draft
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session, new_id
from ftos_tui.widgets.meaning_panel import MeaningPanel
from tests.screens.conftest import NOON, Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import HOSTILE, NAME, change, edited

SIZES = [(80, 24), (60, 16)]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "60x16"])
async def test_the_screens_of_the_way_look_as_they_are_kept(session: Session, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with at_console(session, None, size) as operator:
        await operator.until_on(MenuScreen)
        await operator.snapshot(f"menu_{name}")
        await operator.app.show_list("providers")
        await operator.listed()
        operator.providers.rows.move_to(open_provider(session, name=NAME).provider_id)
        await operator.until(lambda: "6 providers · ready" in operator.text)
        await operator.snapshot(f"providers_{name}")
        await operator.press("enter")
        await operator.until_on(EditScreen)
        await operator.snapshot(f"form_{name}")
        await operator.type("app_key", "subscription-0816")
        await operator.type("service_url", "http://mail.example.com")
        await operator.type("interval_max", "9am")
        await operator.go_to("service_url")
        await operator.pilot.pause()
        await operator.snapshot(f"form_findings_{name}")
        await operator.press("f3")
        await operator.until_on(StatusesScreen)
        await operator.snapshot(f"statuses_{name}")


async def test_the_form_with_the_meaning_of_its_values_beside_it(session: Session) -> None:
    async with at_console(session, size=(120, 30)) as operator:
        form = await operator.open(NAME)
        panel = form.query_one(MeaningPanel)
        assert panel.display
        await operator.snapshot("form_120x30")
        await operator.type("interval_max", "11:00:00")
        assert "closed now" in " ".join(operator.text.split())
        await operator.pilot.resize_terminal(100, 30)
        await operator.until(lambda: not panel.display)
        assert "closed now" not in operator.text
        await operator.pilot.resize_terminal(110, 30)
        await operator.until(lambda: panel.display)
        await operator.type("service_url", "https://bücher.example")
        await operator.until(lambda: "xn--bcher-kva.example" in operator.text)
        await operator.type("bulk_no", "")
        await operator.type("interval_min", "")
        await operator.until(lambda: "No window yet: both limits are needed." in " ".join(operator.text.split()))


async def test_time_passes_in_an_open_form(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.screens.edit.TICK", 0.02)
    async with at_console(session, size=(120, 30)) as operator:
        await operator.open(NAME)
        assert "open now" in operator.text
        session.clock = lambda: NOON.replace(hour=19)
        await operator.until(lambda: "closed now" in operator.text and "▲ 19:00" in operator.text)


async def test_at_60x16_every_field_can_be_reached(session: Session) -> None:
    async with at_console(session, size=(60, 16)) as operator:
        form = await operator.open(NAME)
        await operator.press(*["tab"] * 16)
        assert operator.focused_field == "click_setting"
        await operator.until(lambda: "Click Setting" in operator.text)
        assert form.log_pane.size.height == 2
        await operator.pilot.resize_terminal(80, 24)
        await operator.until(lambda: form.log_pane.size.height == 4)


@pytest.mark.parametrize("theme", ["light", "terminal", "dark"])
async def test_every_theme_shows_the_same_words(open_with: Opener, theme: Literal["light", "terminal", "dark"]) -> None:
    async with at_console(open_with(theme=theme)) as operator:
        assert operator.app.current_theme.dark is (theme != "light")
        await operator.open(NAME)
        await operator.snapshot("form_80x24")
        assert "\x1b" not in operator.raw_cells()
        assert operator.app.native_ansi_color is (theme == "terminal")


async def test_a_read_only_environment_says_so_everywhere_and_refuses_with_one_sentence(open_with: Opener) -> None:
    session = open_with(Environment("local", read_only=True, colour="red"))
    async with at_console(session) as operator:
        await operator.listed()
        assert operator.lines[0].endswith("LOCAL READ-ONLY")
        await operator.press("j", "d")
        await operator.until_logged("The environment local is read-only: change it in another environment")
        assert not operator.asked
        await operator.open(NAME)
        assert operator.lines[0].endswith("LOCAL READ-ONLY")
        await operator.type("bulk_no", "60")
        operator.app.log_entries.clear()
        await operator.press("ctrl+s")
        await operator.until_logged("is read-only")
        assert isinstance(operator.app.screen, EditScreen)
        assert operator.row("bulk_no").control.value == "60"
        await operator.type("bulk_no", "50")
        operator.form.action_clear_app_key()
        await operator.until_asked("Clear the stored App Key?")
        operator.app.log_entries.clear()
        await operator.press("y")
        await operator.until_logged("is read-only")
        assert open_provider(session, name=NAME).number == 2


async def test_hostile_names_do_no_harm_on_any_screen(session: Session) -> None:
    change(session, "bob", from_display_name="[/] [b]x[/b] [@click=app.bell]y[/]")
    change(session, "eva", name="[/] [b]x")
    keep_draft(session, new_id(), edited(session, "GatewayEmail", {"name": HOSTILE, "bulk_no": HOSTILE}))
    async with at_console(session) as operator:
        await operator.until_on(DraftsScreen)
        await operator.until(lambda: operator.cells("differences"))
        check(operator, "[/] ␛]52;c;aGk=␇")
        await operator.press("d")
        await operator.until_asked("Throw the draft of [/] ␛]52;c;aGk=␇ away?")
        check(operator, "[/] ␛]52")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("enter")
        await operator.until_on(EditScreen)
        check(operator, "[/] ␛]52;c;aGk=␇")
        assert operator.codes("name")[0] == "unsafe_character"
        await operator.press("f4")
        await operator.until_on(MeaningScreen)
        check(operator, "Readiness")
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("f12")
        await operator.answer(HOSTILE)
        await operator.until_logged("The next save says why: [/] ␛]52")
        check(operator, "[/] ␛]52")
        await operator.press("ctrl+s")
        await operator.until_logged("Not saved")
        await operator.press("f3")
        statuses = await operator.until_on(StatusesScreen)
        row = statuses.form.statuses[0]
        statuses.put((type(row)(HOSTILE, HOSTILE, HOSTILE), *statuses.form.statuses[1:]), 0)
        await operator.until(lambda: "[/] ␛]52" in operator.text)
        check(operator, "[/] ␛]52")
        await operator.press("enter")
        await operator.until_on(StatusRowScreen)
        check(operator, "[/] ␛]52;c;aGk=␇ (unknown)")
        await operator.press("f10")
        await operator.until_on(KeysScreen)
        await operator.press("escape")
        await operator.until_on(StatusRowScreen)
        await operator.press("escape")
        await operator.until_on(StatusesScreen)
        await operator.press("d")
        await operator.until_logged("Removed [/] ␛]52;c;aGk=␇ from the list")
        check(operator, "Removed [/] ␛]52")
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.type("app_config", HOSTILE)
        operator.form.action_edit_config()
        await operator.until_on(JsonEditorScreen)
        check(operator, "52;c;aGk=")
        await operator.press("f3")
        await operator.answer(HOSTILE)
        await operator.until_logged("[/] ␛]52;c;aGk=␇ was not loaded")
        await operator.press("f1")
        await operator.until_on(HelpScreen)
        await operator.press("escape")
        await operator.until_on(JsonEditorScreen)
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("escape")
        await operator.until_asked("unsaved changes.")
        await operator.press("k")
        await operator.listed()
        await operator.until_logged("Kept the draft of [/] ␛]52;c;aGk=␇")
        operator.providers.rows.move_to(open_provider(session, name="[/] [b]x").provider_id)
        await operator.press("d")
        await operator.until_asked("Delete [/] [b]x?")
        check(operator, "[/] [b]x")


def check(operator: Operator, part: str) -> None:
    """What is on the screen is shown, holds its columns, and nothing of it is a control character."""
    assert part in operator.text
    sent = operator.raw_cells()
    assert all(character.isprintable() for character in sent)
    assert cell_len(sent) == operator.app.size.width * operator.app.size.height
