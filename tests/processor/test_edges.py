"""What happens seldom: commits whose answer is lost, mistakes of the program, settings that change under way."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch, IllegalTransition
from ftos_tui.processor import lane, worker
from ftos_tui.processor.breakers import stored_breaker
from ftos_tui.processor.heartbeat import Heartbeat
from ftos_tui.processor.pinned import Pinned, pin, status_code, status_codes
from ftos_tui.processor.writer import MOST, Marked, Writer
from ftos_tui.stores.dispatch_protocol import Lost, Mark, Recorded, WorkerState
from ftos_tui.stores.protocol import NotFound, OutcomeUnknown, StoreUnreachable
from ftos_tui.stores.sql.message_store import SqlMessages
from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio.processor import backing_of
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.rendering import NotRenderable
from ftos_tui.transports.smtp import SmtpTransport
from tests.processor.post import Post, utc_now


def run_until(post: Post, **states: int) -> None:
    """A worker runs until so many messages are in each state."""

    async def work() -> None:
        at_work = post.worker(alone=True)
        running = asyncio.create_task(at_work.run())
        await asyncio.to_thread(lambda: post.until(**states))
        at_work.stop()
        await running

    asyncio.run(work())


def answer_lost(monkeypatch: pytest.MonkeyPatch, name: str, when: Callable[..., bool] = lambda *_: True) -> None:
    """Has an operation of the queue done, and its answer lost, the first time."""
    real = getattr(SqlMessages, name)
    lost: list[bool] = []

    def operation(self: SqlMessages, *arguments: Any) -> Any:
        done = real(self, *arguments)
        if not lost and when(*arguments):
            lost.append(True)
            raise OutcomeUnknown("The connection broke while the change was being committed.", "")
        return done

    monkeypatch.setattr(SqlMessages, name, operation)


def test_a_claim_whose_answer_was_lost_is_given_up(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = post.queue(5)
    answer_lost(monkeypatch, "claim_step")
    run_until(post, accepted=5)
    assert post.copies() == dict.fromkeys(ids, 1)
    assert [row.claims for row in post.rows()] in ([1] * 5, [0] * 5)
    assert "5 wait again" in post.log()
    assert "The store answers again." in post.log()
    assert post.session.store.messages.workers() == []
    post.check_history()


def test_a_mark_whose_answer_was_lost_sends_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = post.queue(3)
    answer_lost(monkeypatch, "advance", lambda outcomes, marks: bool(marks))
    run_until(post, accepted=3)
    assert post.copies() == dict.fromkeys(ids, 1)
    assert [row.attempt for row in post.rows()] == [1, 1, 1]
    post.check_history()


def test_an_outcome_whose_answer_was_lost_is_not_written_twice(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = post.queue(3)
    answer_lost(monkeypatch, "advance", lambda outcomes, marks: bool(outcomes))
    run_until(post, accepted=3)
    assert post.copies() == dict.fromkeys(ids, 1)
    post.check_history()


def test_a_mistake_while_sending_is_in_doubt(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    async def mistaken(*_: object) -> Outcome:
        raise ZeroDivisionError

    monkeypatch.setattr(SmtpTransport, "send", mistaken)
    [message_id] = post.queue()
    post.work()
    assert post.states() == {"in_doubt": 1}
    assert "ZeroDivisionError" in post.session.store.messages.message(message_id).attempts[-1].said


def test_a_mistake_before_sending_gives_the_message_up(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    real = Rendered.from_stored

    def mistaken(*arguments: Any) -> Rendered:
        nonlocal made
        made += 1
        if made == 1:
            raise ZeroDivisionError
        return real(*arguments)

    monkeypatch.setattr(Rendered, "from_stored", mistaken)
    ids = post.queue(2)
    run_until(post, accepted=2)
    assert post.copies() == dict.fromkeys(ids, 1)
    assert "A message could not be handled (ZeroDivisionError)" in post.log()


@pytest.mark.parametrize(
    ("error", "state"),
    [(NotRenderable("No address."), "failed"), (KeyError("gone"), "held"), (StoreUnreachable("Away."), "queued")],
)
def test_a_message_that_cannot_be_made_anew(
    post: Post, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str
) -> None:
    def mistaken(*_: object) -> None:
        raise error

    [message_id] = post.queue()
    post.session.store.messages.keep_rendered(message_id, "", b"")
    monkeypatch.setattr(lane, "render", mistaken)

    async def work() -> None:
        at_work = post.worker(alone=True)
        running = asyncio.create_task(at_work.run())
        while not post.session.store.messages.message(message_id).attempts:
            await asyncio.sleep(0.01)
        at_work.stop()
        await running

    asyncio.run(work())
    assert post.states() == {state: 1}
    assert post.copies()[message_id] == 0


def test_a_provider_that_is_gone_keeps_nobody_busy(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise NotFound("There is no such provider.")

    post.queue()
    monkeypatch.setattr(SqlStore, "by_id", gone)
    post.work()
    assert post.states() == {"queued": 1}


def test_a_store_that_is_away_at_the_start_ends_a_single_run(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnreachable("The store is away.")

    monkeypatch.setattr(SqlMessages, "due_providers", away)
    with pytest.raises(StoreUnreachable):
        post.work()
    assert "The store is away." in post.log()


def test_connections_of_an_older_version_and_idle_ones_are_closed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    real = Pinned.close

    async def close(self: Pinned) -> None:
        closed.append(self.version.number)
        await real(self)

    monkeypatch.setattr(Pinned, "close", close)
    monkeypatch.setattr(worker, "_IDLE_S", 0.05)

    async def work() -> None:
        at_work = post.worker(alone=True)
        running = asyncio.create_task(at_work.run())
        for number in (1, 2):
            await asyncio.to_thread(post.queue)
            await asyncio.to_thread(partial(post.until, accepted=number))
            while len(closed) < number:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(post.edit, from_display_name=f"Bank {number}")
        at_work.stop()
        await running

    asyncio.run(work())
    assert 1 in closed
    assert 2 in closed


def test_a_breaker_that_cannot_be_kept_is_kept_in_memory(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnreachable("The store is away.")

    monkeypatch.setattr(SqlMessages, "change_breaker", away)
    post.edit(bulk_no="1")
    post.server.once("auth", "535 5.7.8 no")
    post.queue()
    run_until(post, accepted=1)  # the next claim goes by the store
    assert stored_breaker("{damaged") == stored_breaker("")


def test_a_version_that_does_not_send_is_pinned_without_a_way_out(post: Post) -> None:
    empty = post.session.store.by_name("FTOSEmailGateway")
    pinned = pin(backing_of(post.session), empty, 60)
    assert (pinned.transport, pinned.fault) == (None, "")
    with pytest.raises(ValueError, match="nowhere"):
        _ = pinned.way
    with pytest.raises(ValueError, match="rules"):
        _ = pinned.rules


def test_a_reply_counts_under_its_own_row_or_its_class(post: Post) -> None:
    known = status_codes(post.provider.statuses)
    assert [status_code(code, known) for code in ("250", "550", "5.1.1", "451", "", "x")] == [
        "2xx",
        "550",
        "5xx",
        "451",
        "",
        "",
    ]


def test_a_heartbeat_goes_on_while_the_store_is_away(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    real = SqlMessages.heartbeat
    beats = 0

    def sometimes(self: SqlMessages, state: WorkerState, lease_s: float) -> int:
        nonlocal beats
        beats += 1
        if beats == 2:
            raise StoreUnreachable("Away.")
        if beats == 3:
            raise RuntimeError("dictionary changed size during iteration")
        return real(self, state, lease_s)

    monkeypatch.setattr(SqlMessages, "heartbeat", sometimes)
    state = WorkerState("w", "h", 1, utc_now(), utc_now())
    queue = post.session.store.messages
    beating = Heartbeat(queue, state, lease_s=60, every_s=0.01, detail=dict, trouble=told.append)
    beating.begin()
    beating.add("w.1")
    while beats < 6:
        assert beating._thread.is_alive()
        asyncio.run(asyncio.sleep(0.01))
    beating.end()
    assert told == ["Away.", "A sign of life was not given because of an error here (RuntimeError)."]
    assert [seen.id for seen in queue.workers()] == ["w", "w.1"]
    beating.remove("w")
    assert [seen.id for seen in queue.workers()] == ["w.1"]


class Fussy:
    """A store that refuses some outcomes."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def advance(self, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> Lost:
        """Refuses the whole where one is bad."""
        if any(outcome.id == "bad" for outcome in outcomes):
            raise IllegalTransition(Dispatch.ACCEPTED, Dispatch.QUEUED)
        self.written += [outcome.id for outcome in outcomes]
        self.written += [mark.id for mark in marks]
        return Lost(frozenset(mark.id for mark in marks if mark.id == "lost"), frozenset())


