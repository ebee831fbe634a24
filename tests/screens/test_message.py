"""One message on screen, and a message handed in by a form."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.statuses import Canonical
from ftos_tui.screens import message as message_screen
from ftos_tui.screens.body_editor import BodyEditorScreen
from ftos_tui.screens.message import MessageScreen
from ftos_tui.screens.message_form import MessageFormScreen
from ftos_tui.screens.messages import MessagesScreen
from ftos_tui.screens.provider_choice import ProviderChoiceScreen
from ftos_tui.stores.event_protocol import NewEvent
from ftos_tui.studio import messages
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.live import News
from ftos_tui.studio.message_views import message_view
from ftos_tui.studio.messages import MessageQuery, list_messages, message_counts, open_message
from ftos_tui.studio.session import Session
from ftos_tui.widgets.text_input import OneLineInput
from tests.screens.conftest import NOON
from tests.screens.operator import Operator, at_console
from tests.screens.queued import queue, tried
from tests.screens.test_messages import at_queues
from tests.screens.values import NAME
from tests.stores.making import ANA, sign
from tests.stores.queueing import ACCEPTED


async def at_message(operator: Operator) -> MessageScreen:
    """Opens the message under the cursor."""
    await operator.press("enter")
    screen = await operator.until_on(MessageScreen)
    await operator.until(lambda: screen.view is not None)
    return screen


def shown(screen: MessageScreen) -> str:
    """All that the screen says."""
    return "\n".join(f"{section.title}: {line}" for section in screen.panel.sections for line in (*section.lines, ""))


async def test_all_that_is_known_of_a_message(session: Session) -> None:
    [message_id] = queue(session, 1, html="<p>Hi</p>", params='{"a": 1}')
    tried(session, 1, Dispatch.ACCEPTED, outcome=ACCEPTED, provider_version=2, worker="host:1")
    opened = ProviderEvent("open", Canonical.OPENED, NOON, "e1", "h1", message_id=message_id)
    machine = ProviderEvent("open", Canonical.OPENED, NOON, "e2", "h2", machine=True, message_id=message_id)
    clicked = ProviderEvent("click", Canonical.CLICKED, NOON, "e3", "h3", message_id=message_id)
    url = '{"url": "https://bank.example.com/secret"}'
    for event, raw in ((opened, "{}"), (machine, '{"sg_machine_open": true}'), (clicked, url)):
        session.store.messages.take_events([NewEvent(event, raw, message_id)], ANA, sign)
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        screen = await at_message(operator)
        told = shown(screen)
        assert "Status: Accepted by the provider" in told
        assert "Recipient: client0@example.com (to)" in told
        assert "sending → accepted: accepted by w" in told or "accepted by host:1, provider version 2" in told
        assert "open (opened) by a machine" in told
        assert "click (clicked) to bank.example.com" in told
        assert "https://" not in told
        assert "First opened 2026-01-02 12:00:00 UTC" in told
        assert 'Channel Provider Params: {"a": 1}' in told
        assert "HTML: <p>Hi</p>" in told
        assert "Text: Your statement" in told
        await operator.press("f1")
        await operator.until(lambda: "counted apart" in " ".join(operator.text.split()))
        await operator.press("escape")
        await operator.until_on(MessageScreen)
        await operator.press("h")
        await operator.until_asked("Hold the message to client0@example.com?")
        assert "all that are listed" not in operator.text
        await operator.press("y")
        await operator.until_logged("1 message was left alone (accepted)")


async def test_the_rest_of_what_is_known(session: Session, tmp_path: Path) -> None:
    from ftos_tui.domain.delivery.message import Attachment, NewMessage
    from ftos_tui.studio.reading import open_provider

    new = NewMessage(
        to="a@example.com; b@example.com",
        cc="c@example.com",
        subject="S",
        text="\n".join(map(str, range(300))),
        attachments=(Attachment("a.pdf", "application/pdf", b"%PDF"),),
        not_after=datetime(2099, 1, 1, tzinfo=UTC),
    )
    provider = open_provider(session, name=NAME)
    ids = messages.add(session, provider, new, acknowledged=["due_far", "not_after_far"]).ids
    tried(session, 3, Dispatch.FAILED, throttled=True)
    messages.act(session, "retry", ids[:1])
    messages.act(session, "cancel", ids[:1])
    told = NewEvent(ProviderEvent("delivered", Canonical.DELIVERED, NOON, "e", "h", message_id=ids[0]), "{}", ids[0])
    session.store.messages.take_events([told], ANA, sign)
    found = message_screen.sections_of(message_view(session, ids[0]))
    text = "\n".join(str(line) for section in found for line in section.lines)
    for part in (
        "Cc: c@example.com",
        "Not after: 2099-01-01",
        "One of 3 messages of one hand-in",
        "Attachment: a.pdf (application/pdf, 4 bytes)",
        "in generation 2, which Retry began",
        "! The provider reports it sent, though it was stopped here.",
        "… 100 more lines",
    ):
        assert part in text, part


async def test_it_follows_the_message_and_survives_a_store_that_is_away(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_screen, "PACE", 0.05)
    [message_id] = queue(session, 1)
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        screen = await at_message(operator)
        messages.act(session, "hold", [message_id], "look")
        await operator.until(lambda: "Held since" in shown(screen))
        calls: list[int] = []

        def away(*_: object) -> None:
            calls.append(1)
            raise StoreUnreachable("The store is away.")

        with monkeypatch.context() as patch:
            patch.setattr(message_screen, "message_view", away)
            await operator.until(lambda: len(calls) > 2)
            assert "The store is away." not in operator.text
            await operator.press("f5")
            await operator.until_logged("The store is away.")
        screen.show_news(News())
        await operator.press("l")
        await operator.until_asked("Release the message")
        await operator.press("y")
        await operator.until(lambda: "Held since" not in shown(screen))
        await operator.press("P")
        await operator.until_asked(f"Pause the sending of {NAME}?")


async def test_a_message_is_handed_in_by_keys(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 0)
        await operator.press("n")
        form = await operator.until_on(MessageFormScreen)
        await operator.press("f3")
        await operator.until_on(ProviderChoiceScreen)
        await operator.until(lambda: operator.cells("choice"))
        assert operator.row_list("choice").move_to(
            next(row.key for row in operator.row_list("choice").rows if row.cells[0] == NAME)
        )
        await operator.press("enter")
        await operator.until_on(MessageFormScreen)
        assert form.model.texts["provider"] == NAME
        await operator.press("enter", *"a@example.com; b@", "f2")
        await operator.until_logged("Not queued:")
        await operator.until(lambda: form.focused_row is not None and form.focused_row.field_id == "to")
        await operator.press(*"example.com")
        form.go_to("text")
        await operator.press("enter")
        await operator.until_on(BodyEditorScreen)
        await operator.press(*"Good", "enter", *"day")
        await operator.until(lambda: "2 lines, 8 characters" in operator.text)
        assert "New message › Text" in operator.lines[0]
        await operator.press("f2")
        await operator.until_on(MessageFormScreen)
        assert form.model.texts["text"] == "Good\nday"
        await operator.press("f2")
        await operator.until_logged("acknowledge subject_missing")
        await operator.until(lambda: form.model.open_fields() == ["subject"])
        await operator.until(lambda: form.focused_row is not None and form.focused_row.field_id == "subject")
        await operator.press("f7", "f7", "f7", "f2")
        await operator.until_logged("Queued 2 messages for FTOSEmailGateway")
        await operator.until_on(MessagesScreen)
        await operator.until(lambda: len(operator.cells("messages")) == 2)
        [first, _] = list_messages(session, MessageQuery())
        assert open_message(session, first.id).text == "Good\nday"
        rows = operator.row_list("messages")
        await operator.until(lambda: rows.row is not None and rows.row.key == first.id)


async def test_what_was_queued_by_keys_is_shown_first_wherever_the_cursor_stood(session: Session) -> None:
    queue(session, 3)
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 3)
        rows = operator.row_list("messages")
        await operator.press("end", "n")
        form = await operator.until_on(MessageFormScreen)
        for name, text in {"provider": NAME, "to": "new@example.com", "subject": "Hi", "text": "Hello"}.items():
            form._put(name, text)
        await operator.press("f1")
        await operator.until(lambda: "Message Queues › Help: Text" in operator.lines[0])
        await operator.press("escape")
        await operator.until_on(MessageFormScreen)
        await operator.press("f2")
        await operator.until_on(MessagesScreen)
        await operator.until(lambda: rows.row is not None and rows.row.cells[0] == "new@example.com")


async def test_the_form_says_what_is_wrong_where_it_is(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 0)
        await operator.press("n")
        form = await operator.until_on(MessageFormScreen)
        await operator.press("f2")
        await operator.until_logged("Not queued: name a provider, F3 lists them.")
        await operator.press(*"Nobody")
        await operator.until(lambda: [f.code for f in form.model.findings] == ["provider_unknown"])
        await operator.type("provider", NAME)
        await operator.until(lambda: "recipient_missing" in [f.code for f in form.model.findings])
        await operator.type("subject", "Hello")
        await operator.type("due", "soon")
        await operator.type("attachments", "/nowhere/at/all")
        await operator.until(lambda: form.model.open_fields() == ["to", "text", "attachments", "due"])
        assert operator.codes("due") == ["time_format"]
        order = []
        form.go_to("subject")
        for _ in range(4):
            await operator.press("f8")
            order.append(form.focused_row.field_id if form.focused_row else "")
        assert order == ["text", "attachments", "due", "to"]
        await operator.press("f7")
        await operator.until_logged("No warning at this field")
        await operator.press("f1")
        await operator.until(lambda: "separated by semicolons; numbers for an SMS" in " ".join(operator.text.split()))
        await operator.press("escape")
        await operator.until_on(MessageFormScreen)
        await operator.press("up")
        assert form.focused_row is not None
        assert form.focused_row.field_id == "provider"
        await operator.press("down")
        form.post_message(OneLineInput.PasteRefused(form.query_one("#field-to", OneLineInput), "That is too long."))
        await operator.until_logged("That is too long.")
        await operator.press("escape")
        await operator.until_asked("The message is not queued yet.")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("escape")
        await operator.until_asked("x throw away")
        await operator.press("x")
        await operator.until_on(MessagesScreen)
    assert not message_counts(session)


async def test_what_was_typed_stays_when_the_store_goes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 0)
        await operator.press("n")
        form = await operator.until_on(MessageFormScreen)
        for name, text in {"provider": NAME, "to": "a@example.com", "subject": "S", "text": "T"}.items():
            await operator.type(name, text)
        await operator.until(lambda: not form.model.open_fields() and form.model.provider is not None)
        await operator.press("f8")
        await operator.until_logged("No finding is open: this can be queued.")

        def away(*_: object, **__: object) -> None:
            raise StoreUnreachable("The store is away.")

        monkeypatch.setattr("ftos_tui.screens.message_form.add_typed", away)
        await operator.press("f2")
        await operator.until_logged("The store is away. What you typed is kept.")
        monkeypatch.setattr("ftos_tui.screens.message_form.open_provider", away)
        await operator.type("subject", "S2")
        await operator.until(lambda: operator.logged[-1] == "The store is away.")
        assert form.model.texts["subject"] == "S2"
        operator.app.log_entries.clear()
        await operator.press("f2")
        await operator.until_logged("The store is away.")
        assert not message_counts(session)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)], ids=["80x24", "60x16"])
async def test_the_queues_look_as_they_are_kept(session: Session, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    with time_machine.travel(NOON, tick=False) as clock:
        for at in range(5):
            queue(session, 1, to=f"client{at}@example.com")
            clock.shift(0.01)
        tried(session, 2, Dispatch.RETRY_WAIT, due=NOON.replace(hour=18))
        tried(session, 1, Dispatch.ACCEPTED, outcome=ACCEPTED)
        async with at_console(session, size=size) as operator:
            await operator.listed()
            screen = await at_queues(operator, 5)
            await operator.press("3")
            await operator.until(lambda: len(operator.cells("messages")) == 2 and " · " in screen.detail.text)
            await operator.snapshot(f"messages_{name}")
            await at_message(operator)
            screen_id = operator.on(MessageScreen).message_id
            assert screen_id[:8] in operator.lines[0]
            await operator.press("escape")
            await operator.until_on(MessagesScreen)
            await operator.press("n")
            await operator.until_on(MessageFormScreen)
            await operator.snapshot(f"message_form_{name}")
