"""Message Queues by keys: the list, its counts, what is chosen, and what is done to messages."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from ftos_tui.config import Environment
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.screens import messages as messages_screen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.message import MessageScreen
from ftos_tui.screens.messages import MessagesScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.activity import paused_because
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.live import News
from ftos_tui.studio.messages import Moved, act, message_counts
from ftos_tui.studio.place import last_place
from ftos_tui.studio.reading import open_provider
from ftos_tui.studio.session import Session
from ftos_tui.widgets.counts_line import CountsLine
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.queued import queue, tried
from tests.screens.values import NAME

LATER = datetime(2099, 1, 1, 18, 15, tzinfo=UTC)


async def at_queues(operator: Operator, number: int) -> MessagesScreen:
    """Goes to the list of messages, and waits until it shows so many and says why one waits."""
    await operator.app.show_list("messages")
    screen = await operator.until_on(MessagesScreen)
    await listed(operator, number)
    return screen


async def listed(operator: Operator, number: int) -> None:
    """Waits until so many messages are listed, and the first one's reason is there."""
    screen = operator.on(MessagesScreen)
    await operator.until(lambda: len(operator.cells("messages")) == number and screen.numbers is not None)
    await operator.until(lambda: not number or screen.detail.text.rstrip().endswith("."))


def states(session: Session) -> dict[str, int]:
    """How many messages are in each state."""
    return {str(state): number for state, number in message_counts(session).items()}


async def test_the_queues_are_the_third_entry_of_the_menu_and_remembered(session: Session) -> None:
    queue(session, 2)
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        await operator.press("enter", "enter")
        await operator.until(lambda: len(operator.cells("menu")) == 3)
        await operator.press("down", "enter")
        await operator.until_on(MessagesScreen)
        await listed(operator, 2)
        assert "› Message Queues" in operator.lines[0]
        assert [cells[0] for cells in operator.cells("messages")] == ["client1@example.com", "client0@example.com"]
        await operator.press("down")
        kept = operator.on(MessagesScreen).cursor_on
        await operator.press("q")
    assert (last_place(session).screen, last_place(session).provider_id) == ("messages", kept)
    async with at_console(session, None) as operator:
        screen = await operator.until_on(MessagesScreen)
        await listed(operator, 2)
        assert screen.rows.row is not None
        assert screen.rows.row.key == kept
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        row = operator.row_list("menu").row
        assert row is not None
        assert row.cells[0] == "Message Queues"


async def test_counts_choose_a_status_by_figure_by_name_and_by_click(session: Session) -> None:
    queue(session, 4)
    tried(session, 2, Dispatch.RETRY_WAIT, due=LATER)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 4)
        assert operator.lines[1].split("  ")[0] == "[0 All 4]"
        assert "1 Waiting 2" in operator.lines[1]
        assert "3 Error, again 2" in operator.lines[1]
        await operator.press("3")
        await listed(operator, 2)
        assert {cells[2] for cells in operator.cells("messages")} == {"Error, try 2 of 4"}
        assert "Error, again at 18:15:00 UTC, try 2 of 4 · Error at try 1 of 4" in " ".join(operator.text.split())
        await operator.press("f")
        await operator.until_asked("Show which?")
        await operator.press("6")
        await listed(operator, 0)
        assert "No message here. n queues one, 0 shows all" in operator.text
        screen.post_message(CountsLine.Pressed("1"))
        await listed(operator, 2)
        await operator.press("0")
        await listed(operator, 4)


async def test_filter_order_and_provider(session: Session) -> None:
    queue(session, 3)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 3)
        await operator.press("s")
        await operator.until(lambda: operator.cells("messages")[0][0] == "client0@example.com")
        await operator.press("S")
        await operator.until(lambda: operator.cells("messages")[0][0] == "client2@example.com")
        await operator.press("slash", *"client1")
        await listed(operator, 1)
        await operator.press("1", "enter", "escape")
        await listed(operator, 3)
        await operator.press("p")
        await operator.answer("Nobody")
        await operator.until_logged("Nobody")
        await operator.press("p")
        await operator.answer("GatewayEmail")
        await listed(operator, 0)
        assert "Message Queues › GatewayEmail" in operator.lines[0]
        await operator.press("p")
        await operator.answer("")
        await listed(operator, 3)
        assert screen.provider is None
        await operator.press("p")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)


async def test_from_the_list_of_providers_to_the_messages_of_one(session: Session) -> None:
    queue(session, 2)
    tried(session, 1, Dispatch.FAILED)
    async with at_console(session, size=(120, 30)) as operator:
        await operator.listed()
        operator.providers.rows.move_to(open_provider(session, name=NAME).provider_id)
        await operator.until(lambda: "1 waiting, 1 in error (m)" in operator.text)
        await operator.until(lambda: any(cells[-2:] == ("1", "1") for cells in operator.cells("providers")))
        await operator.press("m")
        await operator.until_on(MessagesScreen)
        await listed(operator, 2)
        assert f"Message Queues › {NAME}" in operator.lines[0]
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)


