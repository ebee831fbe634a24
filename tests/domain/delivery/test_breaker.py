"""The breaker: what opens it, what closes it, when a probe goes."""

from datetime import datetime, timedelta

import pytest

from ftos_tui.domain.delivery.breaker import (
    CLOSED,
    Breaker,
    Position,
    after_outcome,
    closed_by_operator,
    has_opened,
)
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from tests.domain.delivery.settings import at, rules

NOW = at("10:00:00")
OK = Outcome(OutcomeKind.ACCEPTED, "250")
TEMPORARY = Outcome(OutcomeKind.REFUSED_TEMPORARY, "450", "busy")
PERMANENT = Outcome(OutcomeKind.REFUSED_PERMANENT, "550")
DOUBT = Outcome(OutcomeKind.IN_DOUBT)
NOT_SENT = Outcome(OutcomeKind.NOT_SENT)


def fails(cause: Cause) -> Outcome:
    return Outcome(OutcomeKind.PROVIDER_WIDE, said="no", reason=cause)


def throttled(wait_s: float | None = None) -> Outcome:
    return Outcome(OutcomeKind.THROTTLED, wait_s=wait_s)


def after(
    *outcomes: Outcome, breaker: Breaker = CLOSED, now: datetime = NOW, version: int = 1, pool_s: int = 1800
) -> Breaker:
    for outcome in outcomes:
        breaker = after_outcome(breaker, outcome, rules(pool_s=pool_s, retries=3 if pool_s else 0), version, now)
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "cause"),
    [
        ((fails(Cause.AUTHENTICATION),), Cause.AUTHENTICATION),
        ((fails(Cause.CREDITS),), Cause.CREDITS),
        ((fails(Cause.SENDER_IDENTITY),), Cause.SENDER_IDENTITY),
        ((fails(Cause.CONFIGURATION),), Cause.CONFIGURATION),
        ((fails(Cause.QUOTA),), Cause.QUOTA),
        ((fails(Cause.NETWORK),) * 2, None),
        ((fails(Cause.NETWORK),) * 3, Cause.NETWORK),
        ((fails(Cause.NETWORK), fails(Cause.NETWORK), OK, fails(Cause.NETWORK)), None),
        ((fails(Cause.NETWORK), fails(Cause.NETWORK), NOT_SENT, fails(Cause.NETWORK)), Cause.NETWORK),
        ((TEMPORARY,) * 4, None),
        ((TEMPORARY,) * 5, Cause.ERRORS),
        ((TEMPORARY, DOUBT, TEMPORARY, DOUBT, TEMPORARY), Cause.ERRORS),
        ((TEMPORARY,) * 4 + (OK, TEMPORARY), None),
        ((TEMPORARY,) * 4 + (PERMANENT, TEMPORARY), None),
        ((PERMANENT,) * 9, None),
        ((throttled(),) * 9, None),
        ((throttled(30.0),) * 9, None),
        ((OK,) * 9, None),
    ],
)
def test_what_opens_it(outcomes: tuple[Outcome, ...], cause: Cause | None) -> None:
    breaker = after(*outcomes)
    assert breaker.cause is cause
    assert breaker.position is (Position.OPEN if cause else Position.CLOSED)
    assert has_opened(CLOSED, breaker) is bool(cause)
    if cause:
        assert breaker.opened_at == NOW
        assert breaker.version == 1
        probe = None if cause is Cause.AUTHENTICATION else NOW + timedelta(minutes=30)
        assert breaker.probe_at == probe


def test_an_accepted_message_leaves_a_closed_breaker_as_it_is() -> None:
    assert after(OK) is CLOSED


def test_open_it_lets_nothing_through_until_its_probe_and_later_news_of_old_tries_change_nothing() -> None:
    breaker = after(*(fails(Cause.NETWORK),) * 3)
    assert breaker.at_time(NOW + timedelta(seconds=1799), 1).position is Position.OPEN
    assert breaker.at_time(NOW + timedelta(seconds=1800), 1).position is Position.HALF_OPEN
    soon = NOW + timedelta(seconds=5)
    for outcome in (OK, fails(Cause.AUTHENTICATION), TEMPORARY, throttled(5.0)):
        assert after(outcome, breaker=breaker, now=soon) == breaker


def test_failed_probes_double_the_wait_up_to_an_hour() -> None:
    breaker, now, waits = after(*(fails(Cause.NETWORK),) * 3, pool_s=600), NOW, []
    for _ in range(6):
        assert breaker.probe_at is not None
        waits.append(breaker.wait_s)
        now = breaker.probe_at
        before, breaker = breaker, after(fails(Cause.NETWORK), breaker=breaker, now=now, pool_s=600)
        assert not has_opened(before, breaker)
        assert breaker.opened_at == NOW
    assert waits == [600, 1200, 2400, 3600, 3600, 3600]


