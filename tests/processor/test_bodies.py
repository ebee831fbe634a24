"""What messages in hand take of the memory: read when their turn comes, small ones together, large ones apart."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from ftos_tui.processor import bodies
from ftos_tui.processor.bodies import AHEAD, Bodies
from ftos_tui.stores.dispatch_protocol import Body, Claimed
from ftos_tui.stores.message_protocol import MessageStore
from ftos_tui.stores.protocol import StoreUnreachable
from ftos_tui.stores.sql.message_store import SqlMessages
from tests.processor.post import QUICK, Post
from tests.stores.queueing import claim


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The ids of each read."""
    read: list[list[str]] = []
    straight = SqlMessages.bodies

    def noted(self: SqlMessages, ids: Sequence[str]) -> Mapping[str, Body]:
        read.append(list(ids))
        return straight(self, ids)

    monkeypatch.setattr(SqlMessages, "bodies", noted)
    return read


def in_hand(post: Post, number: int) -> tuple[MessageStore, list[Claimed]]:
    post.queue(number)
    messages = post.session.store.messages
    return messages, list(claim(messages, post.provider.provider_id, number).messages)


async def test_small_messages_are_read_together(post: Post, reads: list[list[str]]) -> None:
    messages, claimed = in_hand(post, AHEAD + 2)
    own = Bodies(messages)
    found = []
    for place, one in enumerate(claimed):
        async with own.room(one):
            found.append(await own.of(one, claimed[place + 1 :]))
    assert [body and len(body.wire) for body in found] == [one.size for one in claimed]
    assert list(map(len, reads)) == [AHEAD, 2]


async def test_large_messages_are_read_one_by_one(
    post: Post, reads: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, claimed = in_hand(post, 3)
    monkeypatch.setattr(bodies, "AHEAD_BYTES", claimed[0].size)
    own = Bodies(messages)
    for place, one in enumerate(claimed):
        async with own.room(one):
            assert await own.of(one, claimed[place + 1 :])
    assert reads == [[one.id] for one in claimed]


async def test_a_message_waits_until_there_is_room_for_it(post: Post) -> None:
    messages, [first, second, third] = in_hand(post, 3)
    huge = replace(first, size=2 * bodies.MOST_BYTES)
    own = Bodies(messages)
    entered: list[str] = []

    async def enter(one: Claimed) -> None:
        async with own.room(one):
            entered.append(one.id)

    async with own.room(huge):
        later = [asyncio.create_task(enter(one)) for one in (second, third)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert entered == []
    await asyncio.wait_for(asyncio.gather(*later), 60)
    assert entered == [second.id, third.id]


async def test_who_waits_for_a_read_that_fails_reads_for_itself(
    post: Post, reads: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, [first, second] = in_hand(post, 2)
    own = Bodies(messages)
    straight = SqlMessages.bodies

    def fails_once(self: SqlMessages, ids: Sequence[str]) -> Mapping[str, Body]:
        monkeypatch.setattr(SqlMessages, "bodies", straight)
        raise StoreUnreachable("away")

    monkeypatch.setattr(SqlMessages, "bodies", fails_once)
    one = asyncio.create_task(own.of(first, [second]))
    await asyncio.sleep(0)
    another = asyncio.create_task(own.of(second, []))
    with pytest.raises(StoreUnreachable):
        await one
    body = await another
    assert body is not None
    assert len(body.wire) == second.size
    assert reads == [[second.id]]


def test_a_worker_sends_all_however_little_room_there_is(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_BYTES", 1)
    monkeypatch.setattr(bodies, "AHEAD_BYTES", 1)
    ids = post.queue(6)
    post.work(QUICK)
    assert post.copies() == dict.fromkeys(ids, 1)


def test_messages_wait_while_they_cannot_be_read(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = post.queue(3)
    straight = SqlMessages.bodies

    def fails_once(self: SqlMessages, ids: Sequence[str]) -> Mapping[str, Body]:
        monkeypatch.setattr(SqlMessages, "bodies", straight)
        raise StoreUnreachable("away")

    monkeypatch.setattr(SqlMessages, "bodies", fails_once)
    post.work(QUICK)
    post.work(QUICK)  # what went back at the last moment is the next one's
    assert post.copies() == dict.fromkeys(ids, 1)
    post.check_history()
