"""Claims, marks, outcomes and leases, as every store keeps them."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch, IllegalTransition
from ftos_tui.stores.dispatch_protocol import (
    Claimed,
    DueProvider,
    Lost,
    Mark,
    StepPlan,
    StepState,
    WorkerState,
)
from ftos_tui.stores.message_protocol import MessageMove, MessageQuery
from ftos_tui.stores.protocol import ProviderStore
from tests.stores.conftest import OpenStore
from tests.stores.making import ANA, AT, sign
from tests.stores.queueing import (
    ACCEPTED,
    PAST,
    REFUSED,
    at_most,
    claim,
    mark,
    provider_of,
    queue,
    recorded,
    sent,
)


def state_of(store: ProviderStore, message_id: str) -> Dispatch:
    return store.messages.message_row(message_id).state


def test_a_step_claims_what_is_due_in_order(store: ProviderStore) -> None:
    one, two = provider_of(store), provider_of(store, "Other")
    late = queue(store, one, due=PAST + timedelta(hours=1))
    first = queue(store, one, 3)
    queue(store, one, due=datetime.now(UTC) + timedelta(days=1))
    queue(store, one, not_after=PAST)
    queue(store, two)
    step = claim(store.messages, one, 3)
    assert [claimed.id for claimed in step.messages] == first
    claimed = step.messages[0]
    assert (claimed.fence, claimed.attempt, claimed.generation, claimed.crashes) == (1, 0, 1, 0)
    assert (claimed.size, claimed.due) == (len(b"From: a\r\n\r\n"), PAST)
    body = store.messages.bodies([*first, "x"])
    assert sorted(body) == first
    assert (body[first[0]].wire, body[first[0]].envelope) == (b"From: a\r\n\r\n", "a to b")
    assert (step.state.inflight, step.state.fence, step.state.started_at) == (3, 1, step.now)
    assert step.state.next_step_at == step.now + timedelta(seconds=60)
    assert store.messages.step_state(one) == step.state
    assert [claimed.id for claimed in claim(store.messages, one).messages] == late
    row = store.messages.message_row(first[0])
    assert (row.state, row.worker, row.fence) == (Dispatch.CLAIMED, "w1", 1)
    assert row.lease_until == step.now + timedelta(seconds=60)
    assert store.messages.counts(one) == {Dispatch.QUEUED: 2, Dispatch.CLAIMED: 4}


def test_a_step_that_may_not_begin_changes_nothing_but_the_breaker(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id)
    seen: list[tuple[StepState, datetime]] = []

    def none(state: StepState, now: datetime) -> StepPlan:
        seen.append((state, now))
        return StepPlan(0, now)

    assert store.messages.claim_step(provider_id, "w1", 60, none).messages == ()
    assert seen[0][0] == store.messages.step_state(provider_id) == StepState(provider_id)
    assert abs(seen[0][1] - datetime.now(UTC)) < timedelta(minutes=5)
    nothing_due = provider_of(store, "Other")
    step = store.messages.claim_step(nothing_due, "w1", 60, at_most(5))
    assert step.state == StepState(nothing_due)
    step = store.messages.claim_step(nothing_due, "w1", 60, lambda state, now: StepPlan(5, now, "open"))
    assert step.state == StepState(nothing_due, breaker="open") == store.messages.step_state(nothing_due)


def test_the_mark_takes_a_try_before_anything_is_sent(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    [claimed] = claim(store.messages, provider_id).messages
    assert mark(store.messages, [claimed]) == frozenset()
    row = store.messages.message_row(message_id)
    assert (row.state, row.attempt, row.fence) == (Dispatch.SENDING, 1, 1)
    assert mark(store.messages, [claimed]) == {message_id}
    assert store.messages.mark_sending([Mark(message_id, 0), Mark("x", 1)]) == {message_id, "x"}
    assert store.messages.message_row(message_id).attempt == 1
    assert store.messages.advance((), ()) == Lost()


def test_outcomes_are_written_with_their_history(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ids = queue(store, provider_id, 7)
    claimed = claim(store.messages, provider_id).messages
    mark(store.messages, claimed[:6])
    due = datetime(2030, 1, 1, tzinfo=UTC)
    wide = Outcome(OutcomeKind.PROVIDER_WIDE, "535", "no", reason=Cause.AUTHENTICATION)
    doubt = Outcome(OutcomeKind.IN_DOUBT, "", "timed out")
    outcomes = [
        recorded(claimed[0], outcome=Outcome(OutcomeKind.ACCEPTED, "250", "ok", "id.1"), status_code="2xx"),
        recorded(claimed[1], Dispatch.RETRY_WAIT, REFUSED, due=due, status_code="4xx", worker="w9"),
        recorded(
            claimed[2], Dispatch.FAILED, REFUSED, status_code="4xx", provider_version=7, started_at=AT, ended_at=AT
        ),
        recorded(claimed[3], Dispatch.QUEUED, wide),
        recorded(claimed[4], Dispatch.IN_DOUBT, doubt),
        recorded(claimed[5], Dispatch.QUEUED, Outcome(OutcomeKind.THROTTLED, "421"), throttled=True, due=due),
        recorded(
            claimed[6], Dispatch.HELD, Outcome(OutcomeKind.NOT_SENT), before=Dispatch.CLAIMED, reason="no From Address"
        ),
    ]
    assert store.messages.record(outcomes) == frozenset()
    rows = [store.messages.message_row(message_id) for message_id in ids]
    assert [row.state for row in rows] == [found.after for found in outcomes]
    assert [row.attempt for row in rows] == [1, 1, 1, 0, 1, 0, 0]
    assert [row.throttled for row in rows] == [0, 0, 0, 0, 0, 1, 0]
    assert [row.code for row in rows] == ["", "451", "451", "535", "", "421", ""]
    assert (rows[1].due, rows[5].due, rows[3].due) == (due, due, PAST)
    assert rows[6].reason == "no From Address"
    assert all((row.worker, row.lease_until) == (None, None) for row in rows)
    [line] = store.messages.message(ids[2]).attempts
    assert (line.fence, line.number, line.provider_version, line.by) == (1, 1, 7, "w1")
    assert (line.started_at, line.ended_at, line.outcome, line.said) == (AT, AT, "refused_temporary", "4.3.0 later")
    assert store.messages.message(ids[1]).attempts[0].by == "w9"
    assert store.messages.message(ids[0]).attempts[0].provider_message_id == "id.1"
    assert [refusal.code for refusal in store.messages.refusals(provider_id)].count("451") == 2
    assert len(store.messages.refusals(provider_id, 2)) == 2
    assert store.status_counts(provider_id) == {"2xx": 1, "4xx": 2}
    [hour] = store.messages.hours(provider_id, datetime.now(UTC) - timedelta(hours=1))["code", "4xx"].items()
    assert hour[1] == 2
    assert ("state", "accepted") in store.messages.hours(provider_id, datetime.now(UTC) - timedelta(hours=1))
    assert store.messages.hours(provider_id, datetime.now(UTC) + timedelta(hours=2)) == {}
    assert store.messages.record(outcomes) == set(ids)


def test_many_alike_are_written_like_one(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id, 20)
    sent(store, provider_id, status_code="2xx")
    assert store.messages.counts() == {Dispatch.ACCEPTED: 20}
    assert store.status_counts(provider_id) == {"2xx": 20}


def test_a_message_bears_each_code_once(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id)
    for _ in range(2):
        sent(store, provider_id, after=Dispatch.RETRY_WAIT, outcome=REFUSED, status_code="4xx", due=PAST)
    sent(store, provider_id, status_code="2xx")
    assert store.status_counts(provider_id) == {"4xx": 1, "2xx": 1}


def test_outcomes_and_marks_go_together(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id, 2)
    one, two = claim(store.messages, provider_id).messages
    mark(store.messages, [one])
    lost = store.messages.advance([recorded(one), recorded(two)], [Mark(two.id, two.fence)])
    assert lost == Lost(recorded=frozenset({two.id}))
    assert store.messages.counts() == {Dispatch.ACCEPTED: 1, Dispatch.SENDING: 1}


def test_no_worker_brings_a_message_where_the_table_does_not(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id)
    [claimed] = claim(store.messages, provider_id).messages
    with pytest.raises(IllegalTransition):
        store.messages.record([recorded(claimed, Dispatch.ACCEPTED, before=Dispatch.CLAIMED)])
    assert state_of(store, claimed.id) is Dispatch.CLAIMED
    assert store.messages.counts() == {Dispatch.CLAIMED: 1}


def test_a_lost_worker_is_recovered_from(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ids = queue(store, provider_id, 2)
    one, two = claim(store.messages, provider_id, lease_s=-1).messages
    mark(store.messages, [two])
    other = queue(store, provider_id)
    claim(store.messages, provider_id, worker="w2")
    recovery = store.messages.recover()
    assert (recovery.queued, recovery.in_doubt, recovery.held, recovery.total) == (1, 1, 0, 2)
    rows = [store.messages.message_row(message_id) for message_id in ids]
    assert [(row.state, row.attempt, row.claims) for row in rows] == [
        (Dispatch.QUEUED, 0, 1),
        (Dispatch.IN_DOUBT, 1, 0),
    ]
    assert "nobody can tell" in rows[1].reason
    assert state_of(store, other[0]) is Dispatch.CLAIMED
    assert store.messages.advance([recorded(two)], [Mark(one.id, one.fence)]) == Lost(
        frozenset({one.id}), frozenset({two.id})
    )
    assert [line.outcome for line in store.messages.message(ids[1]).attempts] == ["lease_lost"]


def test_a_message_that_ends_its_worker_five_times_is_held(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    for _ in range(5):
        claim(store.messages, provider_id, lease_s=-1)
        recovery = store.messages.recover()
    assert recovery.held == 1
    row = store.messages.message_row(message_id)
    assert (row.state, row.attempt) == (Dispatch.HELD, 0)
    assert "5 workers" in row.reason
    release = MessageMove("release", [message_id], frozenset({Dispatch.HELD}), Dispatch.QUEUED, ANA)
    store.messages.move(release, sign)
    assert store.messages.message_row(message_id).claims == 0
    for _ in range(4):
        [claimed] = claim(store.messages, provider_id, lease_s=-1).messages
        store.messages.recover()
    assert claimed.crashes == 3
    [claimed] = claim(store.messages, provider_id).messages
    mark(store.messages, [claimed])
    assert store.messages.message_row(message_id).claims == 0


def test_waiting_messages_expire(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    ids = [
        *queue(store, provider_id, not_after=PAST),
        *queue(store, provider_id, not_after=PAST + timedelta(days=9999)),
    ]
    queue(store, provider_id, not_after=PAST, state=Dispatch.HELD, reason="r")
    assert store.messages.expire() == 1
    assert store.messages.expire() == 0
    assert [state_of(store, message_id) for message_id in ids] == [Dispatch.EXPIRED, Dispatch.QUEUED]
    assert store.messages.message(ids[0]).attempts[0].outcome == "expired"


def test_a_heartbeat_renews_leases_and_a_worker_that_ends_gives_them_up(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    queue(store, provider_id, 3)
    claim(store.messages, provider_id, 2, lease_s=-1)
    worker = WorkerState("w1", "host", 7, AT, AT, '{"a":1}')
    assert store.messages.heartbeat(worker, 60) == 2
    assert store.messages.recover().total == 0
    [told] = store.messages.workers()
    assert (told.id, told.host, told.pid, told.started_at, told.detail) == ("w1", "host", 7, AT, '{"a":1}')
    assert told.seen_at > AT
    assert store.messages.heartbeat(WorkerState("w2", "host", 8, AT, AT), 60) == 0
    store.messages.forget_worker("w1")
    assert [told.id for told in store.messages.workers()] == ["w2"]
    assert store.messages.recover().queued == 2


def test_due_providers_come_by_their_first_message(store: ProviderStore) -> None:
    one, two, three = (provider_of(store, name) for name in "ABC")
    queue(store, one, due=PAST + timedelta(hours=2))
    queue(store, two, due=PAST)
    queue(store, three, state=Dispatch.HELD, reason="r")
    assert store.messages.due_providers() == [DueProvider(two, PAST), DueProvider(one, PAST + timedelta(hours=2))]
    claim(store.messages, two)
    assert [due.provider_id for due in store.messages.due_providers()] == [one]


def test_the_breaker_is_changed_by_one_at_a_time(store: ProviderStore, open_store: OpenStore) -> None:
    provider_id = provider_of(store)
    assert store.messages.change_breaker(provider_id, lambda breaker, now: None).breaker == ""
    stores = [store, open_store()]

    def add(which: ProviderStore) -> None:
        for _ in range(10):
            which.messages.change_breaker(provider_id, lambda breaker, now: f"{breaker}x")

    threads = [threading.Thread(target=add, args=(which,)) for which in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.messages.step_state(provider_id).breaker == "x" * 20


def test_a_provider_is_paused_with_an_audit_entry(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    assert store.messages.marked_steps([provider_id]) == frozenset()
    assert store.messages.change_pause(provider_id, "moving", ANA, sign).paused == "moving"
    assert store.messages.marked_steps([provider_id, "x"]) == {provider_id}
    assert store.messages.marked_steps([]) == frozenset()
    assert store.messages.change_pause(provider_id, "", ANA, sign).paused == ""
    assert [entry.action for entry in store.audit_entries(1)] == ["delivery_pause", "delivery_resume"]


def test_what_was_rendered_anew_is_kept(store: ProviderStore) -> None:
    provider_id = provider_of(store)
    [message_id] = queue(store, provider_id)
    store.messages.keep_rendered(message_id, "c to d", b"new")
    [claimed] = claim(store.messages, provider_id).messages
    [body] = store.messages.bodies([claimed.id]).values()
    assert (claimed.size, body.envelope, body.wire) == (3, "c to d", b"new")


def test_queueing_does_not_wait_for_whoever_saves_providers(open_store: OpenStore, store: ProviderStore) -> None:
    """On a server; a file has one writer at a time."""
    if store.facts().backend.startswith("SQLite"):
        return
    provider_id = provider_of(store)
    with open_store().database.writing():  # type: ignore[attr-defined]
        queue(store, provider_id)
        sent(store, provider_id)
    assert store.messages.counts() == {Dispatch.ACCEPTED: 1}


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    workers=st.integers(2, 4),
    bulk=st.integers(1, 9),
    number=st.integers(1, 40),
    crashes=st.integers(0, 3),
)
def test_no_message_is_in_two_hands(
    store: ProviderStore, open_store: OpenStore, workers: int, bulk: int, number: int, crashes: int
) -> None:
    provider_id = provider_of(store, f"G{provider_numbers()}")
    ids = set(queue(store, provider_id, number))
    sent_by: Counter[str] = Counter()
    fences: dict[str, list[int]] = {message_id: [] for message_id in ids}
    failures: list[BaseException] = []
    lock = threading.Lock()

    def work(name: str, which: ProviderStore, lose: int) -> None:
        try:
            while True:
                step = claim(which.messages, provider_id, bulk, name, lease_s=-1 if lose else 60)
                if not step.messages and which.messages.counts(provider_id) == {Dispatch.ACCEPTED: number}:
                    return
                with lock:
                    for claimed in step.messages:
                        fences[claimed.id].append(claimed.fence)
                if lose:
                    lose -= 1
                    which.messages.recover()
                lost = mark(which.messages, step.messages)
                done: list[Claimed] = [claimed for claimed in step.messages if claimed.id not in lost]
                with lock:
                    sent_by.update(claimed.id for claimed in done)
                which.messages.record([recorded(claimed, outcome=ACCEPTED) for claimed in done])
        except BaseException as error:
            failures.append(error)

    stores = [store, *(open_store() for _ in range(workers - 1))]
    threads = [
        threading.Thread(target=work, args=(f"w{place}", which, crashes if place == 0 else 0), daemon=True)
        for place, which in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert sent_by == Counter(ids)
    assert all(seen == sorted(set(seen)) for seen in fences.values())
    query = MessageQuery(provider_id=provider_id, limit=1000)
    assert {row.attempt for row in store.messages.message_page(query)} == {1}


def provider_numbers() -> int:
    """A number that was not given before."""
    _given.append(len(_given))
    return _given[-1]


_given: list[int] = []
