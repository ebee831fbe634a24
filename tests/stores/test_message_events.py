"""The events of providers, as every store keeps them."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.fold import Delivery
from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.statuses import Canonical
from ftos_tui.stores.event_protocol import EventPlace, Intake, NewEvent
from ftos_tui.stores.message_protocol import MessageMove
from ftos_tui.stores.protocol import ProviderStore
from tests.stores.making import ANA, AT, sign
from tests.stores.queueing import ACCEPTED, REFUSED, claim, mark, provider_of, queue, recorded, sent


def event(number: int, canonical: Canonical | None = Canonical.DELIVERED, **more: Any) -> ProviderEvent:
    given: dict[str, Any] = {"code": str(canonical or "strange"), "at": AT, "event_id": f"e{number}"}
    return ProviderEvent(canonical=canonical, **{"content_hash": f"h{number}", **given, **more})


def take(store: ProviderStore, message_id: str | None, *events: ProviderEvent, status_code: str = "") -> Intake:
    new = [NewEvent(one, json.dumps({"event": one.code}), message_id, status_code) for one in events]
    return store.messages.take_events(new, ANA, sign)


def test_an_event_is_kept_once_and_folded_in(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    sent(store, provider_id)
    opened = event(2, Canonical.OPENED, at=AT + timedelta(hours=1))
    assert take(store, message_id, event(1), opened, event(1), status_code="delivered") == Intake(2, 1)
    same_content = event(1, event_id="another")
    same_id = event(1, content_hash="another")
    assert take(store, message_id, same_content, same_id, event(3, event_id="")) == Intake(1, 2)
    found = store.messages.message(message_id)
    assert (found.row.reported.delivery, found.row.reported.opens) == (Delivery.DELIVERED, 1)
    assert found.row.reported.first_open == AT + timedelta(hours=1)
    assert [(kept.code, kept.canonical, kept.at) for kept in found.events][:2] == [
        ("delivered", "delivered", AT),
        ("opened", "opened", AT + timedelta(hours=1)),
    ]
    assert json.loads(found.events[0].raw) == {"event": "delivered"}
    assert store.status_counts(provider_id) == {"delivered": 1}
    assert found.row.state is Dispatch.ACCEPTED
    assert store.messages.take_events([], ANA, sign) == Intake()


def test_what_belongs_to_no_message_is_kept_apart(store: ProviderStore) -> None:
    assert take(store, None, event(1, None, at=None), event(2)) == Intake(2, 0, 2)
    assert take(store, "gone", event(3)) == Intake(1, 0, 1)
    kept = store.messages.unmatched_events()
    assert [one.code for one in kept] == ["delivered", "delivered", "strange"]
    assert (kept[-1].canonical, kept[-1].at, kept[-1].message_id) == ("", None, None)
    assert list(store.messages.unmatched_events(before=kept[0].number, limit=1)) == [kept[1]]


def test_events_find_their_messages(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ids = queue(store, provider_id, 4)
    claimed = claim(store.messages, provider_id).messages
    mark(store.messages, claimed)
    theirs = ["abc.d", "abc", "shared", "shared"]
    store.messages.record(
        [
            recorded(one, outcome=Outcome(OutcomeKind.ACCEPTED, "202", "", their_id))
            for one, their_id in zip(claimed, theirs, strict=True)
        ]
    )

    def found(**given: Any) -> str | None:
        [place] = store.messages.locate_events([event(1, **given)])
        assert place is None or place.provider_id == provider_id
        return place.message_id if place else None

    assert found(message_id=ids[2], provider_message_id="abc", header_id="<x@y>") == ids[2]
    assert found(provider_message_id="abc.d.filter-1.0") == ids[0]
    assert found(provider_message_id="abc.e") == ids[1]
    assert found(provider_message_id="shared.1") is None
    assert found(header_id=f"<{ids[3]}@bank.example.com>") == ids[3]
    assert found(message_id="nobody", provider_message_id="ab", header_id="\ud800\0") is None
    assert found() is None
    assert store.messages.locate_events([]) == []
    assert EventPlace("a", "b") == EventPlace("a", "b")


def settled(store: ProviderStore, message_id: str) -> tuple[Dispatch, Sequence[str]]:
    detail = store.messages.message(message_id)
    return detail.row.state, [f"{line.before}>{line.after}" for line in detail.attempts]


def test_late_events_prove_acceptance(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ends = {
        Dispatch.IN_DOUBT: ["sending>in_doubt", "in_doubt>accepted"],
        Dispatch.RETRY_WAIT: ["sending>retry_wait", "retry_wait>accepted"],
        Dispatch.FAILED: ["sending>failed", "failed>accepted"],
        Dispatch.QUEUED: ["sending>queued", "queued>held", "held>accepted"],
    }
    for number, (state, history) in enumerate(ends.items()):
        [message_id] = queue(store, provider_id)
        sent(store, provider_id, after=state, outcome=REFUSED)
        before = len(store.audit_entries())
        assert take(store, message_id, event(10 * number)).settled == (message_id,)
        assert settled(store, message_id) == (Dispatch.ACCEPTED, history)
        [entry] = store.audit_entries(before)
        assert (entry.action, json.loads(entry.detail)["messages"]) == ("message_settled", [message_id])
        assert take(store, message_id, event(10 * number + 1, Canonical.OPENED)).settled == ()
    assert store.messages.counts() == {Dispatch.ACCEPTED: 4}
    assert store.messages.message_row(message_id).code == ""


def test_an_event_of_no_meaning_settles_nothing(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    sent(store, provider_id, after=Dispatch.IN_DOUBT, outcome=Outcome(OutcomeKind.IN_DOUBT))
    assert take(store, message_id, event(1, None)) == Intake(1)
    assert store.messages.message_row(message_id).state is Dispatch.IN_DOUBT


def test_what_was_canceled_yet_sent_is_a_conflict(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    waiting = frozenset({Dispatch.QUEUED})
    store.messages.move(MessageMove("cancel", [message_id], waiting, Dispatch.CANCELED, ANA), sign)
    assert take(store, message_id, event(1)).conflicts == (message_id,)
    assert take(store, message_id, event(2, Canonical.OPENED)).conflicts == ()
    row = store.messages.message_row(message_id)
    assert (row.state, row.conflict) == (Dispatch.CANCELED, True)


def test_an_event_during_the_sending_decides_its_end(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ids = queue(store, provider_id, 2)
    one, two = claim(store.messages, provider_id, lease_s=-1).messages
    mark(store.messages, [one, two])
    for number, message_id in enumerate(ids):
        assert take(store, message_id, event(number)).settled == ()
    store.messages.record([recorded(one, Dispatch.RETRY_WAIT, REFUSED)])
    assert settled(store, ids[0]) == (Dispatch.ACCEPTED, ["sending>accepted"])
    assert store.messages.recover().in_doubt == 1
    assert settled(store, ids[1]) == (Dispatch.ACCEPTED, ["sending>in_doubt", "in_doubt>accepted"])
    assert store.messages.record([recorded(two, outcome=ACCEPTED)]) == {ids[1]}


def test_an_event_between_claim_and_mark_keeps_the_message_from_going_twice(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    sent(store, provider_id, after=Dispatch.RETRY_WAIT, outcome=REFUSED)
    [claimed] = claim(store.messages, provider_id).messages
    assert take(store, message_id, event(1)).settled == ()
    assert mark(store.messages, [claimed]) == {message_id}
    state, history = settled(store, message_id)
    assert state is Dispatch.ACCEPTED
    assert history[1:] == ["claimed>queued", "queued>held", "held>accepted"]
    assert store.messages.counts(provider_id).get(Dispatch.CLAIMED, 0) == 0


def test_what_leaves_a_worker_unsent_is_settled_by_what_events_proved(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    sent(store, provider_id, after=Dispatch.RETRY_WAIT, outcome=REFUSED)
    [claimed] = claim(store.messages, provider_id).messages
    take(store, message_id, event(1))
    store.messages.record([recorded(claimed, Dispatch.QUEUED, Outcome(OutcomeKind.NOT_SENT), before=Dispatch.CLAIMED)])
    assert settled(store, message_id)[0] is Dispatch.ACCEPTED
