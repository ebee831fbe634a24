"""What a worker does with messages: steps, outcomes, breakers, retries, windows, and a clean end."""

import asyncio
import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.processor.backing import Pace
from ftos_tui.processor.breakers import stored_breaker
from ftos_tui.studio import processor
from tests.processor.post import PATIENCE_S, QUICK, Post, utc_now
from tests.servers.serving import DROP
from tests.servers.smtp import TAKE_AND_DROP


def breaker_of(post: Post) -> tuple[Position, Cause | None]:
    """How the provider's breaker is kept."""
    kept = stored_breaker(post.session.store.messages.step_state(post.provider.provider_id).breaker)
    return kept.position, kept.cause


def test_what_is_due_is_sent_once_over_few_connections(post: Post) -> None:
    ids = post.queue(30)
    post.work()
    assert post.states() == {"accepted": 30}
    assert post.copies() == dict.fromkeys(ids, 1)
    assert post.server.connections <= 10
    assert post.session.store.status_counts(post.provider.provider_id) in ({}, {"2xx": 30})
    assert "Gateway: 30 accepted." in post.log()
    detail = post.session.store.messages.message(ids[0])
    assert [(line.before, line.after, line.provider_version) for line in detail.attempts] == [
        ("sending", "accepted", 1)
    ]
    assert post.session.store.messages.workers() == []
    post.check_history()


def test_a_step_takes_bulk_no_at_most(post: Post) -> None:
    post.edit(bulk_no="7")
    post.queue(20)
    began = utc_now()
    post.work(replace(QUICK, step_s=STEP_SECONDS))
    assert post.states() == {"accepted": 7, "queued": 13}
    state = post.session.store.messages.step_state(post.provider.provider_id)
    assert state.next_step_at is not None
    assert (state.next_step_at - began).total_seconds() >= STEP_SECONDS
    status = processor.processor_status(post.session)
    [standing] = status.providers
    assert (standing.waiting, standing.in_hand) == (13, 0)
    assert standing.idle.startswith("The next step, of 7 messages at most, starts ")
    post.work(replace(QUICK, step_s=STEP_SECONDS))
    assert post.states() == {"accepted": 7, "queued": 13}


def test_outside_the_window_nothing_goes(post: Post) -> None:
    hour = utc_now().hour
    opens, closes = f"{(hour + 3) % 24:02}:00:00", f"{(hour + 5) % 24:02}:00:00"
    post.edit(interval_min=opens, interval_max=closes)
    post.queue(2)
    post.work()
    assert post.states() == {"queued": 2}
    assert "is closed: it opens" in processor.processor_status(post.session).providers[0].idle
    post.edit(interval_min="00:00:00", interval_max="23:59:59")
    post.work()
    assert post.states() == {"accepted": 2}


@pytest.mark.parametrize(
    ("stage", "reply", "state", "tries", "copies"),
    [
        ("rcpt", "451 4.3.0 later", "retry_wait", 1, 0),
        ("rcpt", "552 5.2.2 full", "retry_wait", 1, 0),
        ("rcpt", "550 5.1.1 nobody", "failed", 1, 0),
        ("rcpt", "450 4.7.1 greylisted", "queued", 0, 0),
        ("final", "554 5.6.0 no", "failed", 1, 0),
        ("final", "451 4.3.0 later", "retry_wait", 1, 0),
        ("final", TAKE_AND_DROP, "in_doubt", 1, 1),
        ("final", DROP, "in_doubt", 1, 0),
        ("body", DROP, "in_doubt", 1, 0),
    ],
)
def test_each_reply_has_its_consequence(
    post: Post, stage: str, reply: str, state: str, tries: int, copies: int
) -> None:
    post.server.always(stage, reply)
    [message_id] = post.queue()
    post.work(replace(QUICK, step_s=STEP_SECONDS))
    [row] = post.rows()
    assert (row.state, row.attempt, row.generation) == (state, tries, 1)
    assert post.copies()[message_id] == copies
    if state == "retry_wait":
        assert 1790 <= (row.due - row.changed_at).total_seconds() <= 1801
        assert row.code in ("451", "4.3.0", "552", "5.2.2")
    post.check_history()


