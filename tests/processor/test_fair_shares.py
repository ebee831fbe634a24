"""Workers share what there is: providers' Bulk No among themselves, the store among their threads."""

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.delivery.states import IN_HAND
from ftos_tui.processor.clock import StoreClock, SystemClock
from ftos_tui.processor.sharing import Sharing
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.stores.protocol import StoreUnreachable
from ftos_tui.stores.sql.sqlite import open_sqlite
from tests.processor.post import QUICK, Post, utc_now


def give_sign(post: Post, name: str) -> None:
    """A sign of life of another worker."""
    host, _, _ = name.partition(":")
    post.session.store.messages.heartbeat(WorkerState(name, host, 1, utc_now(), utc_now()), 60)


def sharing(post: Post, heartbeat_s: float = 20.0, *, apply: bool = True) -> Sharing:
    return Sharing(post.session.store.messages, StoreClock(SystemClock()), heartbeat_s, apply=apply)


def test_a_worker_counts_once_whatever_names_it_claims_under(post: Post) -> None:
    for name in ("jump1.bank.example:1:ab", "jump1.bank.example:1:ab.2", "jump1.bank.example:1:cd", "jump2:1:ab"):
        give_sign(post, name)
    shares = sharing(post)
    shares.look()
    assert shares.workers == 3
    assert [shares.of(bulk) for bulk in (1, 3, 50)] == [1, 1, 17]
    assert [shares.limit(free, 50, in_hand) for free, in_hand in ((50, 0), (50, 10), (5, 0), (50, 40))] == [17, 7, 5, 0]


def test_who_works_is_looked_up_now_and_then_not_with_each_step(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.processor.sharing._LOOK_S", 600.0)
    shares = sharing(post)
    shares.look()
    assert shares.workers == 1
    give_sign(post, "jump1:1:ab")
    give_sign(post, "jump2:1:ab")
    shares.look()
    assert shares.workers == 1


def test_a_worker_without_a_sign_of_life_counts_no_more(post: Post) -> None:
    give_sign(post, "jump1:1:ab")
    give_sign(post, "jump2:1:ab")
    shares = sharing(post, heartbeat_s=timedelta(microseconds=-1).total_seconds())
    shares.look()
    assert shares.workers == 1


def test_nothing_is_shared_where_a_step_is_one_workers(post: Post) -> None:
    give_sign(post, "jump1:1:ab")
    give_sign(post, "jump2:1:ab")
    shares = sharing(post, apply=False)
    shares.look()
    assert shares.limit(50, 50, 10) == 50


async def test_a_worker_leaves_another_one_its_share(post: Post) -> None:
    post.reopen(bulk_no="6")
    give_sign(post, "elsewhere:1:ab")
    ids = post.queue(12)
    most = 0

    def look(line: str) -> None:
        nonlocal most
        counts = post.session.store.messages.counts()
        most = max(most, sum(counts.get(state, 0) for state in IN_HAND))

    post.server.always("data", look)
    await asyncio.wait_for(post.worker(QUICK, once=True).run(), 60)
    assert post.copies() == dict.fromkeys(ids, 1)
    assert 0 < most <= 3


def test_threads_that_write_follow_each_other_and_wait_no_longer_than_for_a_busy_file(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "s.sqlite3", busy_timeout_s=0.02)
    found: list[BaseException | None] = []

    def write() -> None:
        try:
            with store.database.writing():
                found.append(None)
        except StoreUnreachable as error:
            found.append(error)

    with store.database.writing():
        other = threading.Thread(target=write)
        other.start()
        other.join(60)
    assert isinstance(found[0], StoreUnreachable)
    write()
    assert found[1] is None
    store.close()
