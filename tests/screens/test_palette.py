"""The command palette finds actions, fields, providers and screens by name."""

import threading

import pytest
from textual.command import Command, CommandInput, CommandList, CommandPalette
from textual.events import Key

from ftos_tui.screens.drafts import DraftsScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.frame import QUEUES_PATH
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.messages import MessagesScreen
from ftos_tui.screens.palette import Palette
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.statuses import StatusesScreen
from ftos_tui.studio.drafts import keep_draft
from ftos_tui.studio.session import Session, new_id
from tests.screens.operator import Operator, at_console
from tests.screens.values import HOSTILE, NAME, edited


def found(operator: Operator) -> list[str]:
    """What the palette offers."""
    if not isinstance(operator.app.screen, CommandPalette):
        return []
    options = operator.app.screen.query_one(CommandList).options
    return [option.hit.text or "" for option in options if isinstance(option, Command)]


async def look_for(operator: Operator, text: str, wanted: str) -> None:
    """Opens the palette, types a text and waits until something is offered first."""
    await operator.press("f9")
    palette = await operator.until_on(CommandPalette)
    palette.query_one(CommandInput).value = text
    await operator.until(lambda: any(name.startswith(wanted) for name in found(operator)[:1]))


async def run(operator: Operator, text: str, wanted: str) -> None:
    """Finds something and does it; the palette closes once all is found."""
    await look_for(operator, text, wanted)
    await operator.press("enter")
    await operator.until(lambda: not isinstance(operator.app.screen, CommandPalette))


async def test_it_offers_the_actions_of_the_screen_and_all_screens_at_once(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("ctrl+p")
        await operator.until_on(CommandPalette)
        await operator.until(lambda: "Duplicate  c" in found(operator) and "Unsaved drafts" in found(operator))
        assert "Mouse on or off" in found(operator)
        assert not any(name.startswith("Commands") for name in found(operator))
        operator.app.action_command_palette()
        await operator.pilot.pause()
        assert sum(isinstance(screen, CommandPalette) for screen in operator.app.screen_stack) == 1
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)


async def test_a_provider_is_opened_from_any_screen_by_a_part_of_its_name(session: Session) -> None:
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        await run(operator, "emailgat", f"Provider: {NAME}")
        form = await operator.until_on(EditScreen)
        assert form.model.draft.base.values["name"] == NAME


async def test_fields_and_commands_of_a_form_are_found(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await run(operator, "pool time", "Field: Pool Time Retry")
        await operator.until(lambda: operator.focused_field == "pool_time_retry")
        await run(operator, "clear app key", "Clear App Key")
        await operator.until_asked("Clear the stored App Key?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await run(operator, "edit appconfig", "Edit appConfig")
        await operator.until(lambda: "One JSON object" in operator.text)
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await run(operator, "statuses", "Statuses")
        await operator.until_on(StatusesScreen)


async def test_screens_are_found_by_name_and_a_form_asks_before_it_is_left(session: Session) -> None:
    keep_draft(session, new_id(), edited(session, "GatewayEmail", {"bulk_no": "60"}))
    async with at_console(session, None) as operator:
        await operator.until_on(DraftsScreen)
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        await run(operator, "admin omni channel", "Admin")
        await operator.listed()
        await run(operator, "admin omni channel", "Admin")
        await operator.listed()
        await run(operator, "unsaved drafts", "Unsaved drafts")
        await operator.until_on(DraftsScreen)
        await operator.press("escape")
        await operator.open(NAME)
        await operator.press("f3")
        await operator.until_on(StatusesScreen)
        await run(operator, "admin omni channel", "Admin")
        await operator.listed()
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        await run(operator, "admin omni channel", "Admin")
        await operator.until_asked("1 unsaved change.")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert isinstance(operator.app.screen, EditScreen)
        await run(operator, "admin omni channel", "Admin")
        await operator.until_asked("1 unsaved change.")
        await operator.press("x")
        await operator.listed()


async def test_hostile_texts_and_a_store_that_fails_do_the_palette_no_harm(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        session.close()
        session.store_path.write_bytes(b"no database" * 100)
        await operator.press("f9")
        palette = await operator.until_on(CommandPalette)
        palette.query_one(CommandInput).value = HOSTILE
        await operator.until(lambda: not found(operator))
        palette.query_one(CommandInput).value = "refresh"
        await operator.until(lambda: found(operator)[:1] == ["Refresh  r F5"])
        operator.app.live_watch.away = True  # then it is not even asked
        palette.query_one(CommandInput).value = "leave ftos-tui"
        await operator.until(lambda: found(operator)[:1] == ["Quit  q"])
        palette.query_one(CommandInput).value = "no such thing"
        await operator.until(lambda: not found(operator))
        await operator.press("enter")
        assert operator.app.screen is palette
        assert "\x1b" not in operator.raw_cells()


async def test_the_message_queues_and_what_is_done_there_are_found(session: Session) -> None:
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        # In full: what the palette offers before anything is typed begins with another "Admin ›".
        await run(operator, "message queues", " › ".join(QUEUES_PATH))
        await operator.until_on(MessagesScreen)
        await look_for(operator, "pause provider", "Pause provider")
        await operator.press("escape")
        await operator.until_on(MessagesScreen)


def burst(operator: Operator, *keys: str) -> None:
    """Keys that arrive together, as over a slow line."""
    for key in keys:
        operator.app.post_message(Key(key, key if len(key) == 1 else None))


async def entered(operator: Operator, text: str) -> Palette:
    """Types into the palette and presses Enter, while the search cannot come to its end."""
    burst(operator, "f9", *text)
    palette = await operator.until_on(Palette)
    await operator.until(lambda: palette.query_one(CommandInput).value == text)
    burst(operator, "enter")
    await operator.until(lambda: palette._asked)
    return palette


async def test_enter_acts_on_what_was_typed_however_fast(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await look_for(operator, "gateway", "Provider: ")
        second = found(operator)[1].removeprefix("Provider: ")
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)
        burst(operator, "f9", *"mouse", "enter")
        await operator.until_logged("The mouse is")
        await operator.until_on(ProvidersScreen)
        burst(operator, "f9", *"gateway", "down", "enter")
        form = await operator.until_on(EditScreen)
        assert form.model.draft.base.values["name"] == second
        burst(operator, "f9", *"pool", "enter")
        await operator.until(lambda: operator.app.screen is form and operator.focused_field == "pool_time_retry")
        assert not form.model.draft.edits


async def test_enter_waits_for_the_search_unless_the_text_is_changed_or_the_palette_left(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def slowly(*_: object) -> list[object]:
        answers.wait(60)
        return []

    async with at_console(session) as operator:
        await operator.listed()
        monkeypatch.setattr("ftos_tui.studio.providers.list_providers", slowly)
        for meanwhile in ("changed", "left", "nothing"):
            answers.clear()
            palette = await entered(operator, "mouse")
            if meanwhile == "left":
                palette._action_escape()
            elif meanwhile == "changed":
                palette.query_one(CommandInput).value = "mouse on"
                await operator.pilot.pause()
            assert not any("The mouse is" in message for message in operator.logged)
            answers.set()
            if meanwhile == "changed":
                await operator.until(lambda: found(operator) == ["Mouse on or off"])
                await operator.press("escape")
            elif meanwhile == "nothing":
                await operator.until_logged("The mouse is")
            await operator.until_on(ProvidersScreen)
            assert any("The mouse is" in message for message in operator.logged) is (meanwhile == "nothing")
