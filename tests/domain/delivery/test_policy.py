"""Every row of the table of outcomes, and what follows a crash or an operator's word."""

from datetime import datetime, timedelta

import pytest

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.policy import (
    CRASH_CAP,
    THROTTLE_CAP,
    Decision,
    Progress,
    after_lost_worker,
    after_try,
    begun_anew,
    given_back,
    in_doubt_again,
    released,
    unfit,
)
from ftos_tui.domain.delivery.states import Dispatch
from tests.domain.delivery.settings import OFFICE, at, rules

DUE = at("10:00:00")
NOW = at("17:45:00")
SENDING = Progress(Dispatch.SENDING, DUE, tries=1)


def tried(
    kind: OutcomeKind,
    *,
    tries: int = 1,
    wait_s: float | None = None,
    reason: Cause | None = None,
    retries: int = 3,
    pool_s: int = 1800,
    evidence: bool = False,
    throttled: int = 0,
) -> Decision:
    progress = Progress(Dispatch.SENDING, DUE, tries=tries, throttled=throttled)
    outcome = Outcome(kind, wait_s=wait_s, reason=reason)
    return after_try(progress, outcome, rules(retries=retries, pool_s=pool_s), NOW, evidence=evidence)


@pytest.mark.parametrize(
    ("kind", "reason", "state", "tries", "due"),
    [
        (OutcomeKind.ACCEPTED, None, Dispatch.ACCEPTED, 1, DUE),
        (OutcomeKind.NOT_SENT, None, Dispatch.QUEUED, 0, DUE),
        *((OutcomeKind.PROVIDER_WIDE, cause, Dispatch.QUEUED, 0, DUE) for cause in Cause),
        (OutcomeKind.THROTTLED, None, Dispatch.QUEUED, 0, at("18:15:00")),
        (OutcomeKind.REFUSED_TEMPORARY, None, Dispatch.RETRY_WAIT, 1, at("18:15:00")),
        (OutcomeKind.REFUSED_PERMANENT, None, Dispatch.FAILED, 1, DUE),
        (OutcomeKind.IN_DOUBT, None, Dispatch.IN_DOUBT, 1, DUE),
    ],
)
def test_outcome_table(kind: OutcomeKind, reason: Cause | None, state: Dispatch, tries: int, due: datetime) -> None:
    decision = tried(kind, reason=reason)
    assert (decision.state, decision.progress.tries, decision.progress.due) == (state, tries, due)
    assert bool(decision.why) is (kind is not OutcomeKind.ACCEPTED)


@pytest.mark.parametrize(
    ("retries", "tries", "state"),
    [
        (3, 3, Dispatch.RETRY_WAIT),
        (3, 4, Dispatch.FAILED),
        (0, 1, Dispatch.FAILED),
        (1, 1, Dispatch.RETRY_WAIT),
        (1, 3, Dispatch.FAILED),  # retries were lowered below what was used
        (20, 20, Dispatch.RETRY_WAIT),
        (20, 21, Dispatch.FAILED),
    ],
)
def test_retries_are_the_tries_after_the_first(retries: int, tries: int, state: Dispatch) -> None:
    decision = tried(OutcomeKind.REFUSED_TEMPORARY, tries=tries, retries=retries)
    assert decision.state is state
    assert decision.progress.tries == tries


@pytest.mark.parametrize(
    ("wait_s", "seconds"),
    [(None, 1800), (60.0, 1800), (3600.5, 3600.5), (10**9, 86_400), (-5.0, 1800)],
)
def test_a_refused_message_waits_the_longer_of_pool_time_and_what_the_server_asked(
    wait_s: float | None, seconds: float
) -> None:
    decision = tried(OutcomeKind.REFUSED_TEMPORARY, wait_s=wait_s)
    assert decision.progress.due == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("wait_s", "pool_s", "seconds"),
    [(None, 1800, 1800), (5.0, 1800, 5), (10**9, 1800, 86_400), (0.0, 1800, 1), (-3.0, 1800, 1), (None, 0, 60)],
)
def test_a_throttled_message_waits_as_asked_else_pool_time(wait_s: float | None, pool_s: int, seconds: int) -> None:
    retries = 3 if pool_s else 0
    decision = tried(OutcomeKind.THROTTLED, wait_s=wait_s, pool_s=pool_s, retries=retries)
    assert decision.state is Dispatch.QUEUED
    assert decision.progress.due == NOW + timedelta(seconds=seconds)
    assert decision.progress.throttled == 1


