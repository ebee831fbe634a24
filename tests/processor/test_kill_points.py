"""A worker killed at each point of a send: nothing is lost, nothing goes twice, and what nobody knows is in doubt.

The stand-in stops the worker at a stage by not answering; then the process is killed with SIGKILL.
"""

import contextlib
import signal
import sqlite3
import threading
from collections.abc import Iterator
from subprocess import Popen

import pytest

from tests.processor.post import Post, wait_for
from tests.servers.serving import HANG
from tests.servers.smtp import TAKE_AND_HANG
from tests.stores.queueing import claim


@contextlib.contextmanager
def killed_in_the_end(process: "Popen[bytes]") -> Iterator["Popen[bytes]"]:
    """Kills a worker's process with SIGKILL."""
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


@pytest.mark.parametrize(
    ("stage", "reply", "copies"),
    [
        ("greeting", HANG, 0),  # after connect
        ("mail", HANG, 0),
        ("data", HANG, 0),  # after RCPT
        ("body", HANG, 0),  # in DATA
        ("final", HANG, 0),  # after the final dot, not taken
        ("final", TAKE_AND_HANG, 1),  # after the final dot, taken
    ],
)
def test_killed_on_the_wire(post: Post, stage: str, reply: str, copies: int) -> None:
    reached = threading.Event()

    def stop_there(line: str) -> str:
        reached.set()
        return reply

    post.edit(app_config='{"max_connections": 1}', bulk_no="4")
    ids = post.queue(6, text="Good day\n" * 3000)
    post.server.always(stage, stop_there)
    with killed_in_the_end(post.process()):
        assert reached.wait(60), post.said
        # One on the wire, one marked and waiting for the connection, two claimed, two left in the queue.
        post.until(sending=2, claimed=2, queued=2)
    taken = [message_id for message_id in ids if post.copies()[message_id]]
    assert len(taken) == copies
    post.server.always(stage, None)
    post.work()
    assert post.states() == {"in_doubt": 2, "accepted": 4}
    assert max(post.copies().values()) == 1
    assert sum(post.copies().values()) == 4 + copies
    accepted = {row.id for row in post.rows() if row.state == "accepted"}
    assert accepted.isdisjoint(taken)
    assert accepted <= set(post.copies())
    assert "Messages of a worker that was lost: 2 wait again, 2 are in doubt." in post.log()
    post.check_history()


def test_killed_between_the_reply_and_its_commit(post: Post) -> None:
    [message_id] = post.queue()
    held: list[sqlite3.Connection] = []

    def hold_the_store(line: str) -> None:
        # The mark is committed; from here on nothing is.
        held.append(sqlite3.connect(post.session.store_path, isolation_level=None, check_same_thread=False))
        held[0].execute("BEGIN IMMEDIATE")

    post.server.once("final", hold_the_store)
    with killed_in_the_end(post.process()):
        wait_for(lambda: bool(post.server.copies))
    held[0].execute("ROLLBACK")
    held[0].close()
    post.work()
    assert post.states() == {"in_doubt": 1}
    assert post.copies() == {message_id: 1}
    post.check_history()


def test_killed_while_taking_over(post: Post) -> None:
    reached = threading.Event()

    def stop_there(line: str) -> str:
        reached.set()
        return HANG

    post.edit(app_config='{"max_connections": 1}')
    ids = post.queue(5)
    post.server.once("mail", stop_there)
    with killed_in_the_end(post.process()):
        assert reached.wait(60), post.said
        post.until(sending=2, claimed=3)
    other = sqlite3.connect(post.session.store_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with killed_in_the_end(post.process()) as second:
        # It waits for the store before it can take anything over.
        lock = post.session.store_path.with_name("local.sqlite3.processor")
        wait_for(lambda: lock.read_text() == str(second.pid))
    other.execute("ROLLBACK")
    other.close()
    assert post.states() == {"sending": 2, "claimed": 3}
    post.work()
    assert post.states() == {"in_doubt": 2, "accepted": 3}
    assert set(post.copies().values()) == {1}
    assert set(post.copies()) < set(ids)
    post.check_history()


def test_a_message_that_ends_every_worker_before_the_wire_is_held(post: Post) -> None:
    [message_id] = post.queue()
    messages = post.session.store.messages
    for _ in range(5):
        claim(messages, post.provider.provider_id, lease_s=0.0)  # and no more was heard of that worker
        messages.recover()
    assert post.states() == {"held": 1}
    post.work()
    assert post.states() == {"held": 1}
    assert post.copies()[message_id] == 0


def test_sigterm_ends_a_process_cleanly(post: Post) -> None:
    reached, go = threading.Event(), threading.Event()

    def wait_there(line: str) -> None:
        reached.set()
        assert go.wait(60)

    post.edit(app_config='{"max_connections": 1}')
    post.queue(10)
    post.server.once("final", wait_there)
    process = post.process()
    assert reached.wait(60), post.said
    process.send_signal(signal.SIGTERM)
    go.set()
    assert process.wait(60) == 0, post.said
    states = post.states()
    assert states["accepted"] + states.get("queued", 0) == 10
    assert sum(post.copies().values()) == states["accepted"]
    assert post.session.store.messages.workers() == []
    assert '"message": "The processor ' in post.said
    assert "Traceback" not in post.said
    post.check_history()
