"""Communication channels by keys: list, form, checks, and the provider they hang on."""

import sqlite3
from contextlib import closing

import pytest

from ftos_tui.config import Environment
from ftos_tui.domain.channel import Channel
from ftos_tui.domain.log import Level
from ftos_tui.screens.channel_form import ChannelFormScreen
from ftos_tui.screens.channels import ChannelsScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.provider_choice import ProviderChoiceScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.channels import delete, new_channel, open_channel, save
from ftos_tui.studio.failures import StaleVersion, StoreUnreachable
from ftos_tui.studio.session import Session
from ftos_tui.widgets.text_input import OneLineInput
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console

GATEWAY = "FTOSEmailGateway"


def channel(session: Session, code: str = "EMAIL", **texts: str) -> Channel:
    """A saved channel."""
    draft = new_channel()
    for field_id, text in {"code": code, "name": f"Name of {code}", "provider": GATEWAY, **texts}.items():
        draft = draft.with_text(field_id, text)
    return save(session, draft)


async def at_list(operator: Operator) -> ChannelsScreen:
    """Goes to the list of channels."""
    await operator.listed()
    await operator.app.show_list("channels")
    screen = await operator.until_on(ChannelsScreen)
    await operator.until(lambda: screen.total is not None and not screen.rows.busy)
    return screen


async def asked(operator: Operator) -> None:
    """Waits until the form knows what the store says of code and provider."""
    form = operator.on(ChannelFormScreen)
    draft = form.model.draft
    await operator.until(lambda: form.model._asked == (draft.text("code"), draft.text("provider")))


async def test_a_channel_is_made_by_keys_from_the_menu(session: Session) -> None:
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        await operator.press("enter", "enter")
        await operator.until(lambda: len(operator.cells("menu")) == 3)
        await operator.press("up", "enter")
        screen = await operator.until_on(ChannelsScreen)
        assert "› Communication Channels" in operator.lines[0]
        await operator.until(lambda: "No communication channel here" in operator.text)
        await operator.press("n")
        await operator.until_on(ChannelFormScreen)
        await operator.press(*"EMAIL", "enter", *"Mail")
        form = operator.on(ChannelFormScreen)
        form.go_to("provider")
        await operator.press("f3")
        await operator.until_on(ProviderChoiceScreen)
        await operator.until(lambda: operator.cells("choice"))
        assert {cells[1] for cells in operator.cells("choice")} == {"email"}
        await operator.press("enter")
        await operator.until_on(ChannelFormScreen)
        assert form.model.draft.text("provider") == GATEWAY
        assert "New Communication Channel * 3 unsaved" in operator.text
        await operator.press("f2")
        await operator.until_on(ChannelsScreen)
        await operator.until(lambda: operator.cells("channels"))
        assert operator.cells("channels")[0][:5] == ("EMAIL", "Mail", "email", "email", GATEWAY)
        await operator.until(lambda: "1 channel · EMAIL sends through FTOSEmailGateway" in operator.text)
        assert screen.cursor_on == open_channel(session, code="EMAIL").channel_id
        await operator.press("q")
    async with at_console(session, None) as operator:
        await operator.until_on(ChannelsScreen)
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        row = operator.row_list("menu").row
        assert row is not None
        assert row.cells[0] == "Communication Channels"


async def test_what_is_typed_is_checked_at_its_field(session: Session) -> None:
    channel(session)
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("n")
        form = await operator.until_on(ChannelFormScreen)
        await operator.press("f8")
        assert operator.codes("code") == ["required"]
        assert operator.row("code").mark == "●"
        await operator.type("code", "email")
        await operator.type("provider", "FTOSEmailGatewa")
        await asked(operator)
        assert operator.codes("code") == ["code_taken"]
        assert operator.codes("provider") == ["provider_unknown"]
        await operator.press("f2")
        await operator.until_logged("need to be put right")
        assert form.focused_row is not None
        assert form.focused_row.field_id == "code"
        await operator.type("code", "OTHER")
        await operator.type("name", "Other")
        await operator.type("provider", GATEWAY)
        form.go_to("default_action_type")
        await operator.press("s", "f1")
        await operator.until(lambda: "What a message on this channel is" in operator.text)
        await operator.press("escape")
        await operator.until_on(ChannelFormScreen)
        await asked(operator)
        assert operator.codes("default_action_type") == ["action_type_differs"]
        await operator.press("f7", "f7", "f7", "f8")
        await operator.until_logged("No finding is open: this can be saved.")
        await operator.press("f12")
        await operator.answer("both ways")
        await operator.press("f5")
        await operator.until_logged("Saved channel OTHER version 1")
        await operator.until(lambda: "Edit Communication Channel v1" in operator.text)
        assert "both ways" in session.store.audit_entries(limit=1000)[-1].detail
        form.go_to("name")
        await operator.press("f7")
        await operator.until_logged("No warning at this field")
        await operator.press("f2")
        await operator.until_logged("Nothing to save: OTHER is as it was.")
        await operator.until_on(ChannelsScreen)


