"""The table of dispatch states: every way, and none beside."""

import itertools

import pytest

from ftos_tui.domain.delivery.states import (
    IN_HAND,
    TERMINAL,
    TRANSITIONS,
    WAITING,
    Actor,
    Dispatch,
    IllegalTransition,
    Tries,
    allowed,
    displayed,
    sources,
    transition,
)
from tests.domain.delivery.settings import at

WAYS = {
    None: "queued held",
    Dispatch.QUEUED: "claimed held canceled expired",
    Dispatch.CLAIMED: "queued held failed sending",
    Dispatch.SENDING: "accepted retry_wait failed queued in_doubt",
    Dispatch.RETRY_WAIT: "claimed held canceled expired accepted",
    Dispatch.IN_DOUBT: "accepted retry_wait failed",
    Dispatch.HELD: "queued canceled accepted",
    Dispatch.FAILED: "queued accepted",
    Dispatch.ACCEPTED: "",
    Dispatch.CANCELED: "",
    Dispatch.EXPIRED: "",
}


@pytest.mark.parametrize("before", WAYS)
def test_each_state_leads_where_the_table_says_and_nowhere_else(before: Dispatch | None) -> None:
    assert {after for after in Dispatch if allowed(before, after)} == {Dispatch(name) for name in WAYS[before].split()}


def test_no_way_is_in_the_table_twice() -> None:
    ways = [(row.before, row.after) for row in TRANSITIONS]
    assert len(ways) == len(set(ways))
    assert all(row.guard and row.by for row in TRANSITIONS)


@pytest.mark.parametrize(
    ("before", "after", "by"),
    [
        (Dispatch.QUEUED, Dispatch.CLAIMED, {Actor.WORKER}),
        (Dispatch.QUEUED, Dispatch.CANCELED, {Actor.OPERATOR}),
        (Dispatch.RETRY_WAIT, Dispatch.EXPIRED, {Actor.CLOCK}),
        (Dispatch.RETRY_WAIT, Dispatch.ACCEPTED, {Actor.EVENT}),
        (Dispatch.IN_DOUBT, Dispatch.ACCEPTED, {Actor.EVENT, Actor.OPERATOR}),
        (Dispatch.FAILED, Dispatch.QUEUED, {Actor.OPERATOR}),
        (Dispatch.SENDING, Dispatch.ACCEPTED, {Actor.WORKER}),
        (None, Dispatch.HELD, {Actor.ENQUEUE}),
    ],
)
def test_who_may_go_a_way(before: Dispatch | None, after: Dispatch, by: set[Actor]) -> None:
    assert {actor for actor in Actor if allowed(before, after, actor)} == by


def test_only_the_mark_takes_a_try_and_only_the_way_back_from_it_refunds_one() -> None:
    by_tries = {tries: [(r.before, r.after) for r in TRANSITIONS if r.tries is tries] for tries in Tries}
    assert by_tries[Tries.TAKEN] == [(Dispatch.CLAIMED, Dispatch.SENDING)]
    assert by_tries[Tries.REFUNDED] == [(Dispatch.SENDING, Dispatch.QUEUED)]
    assert by_tries[Tries.ANEW] == [(Dispatch.FAILED, Dispatch.QUEUED)]


def test_an_illegal_way_is_named() -> None:
    with pytest.raises(IllegalTransition, match="no way from accepted to queued by operator") as caught:
        transition(Dispatch.ACCEPTED, Dispatch.QUEUED, Actor.OPERATOR)
    assert (caught.value.before, caught.value.after) == (Dispatch.ACCEPTED, Dispatch.QUEUED)
    with pytest.raises(IllegalTransition, match=r"no way from new to sending$"):
        transition(None, Dispatch.SENDING)
    with pytest.raises(IllegalTransition):
        transition(Dispatch.QUEUED, Dispatch.CLAIMED, Actor.OPERATOR)


def test_sources_agree_with_the_table() -> None:
    for after, actor in itertools.product(Dispatch, Actor):
        assert sources(after, actor) == {before for before in Dispatch if allowed(before, after, actor)}
    assert sources(Dispatch.CANCELED, Actor.OPERATOR) == {Dispatch.QUEUED, Dispatch.RETRY_WAIT, Dispatch.HELD}


def test_states_that_a_worker_leaves_alone_wait_or_are_at_an_end() -> None:
    claimable = {row.before for row in TRANSITIONS if row.after is Dispatch.CLAIMED}
    assert claimable == WAITING
    assert not {row.before for row in TRANSITIONS if row.by & {Actor.WORKER, Actor.CLOCK}} & TERMINAL
    assert {Dispatch.CLAIMED, Dispatch.SENDING} == IN_HAND


@pytest.mark.parametrize("state", Dispatch)
def test_each_state_has_words(state: Dispatch) -> None:
    assert displayed(state)[0].isupper()
    assert "_" not in displayed(state)


def test_error_is_what_a_refused_message_shows() -> None:
    waits = displayed(Dispatch.RETRY_WAIT, due=at("18:15:00"), tries=1, tries_in_all=4)
    assert waits == "Error, again at 18:15:00 UTC, try 2 of 4"
    assert displayed(Dispatch.RETRY_WAIT, tries=2, tries_in_all=2) == "Error, try 3 of 3"
    assert displayed(Dispatch.FAILED, tries=4, tries_in_all=4) == "Error, 4 of 4 tries used, not tried again"
