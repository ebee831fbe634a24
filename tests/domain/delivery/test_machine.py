"""A message driven at random through everything that can happen to it: the invariants of the rules hold."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ftos_tui.domain.delivery import policy
from ftos_tui.domain.delivery.breaker import CLOSED, Position, after_outcome
from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.fold import NOTHING, apply, settlement
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.policy import Decision, Progress
from ftos_tui.domain.delivery.provider import ProviderState, SendingRules
from ftos_tui.domain.delivery.states import TERMINAL, TRANSITIONS, WAITING, Actor, Dispatch, Tries, transition
from ftos_tui.domain.delivery.steps import StepState, gate, next_step_at, room
from ftos_tui.domain.delivery.waiting import Standing, why_waiting
from ftos_tui.domain.statuses import Canonical
from ftos_tui.domain.window import Window
from tests.domain.delivery.settings import ALWAYS, OFFICE, at, provider, rules

ENDS = [
    Outcome(OutcomeKind.REFUSED_TEMPORARY),
    Outcome(OutcomeKind.ACCEPTED),
    Outcome(OutcomeKind.IN_DOUBT),
    Outcome(OutcomeKind.REFUSED_PERMANENT),
    Outcome(OutcomeKind.NOT_SENT),
    Outcome(OutcomeKind.REFUSED_TEMPORARY, wait_s=200_000.0),
    *(Outcome(OutcomeKind.THROTTLED, wait_s=wait_s) for wait_s in (None, 1.0, 4000.0)),
    *(Outcome(OutcomeKind.PROVIDER_WIDE, reason=cause) for cause in Cause),
]
OUTCOMES = st.sampled_from(ENDS)


class Life(RuleBasedStateMachine):
    """One message of one provider, with a worker, an operator, a clock and a provider's events."""

    def __init__(self) -> None:
        super().__init__()
        self.now = at("08:00:00")
        self.window = ALWAYS
        self.retries = 2
        self.version = 1
        self.ways: set[tuple[Dispatch | None, Dispatch]] = set()
        self.step = StepState()
        self.is_queued()

    def is_queued(self) -> None:
        """Begins with a fresh message."""
        self.progress = Progress(Dispatch.QUEUED, self.now)
        self.most_retries = self.retries
        self.reported = NOTHING
        self.fence = self.last_fence = 0
        self.not_after = self.now + timedelta(days=2)
        self.acceptances = 0

    @precondition(lambda self: self.state in TERMINAL)
    @rule()
    def another_message_comes(self) -> None:
        self.is_queued()

    @property
    def state(self) -> Dispatch:
        return self.progress.state

    def moves(self, decision: Decision | Dispatch, by: Actor) -> None:
        """Makes one change of state as a store would: by the table, tries as the table has it."""
        after = decision.progress if isinstance(decision, Decision) else replace(self.progress, state=decision)
        before = self.progress
        row = transition(before.state, after.state, by)
        self.ways.add((before.state, after.state))
        if row.tries is Tries.TAKEN:
            after = replace(after, tries=before.tries + 1)
        expected = {Tries.KEPT: before.tries, Tries.TAKEN: before.tries + 1, Tries.REFUNDED: before.tries - 1}
        if after.generation == before.generation:
            assert after.tries == expected[row.tries]
        else:
            assert (after.tries, after.generation) == (0, before.generation + 1)
            self.most_retries = self.retries
        self.progress = after

    @initialize(window=st.sampled_from([ALWAYS, ALWAYS, OFFICE]))
    def configured(self, window: Window) -> None:
        self.window = window

    @property
    def sending(self) -> SendingRules:
        return rules(self.window, retries=self.retries)

    @property
    def gateway(self) -> ProviderState:
        return provider(self.sending, version=self.version)

    @rule(seconds=st.sampled_from([30, 60, 2000, 5000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(retries=st.integers(0, 4))
    def somebody_edits(self, retries: int) -> None:
        self.retries = retries
        self.most_retries = max(self.most_retries, retries)
        self.version += 1

    @precondition(lambda self: self.state in WAITING)
    @rule()
    def a_worker_claims(self) -> None:
        self.now = max(self.now, self.progress.due)
        free = room(self.gateway, self.step, self.now)
        if not free.count and free.until is not None:
            self.now = free.until
        if not room(self.gateway, self.step, self.now).count:
            return
        self.moves(Dispatch.CLAIMED, Actor.WORKER)
        self.fence += 1
        self.step = replace(self.step, in_flight=1, next_step_at=next_step_at(self.gateway, self.now))

    @precondition(lambda self: self.state is Dispatch.CLAIMED)
    @rule()
    def it_marks(self) -> None:
        if gate(self.gateway, self.step.breaker, self.now).count and not self.reported.is_evidence:
            self.moves(Dispatch.SENDING, Actor.WORKER)
        else:
            self.moves(policy.given_back(self.progress), Actor.WORKER)
            self.comes_to_rest()

    @precondition(lambda self: self.state is Dispatch.SENDING)
    @rule(outcome=OUTCOMES)
    def the_try_ends(self, outcome: Outcome) -> None:
        evidence = self.reported.is_evidence
        self.acceptances += outcome.accepted
        decision = policy.after_try(self.progress, outcome, self.sending, self.now, evidence=evidence)
        self.moves(decision, Actor.WORKER)
        breaker = after_outcome(self.step.breaker, outcome, self.sending, self.version, self.now)
        self.step = replace(self.step, in_flight=0, breaker=breaker)

    @precondition(lambda self: self.state in (Dispatch.CLAIMED, Dispatch.SENDING))
    @rule()
    def its_worker_is_lost(self) -> None:
        self.moves(policy.after_lost_worker(self.progress), Actor.CLOCK)
        self.comes_to_rest()

    @precondition(lambda self: self.state is Dispatch.CLAIMED)
    @rule(message_fault=st.booleans())
    def it_is_unfit(self, message_fault: bool) -> None:
        self.moves(policy.unfit(self.progress, "Unfit.", message_fault=message_fault), Actor.WORKER)
        self.comes_to_rest()

    @precondition(lambda self: self.progress.tries > 0)
    @rule(meaning=st.sampled_from([None, *Canonical]), number=st.integers(0, 9))
    def an_event_comes(self, meaning: Canonical | None, number: int) -> None:
        event = ProviderEvent(str(meaning), meaning, self.now, f"{number}", f"{number}")
        before = self.reported
        self.reported = apply(self.reported, event)
        assert self.reported.rank >= before.rank
        self.settle()

    def settle(self) -> None:
        for state in settlement(self.state) if self.reported.is_evidence else ():
            self.moves(state, Actor.EVENT)

    def comes_to_rest(self) -> None:
        """No worker has it any more; evidence that came meanwhile takes effect."""
        self.step = replace(self.step, in_flight=0)
        self.settle()

    @precondition(lambda self: self.state is Dispatch.IN_DOUBT)
    @rule(operator=st.booleans())
    def doubt_is_taken_for_a_refusal(self, operator: bool) -> None:
        decision = policy.in_doubt_again(self.progress, self.sending, self.now, operator=operator)
        self.moves(decision, Actor.OPERATOR if operator else Actor.CLOCK)

    @precondition(lambda self: self.state in WAITING | {Dispatch.HELD, Dispatch.FAILED})
    @rule(wish=st.sampled_from(["retry", "release", "hold", "cancel"]))
    def an_operator_acts(self, wish: str) -> None:
        if wish == "hold" and self.state in WAITING:
            self.moves(Dispatch.HELD, Actor.OPERATOR)
        elif wish == "release" and self.state is Dispatch.HELD:
            self.moves(policy.released(self.progress), Actor.OPERATOR)
        elif wish == "cancel" and self.state is not Dispatch.FAILED and self.progress.tries:
            self.moves(Dispatch.CANCELED, Actor.OPERATOR)
        elif wish == "retry" and self.state is Dispatch.FAILED:
            self.moves(policy.begun_anew(self.progress, self.now), Actor.OPERATOR)

    @precondition(lambda self: self.state in WAITING)
    @rule()
    def it_expires(self) -> None:
        if self.not_after <= self.now:
            self.moves(Dispatch.EXPIRED, Actor.CLOCK)

    @invariant()
    def tries_stay_within_the_most_retries_of_their_generation(self) -> None:
        assert 0 <= self.progress.tries <= self.most_retries + 1

    @invariant()
    def it_is_accepted_by_reply_at_most_once(self) -> None:
        assert self.acceptances <= 1
        assert self.acceptances == 0 or self.state is Dispatch.ACCEPTED

    @invariant()
    def the_fence_never_falls(self) -> None:
        assert self.fence >= self.last_fence
        self.last_fence = self.fence

    @invariant()
    def a_message_that_the_provider_has_does_not_wait_to_be_sent_again(self) -> None:
        if self.reported.is_evidence:
            assert self.state not in WAITING | {Dispatch.IN_DOUBT}

    @invariant()
    def there_is_always_an_answer(self) -> None:
        standing = Standing(self.state, self.progress.due, self.now, self.progress.tries)
        assert why_waiting(standing, self.gateway, self.step, self.now).endswith(".")
        breaker = self.step.breaker
        assert (breaker.position is Position.CLOSED) is (breaker.cause is None) or breaker == CLOSED
        assert self.state in WAITING | TERMINAL or self.state.value in (
            "claimed",
            "sending",
            "in_doubt",
            "held",
        )


Life.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestLife = Life.TestCase


def test_a_long_life_goes_every_way_of_the_table() -> None:
    chance = random.Random(5)
    life = Life()
    for _ in range(8000):
        one_thing_happens(life, chance)
        for holds in (
            life.tries_stay_within_the_most_retries_of_their_generation,
            life.it_is_accepted_by_reply_at_most_once,
            life.the_fence_never_falls,
            life.a_message_that_the_provider_has_does_not_wait_to_be_sent_again,
            life.there_is_always_an_answer,
        ):
            holds()
    assert life.ways == {(row.before, row.after) for row in TRANSITIONS if row.before is not None}


def one_thing_happens(life: Life, chance: random.Random) -> None:
    """What is usual for the message's state, most of the time."""
    state, unusual = life.state, chance.random() < 0.12
    if chance.random() < 0.1:
        life.time_passes(chance.choice([30, 2000, 90_000]))
    if chance.random() < 0.05:
        life.somebody_edits(chance.randrange(5))
    if life.progress.tries and chance.random() < 0.08:
        life.an_event_comes(chance.choice([None, *Canonical]), chance.randrange(10))
    elif state is Dispatch.SENDING and not unusual:
        life.the_try_ends(chance.choice(ENDS))
    elif state is Dispatch.CLAIMED and not unusual:
        life.it_marks()
    elif state is Dispatch.CLAIMED and chance.random() < 0.4:
        life.it_is_unfit(chance.random() < 0.5)
    elif state in (Dispatch.CLAIMED, Dispatch.SENDING):
        life.its_worker_is_lost()
    elif state is Dispatch.IN_DOUBT:
        life.doubt_is_taken_for_a_refusal(chance.random() < 0.5)
    elif state is Dispatch.HELD or (unusual and state in WAITING | {Dispatch.FAILED}):
        life.an_operator_acts(chance.choice(["hold", "release", "cancel", "retry"]))
    elif state in TERMINAL:
        life.another_message_comes()
    elif life.now > life.not_after:
        life.it_expires()
    else:
        life.a_worker_claims()