async def test_unsaved_changes_are_asked_about(session: Session) -> None:
    channel(session)
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("enter")
        await operator.until_on(ChannelFormScreen)
        await operator.press("f1", "escape")
        await operator.until_on(ChannelFormScreen)
        await operator.type("name", "Changed")
        await operator.press("escape")
        await operator.until_asked("1 unsaved change.")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("escape")
        await operator.until_asked("x throw away")
        await operator.press("x")
        await operator.until_on(ChannelsScreen)
        assert open_channel(session, code="EMAIL").version == 1


@pytest.mark.parametrize(("key", "name"), [("m", "Mine"), ("t", "Theirs")])
async def test_a_stale_save_offers_both_ways(session: Session, open_with: Opener, key: str, name: str) -> None:
    saved = channel(session)
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("e")
        form = await operator.until_on(ChannelFormScreen)
        await operator.type("name", "Mine")
        bob = open_with()
        from ftos_tui.domain.channel import ChannelDraft

        save(bob, ChannelDraft(saved).with_text("name", "Theirs"))
        bob.close()
        await operator.press("f2")
        await operator.until_asked("saved version 2 meanwhile")
        await operator.press(key)
        await operator.until(lambda: form.model.draft.base is not None and form.model.draft.base.version == 2)
        assert form.model.draft.text("name") == name
        assert form.model.draft.changed == (("name",) if name == "Mine" else ())


async def test_a_channel_deleted_meanwhile_keeps_what_was_typed(session: Session) -> None:
    saved = channel(session)
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("enter")
        form = await operator.until_on(ChannelFormScreen)
        await operator.type("name", "Mine")
        delete(session, saved, "EMAIL")
        await operator.press("f2")
        await operator.until_logged("was deleted meanwhile")
        await operator.until_logged("There is no such channel any more")
        assert form.model.draft.text("name") == "Mine"


async def test_a_channel_is_deleted_after_its_code_was_typed(session: Session) -> None:
    channel(session)
    channel(session, "B")
    async with at_console(session) as operator:
        screen = await at_list(operator)
        await operator.press("j", "d")
        await operator.answer("EMAI")
        await operator.until_logged("Not deleted: type EMAIL to confirm")
        await operator.press("d")
        await operator.answer("EMAIL")
        await operator.until_logged("Deleted channel EMAIL")
        await operator.until(lambda: [cells[0] for cells in operator.cells("channels")] == ["B"])
        await operator.press("slash", *"zz")
        await operator.until(lambda: not operator.cells("channels"))
        await operator.press("enter", "e", "d")
        await operator.press("escape")
        await operator.until(lambda: operator.cells("channels"))
        await operator.press("r")
        await operator.until(lambda: not screen.rows.busy)
        await operator.press("escape")
        await operator.until(lambda: not isinstance(operator.app.screen, ChannelsScreen))


async def test_the_provider_list_filters_and_goes_back(session: Session) -> None:
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("n")
        await operator.until_on(ChannelFormScreen)
        await operator.press("f3")
        choice = await operator.until_on(ProviderChoiceScreen)
        choice.query_one("#filter", OneLineInput).value = "SMSOTP"
        await operator.until(lambda: [cells[0] for cells in operator.cells("choice")] == ["GatewaySMSOTP"])
        choice.query_one("#filter").focus()
        await operator.press("enter")
        await operator.until(lambda: choice.focused is operator.row_list("choice"))
        assert operator.cells("choice")[0][3].startswith("✗")
        await operator.press("f3")
        await operator.until_on(ChannelFormScreen)


async def test_lists_are_one_jump_apart(session: Session) -> None:
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.app.show_list("channels")
        operator.on(ChannelsScreen)
        await operator.app.show_list("providers")
        await operator.listed()
        operator.on(ProvidersScreen)
        await operator.press("escape")
        await operator.until_on(MenuScreen)