def test_throttling_has_a_cap_of_its_own() -> None:
    assert tried(OutcomeKind.THROTTLED, throttled=THROTTLE_CAP - 1).state is Dispatch.QUEUED
    beyond = tried(OutcomeKind.THROTTLED, throttled=THROTTLE_CAP)
    assert (beyond.state, beyond.progress.tries) == (Dispatch.RETRY_WAIT, 1)
    assert tried(OutcomeKind.THROTTLED, throttled=THROTTLE_CAP, retries=0).state is Dispatch.FAILED


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind is not OutcomeKind.PROVIDER_WIDE])
def test_evidence_of_acceptance_outweighs_the_reply(kind: OutcomeKind) -> None:
    assert tried(kind, evidence=True).state is Dispatch.ACCEPTED


@pytest.mark.parametrize(
    ("failed", "due", "goes"),
    [
        (at("17:45:00"), at("18:15:00"), at("09:00:00", 3)),
        (at("17:30:00"), at("18:00:00"), at("18:00:00")),
    ],
)
def test_a_retry_beyond_the_window_keeps_its_due_time_and_goes_when_it_opens(
    failed: datetime, due: datetime, goes: datetime
) -> None:
    decision = after_try(SENDING, Outcome(OutcomeKind.REFUSED_TEMPORARY), rules(), failed)
    assert decision.progress.due == due
    assert OFFICE.next_open(due) == goes
    missed = due + timedelta(seconds=1)
    assert OFFICE.next_open(max(missed, due)) == at("09:00:00", 3)


def test_a_message_given_back_or_unfit_has_used_no_try() -> None:
    claimed = Progress(Dispatch.CLAIMED, DUE, tries=2)
    assert given_back(claimed).progress == Progress(Dispatch.QUEUED, DUE, tries=2)
    assert unfit(claimed, "The address is none.", message_fault=True).state is Dispatch.FAILED
    held = unfit(claimed, "App Key does not open.", message_fault=False)
    assert (held.state, held.progress.tries, held.why) == (Dispatch.HELD, 2, "App Key does not open.")


def test_a_lost_worker_leaves_an_unmarked_message_queued_and_a_marked_one_in_doubt() -> None:
    progress = Progress(Dispatch.CLAIMED, DUE, tries=1)
    for crash in range(1, CRASH_CAP):
        decision = after_lost_worker(Progress(Dispatch.CLAIMED, DUE, tries=1, crashes=crash - 1))
        assert decision.progress == Progress(Dispatch.QUEUED, DUE, tries=1, crashes=crash)
    held = after_lost_worker(Progress(Dispatch.CLAIMED, DUE, tries=1, crashes=CRASH_CAP - 1))
    assert held.state is Dispatch.HELD
    assert "5 workers" in held.why
    assert released(held.progress).progress == Progress(Dispatch.QUEUED, DUE, tries=1)
    doubtful = after_lost_worker(Progress(Dispatch.SENDING, DUE, tries=2))
    assert (doubtful.state, doubtful.progress.tries) == (Dispatch.IN_DOUBT, 2)
    with pytest.raises(ValueError, match="queued"):
        after_lost_worker(Progress(Dispatch.QUEUED, DUE))
    assert progress.crashes == 0


def test_reaching_the_wire_forgets_the_crashes_before_it() -> None:
    progress = Progress(Dispatch.SENDING, DUE, tries=1, crashes=4)
    for kind in set(OutcomeKind) - {OutcomeKind.PROVIDER_WIDE}:
        assert after_try(progress, Outcome(kind), rules(), NOW).progress.crashes == 0


def test_a_message_in_doubt_is_tried_again_by_an_operator_or_after_its_grace() -> None:
    doubtful = Progress(Dispatch.IN_DOUBT, DUE, tries=1, throttled=7)
    again = in_doubt_again(doubtful, rules(), NOW, operator=True).progress
    assert again == Progress(Dispatch.RETRY_WAIT, NOW, tries=1, throttled=7)
    graced = in_doubt_again(doubtful, rules(), NOW, operator=False).progress
    assert graced == Progress(Dispatch.RETRY_WAIT, NOW + timedelta(minutes=30), tries=1, throttled=7)
    used_up = Progress(Dispatch.IN_DOUBT, DUE, tries=4, throttled=7)
    assert in_doubt_again(used_up, rules(), NOW, operator=False).state is Dispatch.FAILED
    anew = in_doubt_again(used_up, rules(), NOW, operator=True).progress
    assert anew == Progress(Dispatch.RETRY_WAIT, NOW, tries=0, generation=2)


def test_a_failed_message_begins_anew_with_tries_of_its_own() -> None:
    failed = Progress(Dispatch.FAILED, DUE, tries=4, generation=2, throttled=9, crashes=1)
    assert begun_anew(failed, NOW).progress == Progress(Dispatch.QUEUED, NOW, tries=0, generation=3)