async def test_hold_release_cancel_with_a_question_and_a_reason(session: Session) -> None:
    queue(session, 2)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 2)
        await operator.press("h")
        await operator.until_asked("Hold the message to client1@example.com?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert states(session) == {"queued": 2}
        await operator.press("h")
        await operator.until_asked("Hold the message")
        await operator.press("r")
        await operator.answer("the bank asked")
        await operator.until_logged("1 message: hold, now held")
        await operator.until(lambda: "the bank asked; release or cancel it." in " ".join(screen.detail.text.split()))
        assert "the bank asked" in session.store.audit_entries(limit=1000)[-1].detail
        await operator.press("r")  # nothing failed to be read: it reads the list again
        await operator.press("h")
        await operator.until_asked("Hold the message")
        await operator.press("y")
        await operator.until_logged("1 message was left alone (held): only what waits can be held.")
        await operator.press("l")
        await operator.until_asked("Release the message")
        await operator.press("y")
        await operator.until_logged("1 message: release, now queued")
        await operator.press("c")
        await operator.until_asked("Cancel the message")
        await operator.press("y")
        await operator.until_logged("1 message: cancel, now canceled")
        assert states(session) == {"queued": 1, "canceled": 1}


async def test_marked_messages_and_all_that_are_listed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(session, 5)
    monkeypatch.setattr(messages_screen, "MOST_MARKED", 2)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 5)
        for key in ("space", "down", "space", "down", "space"):
            await operator.press(key)
        await operator.until_logged("No more than 2 can be marked")
        assert [row.mark for row in screen.rows.rows] == ["*", "*", "", "", ""]
        await operator.press("up", "space", "space")
        await operator.until(lambda: "2 messages marked · Waiting" in operator.text)
        await operator.press("h")
        await operator.until_asked("Hold 2 marked messages?")
        await operator.press("y")
        await operator.until_logged("2 messages: hold, now held")
        await operator.until(lambda: not any(row.mark for row in screen.rows.rows))
        await operator.press("c")
        await operator.until_asked("a all that are listed")
        await operator.press("a")
        await operator.until_asked("Cancel all 5 listed messages that fit? Type 5")
        await operator.answer("4")
        await operator.until_logged("Nothing was done: the number was not typed.")
        await operator.press("1")
        await listed(operator, 3)
        await operator.press("c")
        await operator.until_asked("a all that are listed")
        await operator.press("a")
        await operator.answer("3")
        await operator.until_asked("Why? It is kept in the audit:")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert states(session) == {"queued": 3, "held": 2}
        await operator.press("c")
        await operator.until_asked("a all that are listed")
        await operator.press("a")
        await operator.answer("3")
        await operator.answer("the bank asked")
        await operator.until_logged("3 messages: cancel, now canceled")
        await listed(operator, 0)
        await operator.press("9")
        await listed(operator, 3)
        await operator.press("t")
        await operator.until_asked("Try again the message")
        await operator.press("a")
        await operator.until_logged("Nothing listed fits: only what failed can be tried again.")
        assert states(session) == {"held": 2, "canceled": 3}


