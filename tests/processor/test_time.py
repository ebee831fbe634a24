"""What a worker does as time passes: retries, probes, jumps of the clock, and a whole day with faults at random."""

import asyncio
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ftos_tui.processor.backing import Pace
from tests.processor.post import Post, local_session
from tests.processor.simulated import SimulatedClock, store_time
from tests.servers.serving import DROP
from tests.servers.smtp import TAKE_AND_DROP, SmtpServer

MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
STEADY = Pace(step_s=60, lease_s=1e9, heartbeat_s=3600.0, look_s=300.0, sleep_s=300.0, chores_s=600.0)


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    """Monday, eight o'clock; the store goes by it."""
    clock = SimulatedClock(MONDAY)
    with store_time(clock):
        yield clock


@pytest.fixture
def simulated(tmp_path: Path, server: SmtpServer, clock: SimulatedClock) -> Iterator[Post]:
    """A local store at that time."""
    session = local_session(tmp_path, clock.utc_now)
    yield Post(tmp_path, session, server).open()
    session.close()


def pass_until(post: Post, clock: SimulatedClock, until: datetime, pace: Pace = STEADY) -> None:
    """A worker runs until that time."""
    worker = post.worker(pace, clock=clock, alone=True)
    clock.worker, clock.until = worker, until
    asyncio.run(worker.run())
    clock.worker = None


def test_a_refused_message_is_tried_again_at_its_pool_time(simulated: Post, clock: SimulatedClock) -> None:
    simulated.server.always("rcpt", "451 4.3.0 later")
    [message_id] = simulated.queue()
    pass_until(simulated, clock, MONDAY + timedelta(hours=5))
    [row] = simulated.rows()
    assert (row.state, row.attempt) == ("failed", 4)
    detail = simulated.session.store.messages.message(message_id)
    began = [line.started_at for line in detail.attempts if line.started_at]
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(began)]
    assert len(gaps) == 3
    assert all(1800 <= gap <= 1801 for gap in gaps)


def test_retries_wait_for_the_window(simulated: Post, clock: SimulatedClock) -> None:
    simulated.edit(interval_min="09:00:00", interval_max="18:00:00")
    simulated.server.once("rcpt", "451 4.3.0 later")
    simulated.queue(1, due=MONDAY.replace(hour=17, minute=45))
    pass_until(simulated, clock, MONDAY + timedelta(days=1, hours=2))
    [row] = simulated.rows()
    assert row.state == "accepted"
    began = [line.started_at for line in simulated.session.store.messages.message(row.id).attempts]
    assert [f"{at:%d %H:%M}" for at in began if at] == ["05 17:45", "06 09:00"]


def test_settings_of_retries_are_read_when_a_failure_is_written(simulated: Post, clock: SimulatedClock) -> None:
    def edit_meanwhile(line: str) -> str:
        simulated.edit(retry_max_attempt="0", pool_time_retry="00:00:00")
        return "451 4.3.0 later"

    simulated.server.once("rcpt", edit_meanwhile)
    simulated.queue()
    pass_until(simulated, clock, MONDAY + timedelta(minutes=10))
    [row] = simulated.rows()
    assert (row.state, row.attempt) == ("failed", 1)


def test_probes_come_at_growing_intervals(simulated: Post, clock: SimulatedClock) -> None:
    simulated.edit(pool_time_retry="00:10:00")
    times: list[datetime] = []

    def busy(line: str) -> str:
        times.append(clock.utc_now())
        return "421 4.3.2 busy"

    simulated.server.always("greeting", busy)
    simulated.queue(3)
    pass_until(simulated, clock, MONDAY + timedelta(hours=4))
    gaps = [round((later - earlier).total_seconds() / 60) for earlier, later in itertools.pairwise(times)]
    assert [gap for gap in gaps if gap > 1] == [10, 20, 40, 60, 60]
    assert simulated.states() == {"queued": 3}
    simulated.server.always("greeting", None)
    pass_until(simulated, clock, clock.utc_now() + timedelta(hours=2))
    assert simulated.states() == {"accepted": 3}


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_jump_of_the_clock_sends_nothing_twice(simulated: Post, clock: SimulatedClock, jump_s: float) -> None:
    now = simulated.queue(2)
    later = simulated.queue(1, due=MONDAY + timedelta(minutes=40))
    pass_until(simulated, clock, MONDAY + timedelta(minutes=10))
    worker = simulated.worker(STEADY, clock=clock, alone=True)
    clock.worker = worker

    async def work() -> None:
        ready = asyncio.Event()
        running = asyncio.create_task(worker.run(ready.set))
        await ready.wait()
        clock.jumped_s = jump_s
        clock.until = clock.utc_now() + timedelta(minutes=15)
        await running

    asyncio.run(work())
    assert simulated.copies() == dict.fromkeys([*now, *(later if jump_s > 0 else [])], 1)
    assert f"clock jumped {'forward' if jump_s > 0 else 'back'} by" in simulated.log()
    clock.worker = None
    pass_until(simulated, clock, clock.utc_now() + timedelta(hours=3))
    assert simulated.copies() == dict.fromkeys([*now, *later], 1)


def test_a_day_of_a_bank(simulated: Post, clock: SimulatedClock) -> None:
    chance = random.Random(20260105)
    faults = {
        "rcpt": [("451 4.3.0 later", 0.06), ("550 5.1.1 nobody", 0.03), ("450 4.7.1 greylisted", 0.03), (DROP, 0.02)],
        "final": [("452 4.3.1 full", 0.02), (TAKE_AND_DROP, 0.02), (DROP, 0.01), ("554 5.6.0 no", 0.02)],
        "greeting": [("421 4.3.2 busy", 0.1)],
        "mail": [(DROP, 0.01)],
    }

    def fault(stage: str) -> str | None:
        if not 9 <= clock.utc_now().hour < 18:
            outside.append(clock.utc_now())
        drawn = chance.random()
        for reply, part in faults[stage]:
            drawn -= part
            if drawn < 0:
                return reply
        return None

    outside: list[datetime] = []
    simulated.edit(interval_min="09:00:00", interval_max="17:59:59", bulk_no="20", pool_time_retry="00:20:00")
    for stage in faults:
        simulated.server.always(stage, lambda line, stage=stage: fault(stage))
    ids = []
    for hour in range(10):
        ids += simulated.queue(20, due=MONDAY + timedelta(hours=hour, minutes=chance.randrange(60)))
    ids += simulated.queue(10, not_after=MONDAY + timedelta(minutes=30))
    pass_until(simulated, clock, MONDAY + timedelta(days=2))
    states, copies = simulated.states(), simulated.copies()
    assert sum(states.values()) == len(ids) == 210
    assert set(states) <= {"accepted", "failed", "in_doubt", "expired"}
    assert states["expired"] == 10
    assert outside == []
    assert clock.waits < 1500  # a look every five minutes, and a few for each step
    for row in simulated.rows():
        wanted = {"accepted": {1}, "in_doubt": {0, 1}}.get(row.state, {0})
        assert copies[row.id] in wanted, row
        assert row.attempt <= 4
    assert states["accepted"] > 150
    simulated.check_history()