async def test_what_the_table_does_not_have_keeps_nothing_else_from_being_written() -> None:
    store = Fussy()
    told: list[str] = []
    tainted: list[int] = []
    writer = Writer(store, told.append, lambda number: None, lambda: tainted.append(1))  # type: ignore[arg-type]
    outcome = Outcome(OutcomeKind.NOT_SENT)

    def recorded(name: str) -> Recorded:
        return Recorded(name, 1, Dispatch.CLAIMED, Dispatch.QUEUED, outcome)

    futures = [writer.record(recorded(name)) for name in ("a", "bad", "b")]
    marks = await asyncio.gather(*(writer.mark(Mark(name, 1)) for name in ("c", "lost")))
    assert await asyncio.gather(*futures) == [True, False, True]
    assert marks == [Marked.DONE, Marked.LOST]
    assert sorted(store.written) == ["a", "b", "c", "lost"]
    assert await writer.record(recorded("bad")) is False
    assert len(tainted) == 2
    many = [writer.record(recorded(str(number))) for number in range(MOST + 1)]
    assert all(await asyncio.gather(*many))
    await writer.flush()
    await writer.close()


class Failing:
    """A store in which a mistake of the program shows.

    Attributes:
        crashes: How often writing fails still, whatever it is.
    """

    def __init__(self) -> None:
        self.crashes = 0

    def advance(self, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> Lost:
        """Fails where one is poison."""
        if self.crashes or "poison" in {*(one.id for one in outcomes), *(one.id for one in marks)}:
            self.crashes = max(0, self.crashes - 1)
            raise RuntimeError("a secret")
        return Lost()


async def test_a_mistake_of_the_program_does_not_end_the_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.processor.writer.FIRST_PAUSE_S", 0.001)
    store = Failing()
    told: list[str] = []
    writer = Writer(store, told.append, lambda number: None, lambda: None)  # type: ignore[arg-type]

    def recorded(name: str) -> Recorded:
        return Recorded(name, 1, Dispatch.CLAIMED, Dispatch.QUEUED, Outcome(OutcomeKind.NOT_SENT))

    store.crashes = 2
    assert await writer.record(recorded("a")) is True
    assert told == ["RuntimeError", ""]
    futures = [writer.record(recorded(name)) for name in ("b", "poison", "c")]
    assert await asyncio.gather(*futures) == [True, False, True]
    assert await writer.mark(Mark("poison", 1)) is Marked.UNSURE
    assert await writer.mark(Mark("d", 1)) is Marked.DONE
    assert "Marks were not written: RuntimeError." in told
    assert "a secret" not in "".join(told)
    await writer.close()
