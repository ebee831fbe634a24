"""Drafts of channels and messages: on disk while they are typed, offered at the next start, gone once handed in."""

import json
from pathlib import Path

from ftos_tui.screens.body_editor import BodyEditorScreen
from ftos_tui.screens.channel_form import ChannelFormScreen
from ftos_tui.screens.channels import ChannelsScreen
from ftos_tui.screens.drafts import DraftsScreen
from ftos_tui.screens.message_form import MessageFormScreen
from ftos_tui.screens.messages import MessagesScreen
from ftos_tui.studio.channels import open_channel
from ftos_tui.studio.drafts import MESSAGE_FORM
from ftos_tui.studio.form_drafts import Typed, keep_typed
from ftos_tui.studio.messages import message_counts
from ftos_tui.studio.session import Session, new_id
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME


def on_disk(session: Session) -> list[Path]:
    return list((session.places.data / "drafts").glob("*.draft.json"))


def edits(session: Session) -> list[dict[str, str]]:
    return [json.loads(path.read_bytes())["edits"] for path in on_disk(session)]


async def offered(operator: Operator) -> DraftsScreen:
    """Waits until the drafts are on screen, compared."""
    screen = await operator.until_on(DraftsScreen)
    await operator.until(lambda: operator.cells("differences"))
    return screen


async def test_a_channel_is_kept_offered_and_gone_once_it_is_saved(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.app.show_list("channels")
        await operator.until_on(ChannelsScreen)
        await operator.press("n")
        await operator.until_on(ChannelFormScreen)
        await operator.press(*"EMAIL")
        await operator.until(lambda: edits(session) == [{"code": "EMAIL"}])
        await operator.press("enter", *"Mail", "escape")
        await operator.until_asked("2 unsaved changes. k keep as draft")
        await operator.press("k")
        await operator.until_on(ChannelsScreen)
        await operator.until_logged("Kept as a draft")
        assert edits(session) == [{"code": "EMAIL", "name": "Mail"}]
    async with at_console(session, None) as operator:
        await offered(operator)
        assert operator.cells("drafts")[0][:2] == ("Channel EMAIL", "nothing")
        assert operator.cells("differences") == [("Code", "—", "EMAIL"), ("Name", "—", "Mail")]
        await operator.press("s")
        await operator.until_logged("Only a provider is opened as saved")
        await operator.press("enter")
        form = await operator.until_on(ChannelFormScreen)
        assert "New Communication Channel * 2 unsaved" in operator.text
        await operator.type("provider", NAME)
        form.keep_now()
        assert edits(session) == [{"code": "EMAIL", "name": "Mail", "provider": NAME}]
        await operator.press("f2")
        await operator.until_on(ChannelsScreen)
        await operator.drafts_kept(0)
        form.keep_now()
        assert not on_disk(session), "what is saved is no draft any more"
    assert open_channel(session, code="EMAIL").name == "Mail"


async def test_a_message_is_kept_with_the_text_in_the_editor_and_gone_once_it_is_queued(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.app.show_list("messages")
        await operator.until_on(MessagesScreen)
        await operator.press("n")
        form = await operator.until_on(MessageFormScreen)
        for name, text in {"provider": NAME, "to": "ana@example.com", "subject": f"SG.{'a' * 22}.{'b' * 43}"}.items():
            form._put(name, text)
        form.go_to("text")
        await operator.press("enter")
        await operator.until_on(BodyEditorScreen)
        await operator.press(*"Dear Ana")
        expected = {"provider": NAME, "to": "ana@example.com", "subject": "[REDACTED]", "text": "Dear Ana"}
        await operator.until(lambda: edits(session) == [expected])
        assert on_disk(session)[0].stat().st_mode & 0o777 == 0o600
    keep_typed(session, new_id(), Typed(MESSAGE_FORM, "", {"to": "ben@example.com"}), handed_in=True)
    async with at_console(session, None) as operator:
        await offered(operator)
        names = [cells[0] for cells in operator.cells("drafts")]
        assert sorted(names) == [f"Message by {NAME}", "New message"]
        rows = operator.row_list("drafts")
        assert rows.move_to(next(row.key for row in rows.rows if row.cells[0] == "New message"))
        queued = ("It was being queued", "perhaps it is", "look among the messages first")
        await operator.until(lambda: operator.cells("differences") == [("To", "—", "ben@example.com"), queued])
        await operator.press("d")
        await operator.until_asked("Throw the draft of New message away?")
        await operator.press("y")
        await operator.drafts_kept(1)
        await operator.until(lambda: len(operator.cells("drafts")) == 1)
        await operator.press("enter")
        form = await operator.until_on(MessageFormScreen)
        assert form.model.texts["text"] == "Dear Ana"
        await operator.press("f2")
        await operator.until_logged("Queued")
        await operator.until_on(MessagesScreen)
        await operator.drafts_kept(0)
    assert sum(message_counts(session).values()) == 1
