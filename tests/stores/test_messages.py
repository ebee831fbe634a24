"""The message queue, as every store keeps it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ftos_tui.domain.delivery.message import Attachment
from ftos_tui.domain.delivery.states import Dispatch, IllegalTransition
from ftos_tui.stores.message_protocol import AttachedFile, Enqueued, MessageMove, MessageQuery
from ftos_tui.stores.protocol import NotFound, ProviderInUse, ProviderStore, StoreDamaged, StoreReadOnly
from tests.stores.conftest import OpenStore
from tests.stores.making import ANA, next_version, sign
from tests.stores.queueing import PAST, REFUSED, claim, entry_of, message_of, provider_of, queue, sent

HELD = frozenset({Dispatch.HELD})
WAITING = frozenset({Dispatch.QUEUED, Dispatch.RETRY_WAIT})


def test_an_empty_queue_has_nothing(store: ProviderStore) -> None:
    messages = store.messages
    assert messages.enqueue([], ANA) == []
    empty: list[object] = [
        messages.message_page(MessageQuery()),
        messages.unmatched_events(),
        messages.workers(),
        messages.counts(),
        messages.counts("x"),
        messages.counts_by_provider(),
        messages.due_providers(),
        messages.ids_like(""),
        messages.ids_like("\0"),
        messages.refusals("x"),
        messages.hours("x", PAST),
        messages.waiting_by_due("x"),
        messages.queued_messages(["x"]),
    ]
    assert not any(empty)
    assert (messages.recover().total, messages.expire()) == (0, 0)
    for missing in ("x", "\ud800"):
        with pytest.raises(NotFound):
            messages.message(missing)


def test_what_was_queued_is_read_back_whole(store: ProviderStore, open_store: OpenStore) -> None:
    provider_id = provider_of(store)
    files = (Attachment("a.pdf", "application/pdf", b"\0pdf"), Attachment("ü.txt", "text/plain", b""))
    entry = entry_of(provider_id, cc=("c@example.com",), html="<b>ü</b>", attachments=files, params='{"a":1}')
    other = replace(
        entry, message=replace(entry.message, id=message_of(provider_id).id, recipient="c@example.com"), wire=b"2"
    )
    done = store.messages.enqueue([entry, other], ANA)
    assert done == [Enqueued(entry.message.id, True), Enqueued(other.message.id, True)]
    found = open_store().messages.message(entry.message.id)
    assert (found.row.state, found.row.provider, found.row.recipient) == (
        Dispatch.QUEUED,
        "Gateway",
        entry.message.recipient,
    )
    assert (found.row.due, found.row.not_after, found.row.fence) == (PAST, None, 0)
    assert (found.to, found.cc, found.text, found.html) == (
        entry.message.to,
        ("c@example.com",),
        "Your statement",
        "<b>ü</b>",
    )
    assert found.attachments == (AttachedFile("a.pdf", "application/pdf", 4), AttachedFile("ü.txt", "text/plain", 0))
    assert found.members == (entry.message.id, other.message.id)
    assert (found.params, found.wire_size, found.queued_by.user) == ('{"a":1}', len(entry.wire), "ana")
    assert (found.attempts, found.events) == ((), ())
    assert store.messages.message_row(entry.message.id) == found.row
    both = store.messages.queued_messages([entry.message.id, other.message.id, "x"])
    assert both == {entry.message.id: entry.message, other.message.id: other.message}
    assert store.messages.ids_like(entry.message.id[:-4]) == [entry.message.id, other.message.id]


def test_a_message_handed_in_again_is_not_queued_again(store: ProviderStore) -> None:
    one, two = provider_of(store), provider_of(store, "Other")
    first = entry_of(one, dedupe_key="k a@example.com")
    again = entry_of(one, dedupe_key="k a@example.com")
    elsewhere = entry_of(two, dedupe_key="k a@example.com")
    plain = entry_of(one)
    assert store.messages.enqueue([first], ANA) == [Enqueued(first.message.id, True)]
    assert store.messages.enqueue([again, elsewhere, plain], ANA) == [
        Enqueued(first.message.id, False),
        Enqueued(elsewhere.message.id, True),
        Enqueued(plain.message.id, True),
    ]
    twice = [entry_of(one, dedupe_key="twice"), entry_of(one, dedupe_key="twice")]
    assert [done.new for done in store.messages.enqueue(twice, ANA)] == [True, False]
    assert store.messages.counts_by_provider() == {one: {Dispatch.QUEUED: 3}, two: {Dispatch.QUEUED: 1}}


def test_what_became_of_a_hand_in_can_be_asked(store: ProviderStore) -> None:
    one, two = provider_of(store), provider_of(store, "Other")
    entries = [entry_of(one, dedupe_key="k a@example.com"), entry_of(two)]
    assert store.messages.enqueued(entries) is None
    done = store.messages.enqueue(entries, ANA)
    assert store.messages.enqueued(entries) == done
    again = [entry_of(one, dedupe_key="k a@example.com")]
    assert store.messages.enqueued(again) == [Enqueued(entries[0].message.id, False)]
    assert store.messages.enqueued([*again, entry_of(one)]) is None
    assert store.messages.counts() == {Dispatch.QUEUED: 2}


def test_a_message_may_be_held_from_the_start(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id, state=Dispatch.HELD, reason="not ready", envelope="", wire=b"")
    row = store.messages.message_row(message_id)
    assert (row.state, row.reason) == (Dispatch.HELD, "not ready")
    assert claim(store.messages, provider_id).messages == ()
    with pytest.raises(IllegalTransition):
        store.messages.enqueue([entry_of(provider_id, state=Dispatch.ACCEPTED)], ANA)
    assert store.messages.counts() == {Dispatch.HELD: 1}


def test_a_message_of_no_provider_is_refused_with_all_others(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    with pytest.raises(NotFound, match="Nothing was queued"):
        store.messages.enqueue([entry_of(provider_id), entry_of("nobody")], ANA)
    assert store.messages.counts() == {}


def test_a_provider_with_messages_under_way_is_not_deleted(store: ProviderStore) -> None:
    first = store.by_id(provider_of(store))
    queue(store, first.provider_id, 2)
    delete = next_version(first, action="delete")
    with pytest.raises(ProviderInUse, match="Gateway has 2 messages that are not at their end"):
        store.write(delete, sign)
    sent(store, first.provider_id)
    store.write(delete, sign)
    assert [row.provider for row in store.messages.message_page(MessageQuery())] == [None, None]


def test_pages_by_state_provider_and_text(store: ProviderStore) -> None:
    one, two = provider_of(store), provider_of(store, "Other")
    ids = [
        *queue(store, one, 3),
        *queue(store, two, 2, subject="Rechnung GRÖẞE"),
        *queue(store, one, 2, state=Dispatch.HELD, reason="r"),
    ]

    def page(**query: object) -> list[str]:
        return [row.id for row in store.messages.message_page(MessageQuery(**query))]  # type: ignore[arg-type]

    assert page() == ids[::-1]
    assert page(oldest_first=True) == ids
    assert page(provider_id=one, oldest_first=True) == [*ids[:3], *ids[5:]]
    assert page(states=(Dispatch.HELD,), oldest_first=True) == ids[5:]
    assert page(states=(Dispatch.HELD, Dispatch.QUEUED), provider_id=one, oldest_first=True, limit=4) == [
        *ids[:3],
        ids[5],
    ]
    assert page(filter="rechnung grösse") == [ids[4], ids[3]]
    assert page(filter="\0") == []
    forwards: list[str] = []
    while found := page(limit=2, after=forwards[-1] if forwards else None, provider_id=one):
        forwards += found
    assert forwards == sorted([*ids[:3], *ids[5:]], reverse=True)
    assert page(limit=2, backwards=True) == [ids[1], ids[0]]
    assert page(limit=2, backwards=True, after=ids[1]) == [ids[3], ids[2]]
    count = store.messages.count_messages
    assert (count(MessageQuery()), count(MessageQuery(provider_id=one))) == (7, 5)
    assert count(MessageQuery(states=(Dispatch.HELD,))) == 2
    assert count(MessageQuery(filter="rechnung")) == 2
    assert count(MessageQuery(filter="rechnung"), most=1) == 1
    assert count(MessageQuery(filter="client", provider_id=one, states=(Dispatch.HELD,))) == 2
    assert count(MessageQuery(filter="\0")) == 0


def test_operators_move_messages_and_the_audit_says_so(store: ProviderStore) -> None:
    one, two = provider_of(store), provider_of(store, "Other")
    ids = [*queue(store, one, 2), *queue(store, two)]
    before = len(store.audit_entries())
    hold = MessageMove("hold", [*ids, "x"], WAITING, Dispatch.HELD, ANA, "wait for legal")
    moved = store.messages.move(hold, sign)
    assert (moved.done, moved.refused, moved.missing) == (tuple(ids), {}, ("x",))
    assert [entry.action for entry in store.audit_entries(before)] == ["message_hold", "message_hold"]
    entry = next(entry for entry in store.audit_entries(before) if entry.provider_id == one)
    assert json.loads(entry.detail) == {"after": "held", "reason": "wait for legal", "messages": ids[:2]}
    again = store.messages.move(hold, sign)
    assert (again.done, again.refused) == ((), dict.fromkeys(ids, Dispatch.HELD))
    assert len(store.audit_entries()) == before + 2
    row = store.messages.message_row(ids[0])
    assert (row.reason, row.fence) == ("wait for legal", 1)
    assert store.messages.move(MessageMove("release", ids[:1], HELD, Dispatch.QUEUED, ANA), sign).done == (ids[0],)
    store.messages.move(MessageMove("cancel", ids, HELD | WAITING, Dispatch.CANCELED, ANA, "why"), sign)
    assert store.messages.counts() == {Dispatch.CANCELED: 3}
    detail = store.messages.message(ids[0])
    assert [(line.outcome, line.before, line.after) for line in detail.attempts] == [
        ("hold", "queued", "held"),
        ("release", "held", "queued"),
        ("cancel", "queued", "canceled"),
    ]
    assert (detail.row.reason, detail.attempts[-1].said, detail.attempts[-1].by) == ("", "why", "ana")
    wrong = MessageMove("release", ids, frozenset({Dispatch.CANCELED}), Dispatch.QUEUED, ANA)
    with pytest.raises(IllegalTransition):
        store.messages.move(wrong, sign)


def test_a_failed_message_is_tried_anew(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    sent(store, provider_id, after=Dispatch.FAILED, outcome=REFUSED)
    row = store.messages.message_row(message_id)
    assert (row.state, row.attempt, row.code, row.said) == (Dispatch.FAILED, 1, "451", "4.3.0 later")
    retry = MessageMove("retry", [message_id], frozenset({Dispatch.FAILED}), Dispatch.QUEUED, ANA, anew=True)
    assert store.messages.move(retry, sign).done == (message_id,)
    row = store.messages.message_row(message_id)
    assert (row.state, row.generation, row.attempt) == (Dispatch.QUEUED, 2, 0)
    assert row.due > PAST
    later = replace(retry, action="hold", before=WAITING, after=Dispatch.HELD, anew=False, due=PAST)
    store.messages.move(later, sign)
    assert store.messages.message_row(message_id).due == PAST


def test_waiting_messages_are_counted_by_their_due_time(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id, 2)
    queue(store, provider_id, due=PAST + timedelta(minutes=59))
    queue(store, provider_id, due=PAST + timedelta(minutes=61))
    assert store.messages.waiting_by_due(provider_id) == {PAST: 3, PAST + timedelta(hours=1): 1}


def test_how_many_are_due_before_a_message(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ids = [*queue(store, provider_id, 3), *queue(store, provider_id, due=PAST - timedelta(hours=1))]
    queue(store, provider_of(store, "Other"), 2)
    assert [store.messages.ahead_of(message_id) for message_id in ids] == [1, 2, 3, 0]
    assert store.messages.ahead_of(ids[2], most=2) == 2


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE message SET state = 'lost'",
        "UPDATE message SET reported = '{'",
        "UPDATE message_attempt SET before = 'lost'",
        "UPDATE message_group SET \"to\" = '{'",
        "UPDATE message_group SET members = '['",
        "DELETE FROM message_group",
        "DELETE FROM message_body",
    ],
)
def test_rows_that_were_not_written_so_do_not_load(store: ProviderStore, damage: str) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    sent(store, provider_id)
    with store.messages.database.dispatching() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql(damage)
    with pytest.raises(StoreDamaged):
        store.messages.message(message_id)
    if '"to"' in damage:
        with pytest.raises(StoreDamaged):
            store.messages.queued_messages([message_id])


def test_a_read_only_store_queues_nothing(store: ProviderStore, open_store: OpenStore) -> None:
    provider_id = provider_of(store)
    reader = open_store(read_only=True)
    with pytest.raises(StoreReadOnly):
        reader.messages.enqueue([entry_of(provider_id)], ANA)
    assert reader.messages.counts() == {}