@pytest.mark.parametrize(
    ("stage", "reply", "cause", "number"),
    [
        ("auth", "535 5.7.8 no", Cause.AUTHENTICATION, 1),
        ("mail", "553 5.7.1 sender not allowed", Cause.SENDER_IDENTITY, 1),
        ("rcpt", "554 5.2.2 mailbox full", None, 1),
        ("mail", "554 5.2.2 mailbox full", Cause.QUOTA, 1),
        ("greeting", "421 4.3.2 busy", Cause.NETWORK, 3),
        ("rcpt", "451 4.3.0 later", Cause.ERRORS, 5),
    ],
)
def test_a_breaker_stops_a_provider(post: Post, stage: str, reply: str, cause: Cause | None, number: int) -> None:
    post.edit(app_config='{"max_connections": 1}')
    post.server.always(stage, reply)
    ids = post.queue(20)
    post.work()
    if cause is None:
        assert post.states() == {"failed": 20} or breaker_of(post)[0] is Position.OPEN
        return
    assert breaker_of(post) == (Position.OPEN, cause)
    assert post.server.connections <= number + 2
    assert "Gateway is stopped: " in post.log()
    refunded = cause is not Cause.ERRORS
    assert sum(row.attempt for row in post.rows()) == (0 if refunded else 5)
    post.work()  # nothing more goes
    assert post.states() == ({"queued": 20} if refunded else {"queued": 15, "retry_wait": 5})
    post.server.always(stage, None)
    assert processor.close_breaker(post.session, name="gateway")
    assert not processor.close_breaker(post.session, name="Gateway")
    assert post.session.store.audit_entries()[-1].action == "breaker_close"
    post.work()
    assert post.states() == ({"accepted": 20} if refunded else {"accepted": 15, "retry_wait": 5})
    assert set(post.copies()) <= set(ids)
    post.check_history()


def test_an_operator_lifts_the_patience_a_provider_asked_for(post: Post) -> None:
    post.queue(1)
    store, of = post.session.store.messages, post.provider.provider_id
    slow = Breaker(throttles=3, slow_until=utc_now() + timedelta(days=1))
    store.change_breaker(of, lambda *_: slow.to_json())
    post.work()
    assert post.states() == {"queued": 1}
    assert processor.close_breaker(post.session, name="Gateway")
    assert not processor.close_breaker(post.session, name="Gateway")
    post.work()
    assert post.states() == {"accepted": 1}


def test_an_edit_tries_a_stopped_provider_with_one_message(post: Post) -> None:
    post.server.always("auth", "535 5.7.8 no")
    post.queue(5)
    post.work()
    assert breaker_of(post) == (Position.OPEN, Cause.AUTHENTICATION)
    post.server.always("auth", None)
    post.edit(from_display_name="Bank")
    post.work()
    assert post.states() == {"accepted": 5}
    assert "Gateway takes messages again." in post.log()
    assert b"Bank" in post.server.copies[0].data  # made anew for the version that sends it


