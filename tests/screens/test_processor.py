"""Processors and events by keys: who runs, what is stopped and let go on, what fits no message."""

from datetime import UTC, datetime

import pytest
from textual.screen import Screen

from ftos_tui.config import Environment
from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.statuses import Canonical
from ftos_tui.screens import processor as processor_screen
from ftos_tui.screens.events import EventsScreen
from ftos_tui.screens.message import MessageScreen
from ftos_tui.screens.messages import MessagesScreen
from ftos_tui.screens.processor import ProcessorScreen
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.stores.event_protocol import NewEvent
from ftos_tui.studio.activity import pause, paused_because
from ftos_tui.studio.audit import list_entries
from ftos_tui.studio.events import concerns, list_events
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.processor import ProcessorStatus, SeenWorker, processor_status
from ftos_tui.studio.providers import clear_secret
from ftos_tui.studio.reading import open_provider
from ftos_tui.studio.session import Session
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.queued import queue
from tests.screens.test_messages import at_queues
from tests.screens.test_palette import run
from tests.screens.values import NAME
from tests.stores.making import ANA, sign
from tests.stores.queueing import queue as put_in
from tests.weather.making import make_providers

LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


def stop(session: Session, cause: Cause = Cause.AUTHENTICATION, said: str = "535 no such user") -> str:
    """The id of the provider, which was stopped."""
    provider = open_provider(session, name=NAME)
    opened = Breaker(Position.OPEN, cause, said, session.clock(), version=provider.number)
    session.store.messages.change_breaker(provider.provider_id, lambda *_: opened.to_json())
    return provider.provider_id


def runs(session: Session, worker_id: str = "w1", host: str = "jump1", detail: str = '{"in_hand": 3}') -> None:
    """A worker that tells of itself now."""
    now = session.store.now(session.clock())
    session.store.messages.heartbeat(WorkerState(worker_id, host, 4711, now, now, detail), 60.0)


async def at_processors(operator: Operator, number: int) -> ProcessorScreen:
    """Goes to the processors from the queues, and waits until so many providers are listed."""
    await operator.press("w")
    screen = await operator.until_on(ProcessorScreen)
    await operator.until(lambda: screen.status is not None and len(operator.cells("standings")) == number)
    return screen


async def test_a_stopped_provider_is_told_of_and_let_go_on(session: Session) -> None:
    queue(session, 2)
    stop(session)
    runs(session)
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 2)
        await at_processors(operator, 1)
        assert "Message Queues › Processors" in operator.lines[0]
        assert "1 processor runs: jump1 (process 4711), 3 in hand." in operator.text
        [cells] = operator.cells("standings")
        assert cells[:3] == (NAME, "2", "0")
        told = " ".join(operator.text.split())
        assert "because its sign-in was refused (535 no such user); it stays so until it is edited" in told
        assert "Enter the right App user, App Password or App Key, then save." in told
        await operator.press("b")
        await operator.until_asked(f"Close the breaker of {NAME}?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert processor_status(session).providers[0].breaker.position is Position.OPEN
        await operator.press("b")
        await operator.until_asked(f"Close the breaker of {NAME}?")
        await operator.press("y")
        await operator.until_logged(f"Closed the breaker of {NAME}: its messages go again.")
        await operator.until(lambda: "is stopped" not in operator.cells("standings")[0][3])
        await operator.press("r")
        await operator.until(lambda: operator.cells("standings")[0][3] == "nothing: they go in their turn")
        session.store.messages.forget_worker("w1")
        await operator.press("r")
        await operator.until(lambda: operator.cells("standings")[0][3] == "nothing, once a processor runs")
        assert "but no processor runs that would send them." in " ".join(operator.text.split())
        assert "breaker" in list_entries(session, limit=1)[0].action
        await operator.press("b")
        await operator.until_logged(f"{NAME} is not stopped: there is no breaker to close.")
        await operator.press("w")
        await operator.until_on(MessagesScreen)


def test_an_edited_provider_is_tried_not_stopped(session: Session) -> None:
    queue(session, 1)
    of, store = stop(session), session.store.messages
    assert processor_status(session).providers[0].breaker.position is Position.OPEN
    before = Breaker(Position.OPEN, Cause.AUTHENTICATION, "535", session.clock(), version=0)
    store.change_breaker(of, lambda *_: before.to_json())
    assert processor_status(session).providers[0].breaker.position is Position.HALF_OPEN


def test_ready_providers_without_messages_are_told_of_behind_what_needs_attention(session: Session) -> None:
    [alone] = processor_status(session).providers
    nothing = f"{NAME} has no messages waiting."
    assert (alone.name, alone.waiting, alone.idle, alone.urgency) == (NAME, 0, nothing, 4)
    make_providers(session, 2)
    provider_id = stop(session)
    pause(session, open_provider(session, name="P01"), "migration")
    first, second, third = processor_status(session).providers
    assert [first.name, second.name, third.name] == [NAME, "P01", "P00"]
    assert "is stopped" in first.idle
    assert (second.idle, second.stuck) == ("P01 is paused: migration.", True)
    session.store.messages.close_breaker(provider_id, ANA, sign)
    assert [standing.name for standing in processor_status(session).providers] == ["P01", NAME, "P00"]
    assert processor_status(session).providers[1].idle == nothing


async def test_a_provider_is_paused_beside_the_processors(session: Session) -> None:
    queue(session, 1)
    provider_id = open_provider(session, name=NAME).provider_id
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        await at_processors(operator, 1)
        assert "No processor is running: start one by `ftos-tui processor run`." in " ".join(operator.text.split())
        await operator.press("P")
        await operator.answer("migration")
        await operator.until(lambda: operator.cells("standings")[0][3].startswith("is paused: migration"))
        assert paused_because(session, provider_id) == "migration"


async def test_it_follows_and_says_nothing_of_a_store_that_is_away(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor_screen, "PACE", 0.05)
    bare = clear_secret(session, open_provider(session, name=NAME), "app_key")
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 0)
        screen = await at_processors(operator, 0)
        assert "No provider is ready or has messages to send." in operator.text
        await operator.press("b", "P")
        await operator.until_logged("Put the cursor on a message of the provider")
        put_in(session.store, bare.provider_id)
        await operator.until(lambda: len(operator.cells("standings")) == 1)
        calls: list[int] = []

        def away(*_: object) -> None:
            calls.append(1)
            raise StoreUnreachable("The store is away.")

        monkeypatch.setattr(type(session.store.messages), "workers", away)
        await operator.until(lambda: len(calls) > 2)
        assert "The store is away." not in operator.text
        await operator.press("r")
        await operator.until_logged("The store is away.")
        assert screen.status is not None