@pytest.mark.parametrize(("pool_s", "waits"), [(7200, [7200, 7200, 7200]), (0, [60, 120, 240])])
def test_probe_waits_at_the_ends_of_pool_time(pool_s: int, waits: list[int]) -> None:
    breaker, found = after(fails(Cause.CREDITS), pool_s=pool_s), []
    for _ in waits:
        found.append(breaker.wait_s)
        assert breaker.probe_at is not None
        breaker = after(fails(Cause.CREDITS), breaker=breaker, now=breaker.probe_at, pool_s=pool_s)
    assert found == waits


@pytest.mark.parametrize(
    ("cause", "outcome", "position"),
    [
        (Cause.NETWORK, OK, Position.CLOSED),
        (Cause.NETWORK, PERMANENT, Position.CLOSED),
        (Cause.NETWORK, TEMPORARY, Position.CLOSED),
        (Cause.NETWORK, throttled(), Position.CLOSED),
        (Cause.NETWORK, DOUBT, Position.OPEN),
        (Cause.NETWORK, fails(Cause.NETWORK), Position.OPEN),
        (Cause.NETWORK, fails(Cause.AUTHENTICATION), Position.OPEN),
        (Cause.CREDITS, fails(Cause.NETWORK), Position.OPEN),
        (Cause.ERRORS, TEMPORARY, Position.OPEN),
        (Cause.ERRORS, OK, Position.CLOSED),
        (Cause.NETWORK, NOT_SENT, Position.HALF_OPEN),
    ],
)
def test_what_a_probe_decides(cause: Cause, outcome: Outcome, position: Position) -> None:
    many = {Cause.NETWORK: 3, Cause.ERRORS: 5}.get(cause, 1)
    breaker = after(*((TEMPORARY,) if cause is Cause.ERRORS else (fails(cause),)) * many)
    assert breaker.probe_at is not None
    assert after(outcome, breaker=breaker, now=breaker.probe_at).position is position


def test_a_refused_sign_in_has_no_probe_but_an_edit_or_an_operator_lets_one_through() -> None:
    breaker = after(fails(Cause.AUTHENTICATION))
    assert breaker.at_time(NOW + timedelta(days=400), 1).position is Position.OPEN
    assert breaker.at_time(NOW, 2).position is Position.HALF_OPEN
    again = after(fails(Cause.AUTHENTICATION), breaker=breaker, version=2)
    assert (again.position, again.version, again.probe_at) == (Position.OPEN, 2, None)
    assert after(OK, breaker=breaker, version=2) == CLOSED
    assert closed_by_operator() == CLOSED


def test_a_late_refusal_under_old_settings_stops_the_new_ones_for_one_probe_only() -> None:
    late = after(fails(Cause.AUTHENTICATION), version=1)
    assert late.at_time(NOW, 2).position is Position.HALF_OPEN


def test_throttling_slows_the_provider_down_when_it_goes_on() -> None:
    assert after(throttled(30.0), throttled(30.0)).slow_until is None  # may be one recipient's server only
    assert after(throttled(30.0), throttled(), OK, throttled(30.0)).slow_until is None
    assert after(*(throttled(),) * 3).slow_until == NOW + timedelta(seconds=60)
    slowed = after(*(throttled(30.0),) * 3)
    assert slowed.slow_until == NOW + timedelta(seconds=30)
    assert after(throttled(5.0), breaker=slowed).slow_until == NOW + timedelta(seconds=30)
    assert after(throttled(-5.0), throttled(), throttled(10**9)).slow_until == NOW + timedelta(days=1)
    assert after(TEMPORARY, OK, breaker=slowed).slow_until == NOW + timedelta(seconds=30)
    assert after(fails(Cause.CREDITS), breaker=slowed).slow_until == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    "breaker",
    [
        CLOSED,
        after(fails(Cause.AUTHENTICATION)),
        after(*(fails(Cause.NETWORK),) * 3).at_time(NOW + timedelta(hours=1), 1),
        after(TEMPORARY, *(throttled(2.5),) * 3),
    ],
)
def test_it_is_stored_and_read_back(breaker: Breaker) -> None:
    assert Breaker.from_json(breaker.to_json()) == breaker
    assert Breaker.from_json("") == CLOSED


@pytest.mark.parametrize("text", ["{", '{"position": "ajar"}', '{"colour": 1}', '{"cause": "?"}', '{"opened_at": "?"}'])
def test_a_text_that_is_no_breaker_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Breaker.from_json(text)