async def test_a_provider_says_which_channels_it_serves(session: Session) -> None:
    for code in ("A", "B", "C"):
        channel(session, code)
    async with at_console(session, size=(120, 40)) as operator:
        await operator.open(GATEWAY)
        assert "serves 3 channels: A, B, C" in operator.text
        await operator.press("escape")
        await operator.listed()
        await operator.press("d")
        await operator.answer(GATEWAY)
        await operator.until_logged("serves 3 channels: A, B, C. Give them another provider")
        assert operator.levels("Give them another provider") == [Level.ERROR]


async def test_a_read_only_environment_refuses_in_a_sentence(open_with: Opener) -> None:
    session = open_with()
    channel(session)
    session.close()
    reader = open_with(Environment(read_only=True))
    async with at_console(reader) as operator:
        await at_list(operator)
        await operator.press("d")
        await operator.until_logged("read-only")
        await operator.press("enter")
        await operator.until_on(ChannelFormScreen)
        await operator.type("name", "Other")
        await operator.press("f2")
        await operator.until(lambda: operator.levels("What you typed is kept."))


async def test_a_store_that_is_down_is_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    channel(session)
    async with at_console(session) as operator:
        await at_list(operator)

        def down(*_: object, **__: object) -> None:
            raise StoreUnreachable("The store does not answer.")

        store = type(session.store)
        for method in ("channel", "channels", "count_channels", "channel_by_code"):
            monkeypatch.setattr(store, method, down)
        await operator.press("enter")
        await operator.until_logged("The store does not answer.")
        await operator.press("n")
        await operator.until_on(ChannelFormScreen)
        await operator.type("code", "X")
        await operator.press("f2")
        await operator.until_logged("The store does not answer. What you typed is kept.")


async def test_keys_of_the_form(session: Session) -> None:
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("n")
        form = await operator.until_on(ChannelFormScreen)
        await operator.press("down", "down", "up")
        assert form.focused_row is not None
        assert form.focused_row.field_id == "name"
        form.action_status_log()
        await operator.until(lambda: form.log_pane.has_focus)
        await operator.press("f1")
        await operator.until(lambda: "F3 lists the providers to choose from" in operator.text.replace("\n", " "))
        await operator.press("escape")
        await operator.until_on(ChannelFormScreen)
        form.go_to("code")
        form.post_message(OneLineInput.PasteRefused(form.query_one("#field-code", OneLineInput), "That is too long."))
        await operator.until_logged("That is too long.")


async def test_a_provider_lost_between_check_and_save_keeps_what_was_typed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.press("n")
        form = await operator.until_on(ChannelFormScreen)
        for field_id, text in {"code": "EMAIL", "name": "Mail", "provider": GATEWAY}.items():
            await operator.type(field_id, text)

        def stale(*_: object) -> None:
            raise StaleVersion("FTOSEmailGateway does not serve email any more.", None)

        monkeypatch.setattr(type(session.store), "write_channel", stale)
        await operator.press("f2")
        await operator.until_logged("does not serve email any more")
        assert form.model.draft.text("name") == "Mail"


async def test_a_long_list_keeps_only_what_it_may_show(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.screens.channels._MOST_HELD", 1)
    for code in "AB":
        channel(session, code)
    async with at_console(session) as operator:
        screen = await at_list(operator)
        assert [held.code for held in screen.source.channels.values()] == ["B"]
        await operator.press("j")
        await operator.until(lambda: "B sends through FTOSEmailGateway" in operator.text)


async def test_stored_text_reaches_the_terminal_as_text_only(session: Session) -> None:
    channel(session)
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        hostile = "[/]\x1b]52;c;eA==\x07\u202e\u200b" + "漢" * 30
        connection.execute("UPDATE communication_channel SET code = ?, name = ?", (hostile, hostile))
    async with at_console(session) as operator:
        await at_list(operator)
        await operator.until(lambda: "[/]␛]52;c;eA==␇" in operator.text)
        raw = operator.raw_cells()
        await operator.press("d")
        await operator.until_asked("Type its code")
        raw += operator.raw_cells()
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("enter")
        await operator.until_on(ChannelFormScreen)
        raw += operator.raw_cells()
    assert not set(raw) & {"\x1b", "\x07", "\u202e", "\u200b"}