async def test_what_is_in_doubt_is_settled_with_how_it_is_known(session: Session) -> None:
    queue(session, 3)
    tried(session, 2, Dispatch.IN_DOUBT)
    tried(session, 1, Dispatch.FAILED)
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 3)
        await operator.press("4")
        await listed(operator, 1)
        await operator.press("v")
        await operator.until_asked("What does the provider say of the message to client2@example.com?")
        await operator.press("a")
        await operator.answer("its log")
        await operator.until_logged("1 message was left alone (failed): only what is in doubt can be resolved.")
        await operator.press("t")
        await operator.until_asked("Try again the message")
        await operator.press("y")
        await operator.until_logged("1 message: retry, now queued")
        await operator.press("5")
        await listed(operator, 2)
        await operator.press("v")
        await operator.until_asked("What does the provider say")
        await operator.press("a")
        await operator.until_asked("How do you know?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("v", "escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("space", "down", "space", "v")
        await operator.until_asked("say of 2 marked messages?")
        await operator.press("f")
        await operator.answer("its log")
        await operator.until_logged("2 messages: resolve, now failed")
        assert states(session) == {"queued": 1, "failed": 2}


async def test_a_provider_is_paused_and_goes_on(session: Session) -> None:
    queue(session, 1)
    provider_id = open_provider(session, name=NAME).provider_id
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 1)
        await operator.press("P")
        await operator.until_asked(f"Pause the sending of {NAME}?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("P")
        await operator.answer("night of the bank")
        await operator.until_logged(f"Paused {NAME}: nothing more is sent until it is resumed")
        await operator.until(lambda: "is paused: night of the bank." in " ".join(screen.detail.text.split()))
        for key, still in (("escape", True), ("y", False)):
            await operator.press("P")
            await operator.until_asked(f"{NAME} is paused: night of the bank.")
            await operator.press(key)
            await operator.until(lambda: not operator.asked)
            await operator.until(lambda still=still: bool(paused_because(session, provider_id)) is still)  # type: ignore[misc]
        await operator.until_logged(f"Resumed {NAME}")
        await operator.press("9")
        await listed(operator, 0)
        await operator.press("h", "v", "space", "enter", "P")
        await operator.until_logged("Put the cursor on a message of the provider")


async def test_it_follows_what_the_processor_does(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages_screen, "PACE", 0.05)
    ids = queue(session, 3)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 3)
        painted: list[object] = []
        monkeypatch.setattr(screen.counts_line, "refresh_lines", lambda *lines: painted.append(lines))
        looks = screen.numbers
        await operator.pilot.pause(0.2)
        assert screen.numbers == looks
        assert not any(painted)
        tried(session, 1, Dispatch.FAILED)
        await operator.until(lambda: operator.cells("messages")[2][2] == "Error, final")
        await operator.until(lambda: screen.numbers == {Dispatch.QUEUED: 2, Dispatch.FAILED: 1})
        act(session, "cancel", ids[1:2])
        screen.show_news(News(back=True))
        await operator.until(lambda: operator.cells("messages")[1][2] == "Canceled")
        await operator.press("enter")
        await operator.until_on(MessageScreen)
        await operator.press("escape")
        await operator.until_on(MessagesScreen)


async def test_a_store_that_is_away_is_told_of_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages_screen, "PACE", 0.05)
    queue(session, 1)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 1)
        calls: list[int] = []

        def away(*_: object) -> None:
            calls.append(1)
            raise StoreUnreachable("The store is away.")

        for name in ("counts", "message_row"):
            monkeypatch.setattr(type(session.store.messages), name, away)
        await operator.until(lambda: len(calls) > 2)
        screen._describe(screen.rows.row)
        await operator.until(lambda: len(calls) > 6)
        assert "The store is away." not in operator.text


async def test_a_read_only_environment_takes_no_acts(open_with: Opener) -> None:
    queue(open_with(), 1)
    session = open_with(Environment("local", read_only=True))
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        for key in "hvP":
            operator.app.log_entries.clear()
            await operator.press(key)
            await operator.until_logged("The environment local is read-only")
        assert not operator.asked


async def test_stored_text_reaches_the_terminal_as_text_only(session: Session) -> None:
    [message_id] = queue(session, 1)
    hostile = "[/]\x1b]52;c;eA==\x07\u202e\u200b" + "漢" * 30
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("UPDATE message SET recipient = ?, subject = ?, reason = ?, said = ?", (hostile,) * 4)
        connection.execute("UPDATE message_group SET text = ?", (hostile + "\n" + hostile,))
    async with at_console(session, size=(60, 16)) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        raw = operator.raw_cells()
        await operator.press("h")
        await operator.until_asked("Hold the message")
        raw += operator.raw_cells()
        await operator.press("y", "enter")
        screen = await operator.until_on(MessageScreen)
        await operator.until(lambda: screen.view is not None)
        await operator.press("end")
        raw += operator.raw_cells()
        assert message_id[:8] in operator.lines[0]
    assert not set(raw) & {"\x1b", "\x07", "\u202e", "\u200b"}


async def test_only_so_many_messages_are_held(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.screens.message_source._MOST_HELD", 1)
    queue(session, 2)
    async with at_console(session) as operator:
        await operator.listed()
        await operator.app.show_list("messages")
        screen = await operator.until_on(MessagesScreen)
        await operator.until(lambda: len(operator.cells("messages")) == 2)
        assert len(screen.source.messages) == 1
        assert screen.recipient("gone") == "gone"


async def test_what_fails_or_is_gone_meanwhile_is_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(session, 1)
    async with at_console(session) as operator:
        await operator.listed()
        screen = await at_queues(operator, 1)
        screen._tell("hold", Moved((), {}, ("gone",)))
        await operator.until_logged("1 message is not there any more.")

        def away(*_: object, **__: object) -> None:
            raise StoreUnreachable("The store is away.")

        store = type(session.store.messages)
        for broken, keys in (("count_messages", ("h", "a")), ("step_state", ("P",)), ("move", ("h", "y"))):
            operator.app.log_entries.clear()
            with monkeypatch.context() as patch:
                patch.setattr(store, broken, away)
                for key in keys:
                    await operator.press(key)
                    if key == "h":
                        await operator.until_asked("Hold the message")
                await operator.until_logged("The store is away.")
            await operator.until(lambda: not operator.asked)
        assert states(session) == {"queued": 1}