async def test_a_read_only_environment_closes_no_breaker(open_with: Opener) -> None:
    queue(open_with(), 1)
    stop(open_with())
    session = open_with(Environment("local", read_only=True))
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        await at_processors(operator, 1)
        await operator.press("b")
        await operator.until_logged("read-only")
        assert not operator.asked


def test_processors_in_words() -> None:
    def seen(at: int, detail: str, *, alive: bool = True) -> SeenWorker:
        return SeenWorker(WorkerState(f"w{at}", "jump\x1b[2J", at, LONG_AGO, LONG_AGO, detail), alive)

    six = [seen(at, detail) for at, detail in enumerate(("[", "[]", '{"in_hand": "x"}', '{"in_hand": 7}', "{}", "{}"))]
    told = ProcessorStatus(LONG_AGO, six, []).in_words
    assert told.startswith("6 processors run: jump")
    assert "\x1b" not in told
    assert told.endswith("(process 3), 7 in hand and 2 more.")
    told = ProcessorStatus(LONG_AGO, [seen(1, "{}", alive=False)], []).in_words
    assert told.startswith("No processor is running (1 went without a word, the last on jump")
    assert told.endswith("00:00:00 UTC): start one by `ftos-tui processor run`.")


def keep(session: Session, number: int, message_id: str | None = None, raw: str = "{}") -> None:
    """Takes in one event."""
    event = ProviderEvent(
        "bounce", Canonical.BOUNCED, LONG_AGO, f"e{number}", f"h{number}", message_id=message_id or ""
    )
    session.store.messages.take_events([NewEvent(event, raw, message_id)], ANA, sign)


async def test_what_fits_no_message_is_found_on_screen(session: Session) -> None:
    [message_id] = queue(session, 1)
    keep(session, 1, message_id)
    keep(session, 2, raw='{"email": "x\\u001b[2J@example.com", "smtp-id": "<a@b>", "url": "https://h.example/secret"}')
    keep(session, 3, raw="[]")
    async with at_console(session) as operator:
        await operator.listed()
        await at_queues(operator, 1)
        await operator.press("E")
        screen = await operator.until_on(EventsScreen)
        await operator.until(lambda: len(operator.cells("events")) == 3)
        assert [cells[1:] for cells in operator.cells("events")] == [
            ("bounce", "bounced", "none"),
            ("bounce", "bounced", "none"),
            ("bounce", "bounced", message_id[:8]),
        ]
        await operator.press("u")
        await operator.until(lambda: len(operator.cells("events")) == 2)
        assert "Unmatched events" in operator.lines[0]
        await operator.press("enter")
        await operator.until_logged("This event fits no message here.")
        await operator.press("down")
        await operator.until(lambda: "<a@b>" in operator.text)
        told = " ".join(operator.text.split())
        assert "\x1b" not in operator.raw_cells()
        assert "2026-01-02 00:00:00 UTC · x" in told
        assert "bounce (bounced) to h.example" in told
        assert "secret" not in told
        await operator.press("u")
        await operator.until(lambda: len(operator.cells("events")) == 3)
        await operator.press("r", "G", "e")
        await operator.until_on(MessageScreen)
        await operator.press("escape")
        await operator.until(lambda: operator.app.screen is screen)
        await operator.press("E")
        await operator.until_on(MessagesScreen)


def test_events_page_both_ways(session: Session) -> None:
    for at in range(5):
        keep(session, at, raw="no json" if at == 4 else "{}")
    newest = list(list_events(session))
    assert list(list_events(session, limit=2, backwards=True)) == newest[3:]
    assert list(list_events(session, before=newest[3].number, limit=2, backwards=True)) == newest[1:3]
    assert list(list_events(session, unmatched=True, before=newest[1].number, limit=9, backwards=True)) == newest[:1]
    assert [concerns(one) for one in newest] == [""] * 5


async def test_the_palette_finds_both(session: Session) -> None:
    kinds: dict[str, type[Screen[None]]] = {"Processors": ProcessorScreen, "Events that": EventsScreen}
    async with at_console(session) as operator:
        await operator.listed()
        for name, kind in kinds.items():
            await run(operator, name, name)
            await operator.until_on(kind)
