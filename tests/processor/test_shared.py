"""Several workers on one shared store, workers that stand still, and a database that goes away."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from ftos_tui.domain.delivery.states import IN_HAND
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.stores.sql.roles import Role
from ftos_tui.studio import processor
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.processor import RunOptions
from ftos_tui.studio.session import Session
from tests.postgres import PostgresServer
from tests.processor.post import QUICK, USERS, Post, environ_of, wait_for
from tests.processor.shared import shared_session
from tests.servers.serving import in_thread
from tests.servers.smtp import SmtpServer
from tests.team import new_team


def post_on(server: PostgresServer, folder: Path, smtp: SmtpServer) -> Post:
    """A shared store with a provider that leads to a stand-in."""
    team = new_team(server, folder)
    session = shared_session(server.host, server.port, team.database, folder)
    return Post(folder, session, smtp).open()


def second_session(post: Post) -> Session:
    """Another operator's session on the same store."""
    shared = post.session.environment.postgresql
    assert shared is not None
    session = shared_session(shared.host[0], shared.port[0], shared.database, post.folder)
    post.sessions.append(session)
    return session


@pytest.fixture
def shared(postgres_server: PostgresServer, tmp_path: Path, server: SmtpServer) -> Iterator[Post]:
    """A shared store with a provider that leads to the server."""
    post = post_on(postgres_server, tmp_path, server)
    yield post
    for session in (*post.sessions, post.session):
        session.close()


async def test_two_workers_share_one_step(shared: Post) -> None:
    shared.reopen(bulk_no="7")
    shared.queue(30)
    pace = replace(QUICK, step_s=STEP_SECONDS)
    workers = [shared.worker(pace, once=True), shared.worker(pace, session=second_session(shared), once=True)]
    await asyncio.gather(*(worker.run() for worker in workers))
    assert shared.states() == {"accepted": 7, "queued": 23}
    assert set(shared.copies().values()) == {1}


async def test_two_workers_send_nothing_twice_and_no_more_at_once_than_bulk_no(shared: Post) -> None:
    shared.reopen(bulk_no="6")
    ids = shared.queue(60)
    most = 0
    under_way = threading.Semaphore(6)

    def look(line: str) -> None:
        nonlocal most
        counts = shared.session.store.messages.counts()
        most = max(most, sum(counts.get(state, 0) for state in IN_HAND))
        assert under_way.acquire(blocking=False)
        under_way.release()

    shared.server.always("data", look)
    workers = [shared.worker(once=True), shared.worker(session=second_session(shared), once=True)]
    await asyncio.gather(*(worker.run() for worker in workers))
    if shared.states() != {"accepted": 60}:  # one had nothing to claim while the other had all in hand
        await shared.worker(once=True).run()
    assert shared.states() == {"accepted": 60}
    assert shared.copies() == dict.fromkeys(ids, 1)
    assert 0 < most <= 6
    shared.check_history()


@pytest.mark.parametrize(("role", "may"), [(Role.WORKER, True), (Role.CONSULTANT, False), (Role.AUDITOR, False)])
def test_who_may_deliver(
    postgres_server: PostgresServer, tmp_path: Path, server: SmtpServer, role: Role, may: bool
) -> None:
    team = new_team(postgres_server, tmp_path)
    owner = shared_session(postgres_server.host, postgres_server.port, team.database, tmp_path)
    post = Post(tmp_path, owner, server).open()
    ids = post.queue(3)
    session = team.session(user=team.person(role))
    try:
        if may:
            processor.run(session, RunOptions(once=True))
            assert post.copies() == dict.fromkeys(ids, 1)
        else:
            with pytest.raises(NotPermitted, match="lacks the role worker"):
                processor.run(session, RunOptions(once=True))
            assert processor.processor_status(session).providers[0].waiting == 3
    finally:
        session.close()
        owner.close()


async def test_a_message_wakes_a_worker_that_sleeps(shared: Post) -> None:
    worker = shared.worker(replace(QUICK, look_s=600, sleep_s=600))
    ready = asyncio.Event()
    running = asyncio.create_task(worker.run(ready.set))
    await ready.wait()
    # Queued again and again, for the worker may only be about to listen; it looks at nothing by itself.
    while not shared.server.copies:
        await asyncio.to_thread(shared.queue)
        await asyncio.sleep(0.1)
    worker.stop()
    await running
    assert "accepted" in shared.states()


def test_a_worker_that_stood_still_past_its_lease_writes_nothing(shared: Post) -> None:
    reached, go = threading.Event(), threading.Event()

    def wait_there(line: str) -> None:
        reached.set()
        assert go.wait(60)

    shared.reopen(bulk_no="4", app_config='{"max_connections": 1}')
    ids = shared.queue(6)
    shared.server.once("final", wait_there)
    settings = shared.session.environment.postgresql
    assert settings is not None
    place = (settings.host[0], str(settings.port[0]), settings.database, str(shared.folder), "1.0")
    with (shared.folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processor.runner", *place],
            env=environ_of(shared.folder),
            stdout=log,
            stderr=log,
        )
    try:
        assert reached.wait(60), shared.said
        shared.until(sending=2, claimed=2, queued=2)
        process.send_signal(signal.SIGSTOP)
        other = shared.worker(once=True)
        wait_for(lambda: shared.session.store.messages.recover().total > 0 or shared.states().get("in_doubt") == 2)
        go.set()  # the reply waits for the worker that stands still
        asyncio.run(other.run())
        assert shared.states() == {"in_doubt": 2, "accepted": 4}
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, shared.said
    finally:
        process.kill()
        process.wait(60)
    assert shared.states() == {"in_doubt": 2, "accepted": 4}
    assert max(shared.copies().values()) == 1
    assert set(shared.copies()) <= set(ids)
    assert "taken over by another worker" in shared.log()
    shared.check_history()


def test_a_database_that_restarts_loses_nothing(tmp_path: Path) -> None:
    with PostgresServer() as database, in_thread(SmtpServer(users=USERS)) as smtp, ExitStack() as stack:
        post = post_on(database, tmp_path, smtp)
        stack.callback(post.session.close)
        ids = post.queue(12)
        reached, go = threading.Event(), threading.Event()

        def wait_there(line: str) -> None:
            reached.set()
            assert go.wait(60)

        smtp.once("final", wait_there)

        async def work() -> None:
            worker = post.worker()
            running = asyncio.create_task(worker.run())
            await asyncio.to_thread(reached.wait, 60)
            await asyncio.to_thread(database.stop, "fast")
            go.set()  # replies come while the database is away
            await asyncio.to_thread(wait_for, lambda: "cannot be reached" in post.log() or len(smtp.copies) > 0)
            await asyncio.to_thread(database.start)
            await asyncio.to_thread(wait_for, lambda: _at_the_end(post))
            worker.stop()
            await running

        asyncio.run(work())
        assert post.states() == {"accepted": 12}
        assert post.copies() == dict.fromkeys(ids, 1)
        post.check_history()


def _at_the_end(post: Post) -> bool:
    from ftos_tui.domain.failure import Failure

    try:
        return not set(post.states()) & {"queued", "claimed", "sending"}
    except Failure:
        return False