def test_a_provider_without_a_way_out_is_stopped_not_its_messages(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    from ftos_tui.processor import pinned
    from ftos_tui.transports.protocol import NoRoute

    post.queue(2)
    with monkeypatch.context() as patched:

        def nowhere(*_: object) -> None:
            raise NoRoute("Service Url leads nowhere.")

        patched.setattr(pinned, "choose_transport", nowhere)
        post.work()
    assert post.states() == {"queued": 2}
    assert breaker_of(post) == (Position.OPEN, Cause.CONFIGURATION)
    assert "leads nowhere" in processor.processor_status(post.session).providers[0].idle
    processor.close_breaker(post.session, name="Gateway")
    post.work()
    assert post.states() == {"accepted": 2}


def test_a_secret_for_another_destination_stays_at_home(post: Post) -> None:
    version = post.session.store.by_id(post.provider.provider_id)
    assert set(processor.secrets_of(post.session, version)) == {"app_password", "app_key"}
    moved = replace(version, values={**version.values, "service_url": "smtp://mail.example.com"})
    assert processor.secrets_of(post.session, moved) == {}


def test_a_message_that_cannot_be_rendered_fails_alone(post: Post) -> None:
    ids = post.queue(2)
    store = post.session.store.messages
    store.keep_rendered(ids[0], "", b"")  # as if it was queued before the provider was ready
    store.keep_rendered(ids[1], "[damaged", b"")
    post.work()
    assert post.states() == {"accepted": 2}
    assert post.copies() == dict.fromkeys(ids, 1)


def test_a_paused_provider_waits(post: Post) -> None:
    post.queue()
    store, author = post.session.store.messages, post.session.author
    store.change_pause(post.provider.provider_id, "moving house", author, post.session.vault.sign)
    post.work()
    assert post.states() == {"queued": 1}
    assert "moving house" in processor.processor_status(post.session).providers[0].idle


@pytest.mark.parametrize("stopped_by", ["pause", "breaker"])
async def test_what_is_stopped_meanwhile_goes_no_further_than_the_wire(post: Post, stopped_by: str) -> None:
    post.edit(app_config='{"max_connections": 1}')
    post.queue(20)
    loop, arrived, go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(_: str) -> None:
        loop.call_soon_threadsafe(arrived.set)
        go.wait(PATIENCE_S)

    post.server.always("final", slow)
    worker, store, of = post.worker(), post.session.store.messages, post.provider.provider_id
    running = asyncio.create_task(worker.run())
    await arrived.wait()
    if stopped_by == "pause":
        store.change_pause(of, "moving house", post.session.author, post.session.vault.sign)
    else:  # of another worker
        opened = Breaker(Position.OPEN, Cause.CREDITS, "none left", utc_now(), version=post.provider.number)
        store.change_breaker(of, lambda *_: opened.to_json())
    lane = worker.lanes[of]
    async with asyncio.timeout(PATIENCE_S):
        while not (lane._paused or lane.breaker.now.position is Position.OPEN):
            await asyncio.sleep(0.01)
    go.set()
    await asyncio.to_thread(lambda: post.until(accepted=1, queued=19))
    worker.stop()
    await running
    assert sum(row.attempt for row in post.rows()) == 1
    assert len(post.server.copies) == 1
    post.check_history()


def test_what_is_too_late_expires(post: Post) -> None:
    post.queue(1, not_after=utc_now() + timedelta(seconds=0.01), due=utc_now() - timedelta(hours=1))
    post.queue(1)
    post.work()
    assert post.states() == {"accepted": 1, "expired": 1}
    assert "1 messages expired" in post.log()


async def test_a_stop_finishes_what_is_on_the_wire_and_gives_the_rest_back(post: Post) -> None:
    post.edit(app_config='{"max_connections": 1}')
    ids = post.queue(20)
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()
    worker = post.worker()

    def slow(line: str) -> None:
        loop.call_soon_threadsafe(arrived.set)

    post.server.always("final", slow)
    running = asyncio.create_task(worker.run())
    await arrived.wait()
    worker.stop()
    await running
    states = post.states()
    assert states["accepted"] >= 1
    assert states["accepted"] + states.get("queued", 0) == 20
    assert set(post.copies().values()) == {1}
    assert len(post.copies()) == states["accepted"]
    assert sum(row.attempt for row in post.rows()) == states["accepted"]
    assert set(post.copies()) <= set(ids)
    post.check_history()


async def test_a_second_stop_does_not_wait_for_a_server_that_hangs(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    from ftos_tui.processor import worker as module
    from tests.servers.smtp import TAKE_AND_HANG

    monkeypatch.setattr(module, "QUICK_GRACE_S", 0.05)
    post.server.always("final", TAKE_AND_HANG)
    post.queue(1)
    worker = post.worker(replace(QUICK, grace_s=600))
    running = asyncio.create_task(worker.run())
    while not post.server.copies:
        await asyncio.sleep(0.01)
    worker.stop()
    worker.stop()
    await running
    assert post.states() == {"in_doubt": 1}
    assert "was stopped while" in post.session.store.messages.message(post.rows()[0].id).attempts[-1].said


async def test_new_messages_are_seen_while_it_runs(post: Post) -> None:
    worker = post.worker()
    ready = asyncio.Event()
    running = asyncio.create_task(worker.run(ready.set))
    await ready.wait()
    well, shown = worker.health()
    assert well
    assert shown["in_hand"] == 0
    await asyncio.to_thread(post.queue, 3)
    await asyncio.to_thread(lambda: post.until(accepted=3))
    [seen] = processor.processor_status(post.session).workers
    assert (seen.alive, seen.state.id) == (True, worker.name)
    assert json.loads(seen.state.detail)["step_s"] == worker.pace.step_s
    worker.stop()
    await running


def test_the_pace_of_a_service() -> None:
    assert Pace().lease_s > 30 * 8 + 120  # the timeouts of all stages of SMTP, one after another
