"""When a step starts and how much it takes; the provider behind it; the vectors of the window at the gate."""

from datetime import datetime, timedelta

import pytest

from ftos_tui.domain.delivery.breaker import CLOSED, Breaker, after_outcome
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.provider import (
    ProviderState,
    misconfigured_fields,
    provider_state,
    sending_rules,
)
from ftos_tui.domain.delivery.steps import Blocker, Room, StepState, gate, next_step_at, room
from ftos_tui.domain.record import NO_SECRETS, Author, ProviderVersion, Value, Values
from ftos_tui.domain.window import Window
from tests.domain.delivery.settings import at, provider, rules
from tests.domain.records import GOOD

NOON = at("12:00:00")
NIGHT = Window("22:00:00", "06:00:00")


def opened(cause: Cause) -> Breaker:
    return after_outcome(CLOSED, Outcome(OutcomeKind.PROVIDER_WIDE, reason=cause), rules(), 1, NOON)


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        (Window("09:00:00", "18:00:00"), at("08:59:59.999"), at("09:00:00")),
        (Window("09:00:00", "18:00:00"), at("18:00:00.999"), None),
        (Window("09:00:00", "18:00:00"), at("18:00:01"), at("09:00:00", 3)),
        (NIGHT, at("23:00:00"), None),
        (NIGHT, at("06:00:00.500"), None),
        (NIGHT, at("06:00:01"), at("22:00:00")),
        (NIGHT, at("21:59:59.999"), at("22:00:00")),
        (Window("12:00:00", "11:59:59"), at("11:59:59.500"), None),
        (Window("23:59:59", "00:00:00"), at("23:59:59"), None),
        (Window("23:59:59", "00:00:00"), at("00:00:00.999"), None),
        (Window("23:59:59", "00:00:00"), at("00:00:01"), at("23:59:59")),
    ],
)
def test_the_window_gates_each_start(window: Window, now: datetime, opens: datetime | None) -> None:
    free = gate(provider(rules(window)), CLOSED, now)
    assert free == (Room(1) if opens is None else Room(0, Blocker.WINDOW, opens))


@pytest.mark.parametrize(
    ("state", "blocker"),
    [
        (provider(deleted=True, missing=("App Key",)), Blocker.DELETED),
        (provider(missing=("App Key",), paused="night"), Blocker.NOT_READY),
        (ProviderState("A", 1, None), Blocker.MISCONFIGURED),
        (provider(paused="by ana"), Blocker.PAUSED),
    ],
)
def test_a_provider_that_cannot_send_gets_no_step(state: ProviderState, blocker: Blocker) -> None:
    assert room(state, StepState(), NOON) == Room(0, blocker)
    assert not state.active
    assert provider().active


def test_a_step_takes_bulk_less_what_is_in_flight_over_all_workers() -> None:
    assert room(provider(), StepState(), NOON) == Room(50)
    assert room(provider(), StepState(in_flight=20), NOON) == Room(30)
    assert room(provider(), StepState(in_flight=50), NOON) == Room(0, Blocker.IN_FLIGHT)
    lowered = provider(rules(bulk=10))
    assert room(lowered, StepState(in_flight=50), NOON) == Room(0, Blocker.IN_FLIGHT)


def test_steps_keep_their_interval() -> None:
    following = next_step_at(provider(), NOON)
    assert following == NOON + timedelta(seconds=60)
    step = StepState(next_step_at=following)
    assert room(provider(), step, NOON + timedelta(seconds=59.9)) == Room(0, Blocker.STEP, following)
    assert room(provider(), step, following) == Room(50)
    with pytest.raises(ValueError):
        next_step_at(ProviderState("A", 1, None), NOON)


def test_an_open_breaker_stops_steps_and_a_half_open_one_lets_one_message_through() -> None:
    step = StepState(breaker=opened(Cause.CREDITS))
    probe = NOON + timedelta(minutes=30)
    assert room(provider(), step, NOON) == Room(0, Blocker.BREAKER, probe)
    assert room(provider(), step, probe) == Room(1)
    assert room(provider(), StepState(in_flight=1, breaker=step.breaker), probe) == Room(0, Blocker.IN_FLIGHT)
    refused = StepState(breaker=opened(Cause.AUTHENTICATION))
    assert room(provider(), refused, NOON + timedelta(days=99)) == Room(0, Blocker.BREAKER)
    assert room(provider(version=2), refused, NOON) == Room(1)


def test_a_provider_that_asked_for_patience_waits_though_its_breaker_is_closed() -> None:
    breaker = CLOSED
    for _ in range(3):
        breaker = after_outcome(breaker, Outcome(OutcomeKind.THROTTLED, wait_s=90), rules(), 1, NOON)
    until = NOON + timedelta(seconds=90)
    assert room(provider(), StepState(breaker=breaker), NOON) == Room(0, Blocker.SLOWED, until)
    assert room(provider(), StepState(breaker=breaker), until) == Room(50)


def version(values: Values, missing: tuple[str, ...] = ()) -> ProviderVersion:
    return ProviderVersion(
        "id", 3, {**GOOD, **values}, NO_SECRETS, (), NOON, Author("ana", "jump"), "", "save", missing=missing
    )


def test_the_rules_come_from_the_record() -> None:
    state = provider_state(version({"bulk_no": 20, "retry_max_attempt": 2, "pool_time_retry": "00:30:00"}), step_s=30)
    assert state.rules is not None
    assert (state.name, state.version, state.active) == (str(GOOD["name"]), 3, True)
    assert (state.rules.bulk, state.rules.retries, state.rules.tries) == (20, 2, 3)
    assert (state.rules.pool_s, state.rules.step_s) == (1800, 30)
    assert state.rules.window == Window(str(GOOD["interval_min"]), str(GOOD["interval_max"]))
    unready = provider_state(version({}, ("app_key", "service_url")), paused="by ana")
    assert (unready.missing, unready.paused) == (("App Key", "Service Url"), "by ana")


@pytest.mark.parametrize(
    ("config", "connections"),
    [
        ("{}", 20),
        ('{"max_connections": 3}', 3),
        ('{"Max-Connections": 3}', 3),
        ('{"maxConnections": 900}', 20),
        ('{"max_connections": 0}', 20),
        ('{"max_connections": "3"}', 20),
        ('["max_connections"]', 20),
        ('{"max_connections', 20),
        (None, 20),
    ],
)
def test_connections_stay_within_bulk_and_what_the_provider_takes(config: str | None, connections: int) -> None:
    found = sending_rules({**GOOD, "bulk_no": 20, "app_config": config})
    assert found is not None
    assert found.connections == connections


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"interval_max": GOOD["interval_min"]}, ["Interval Min", "Interval Max"]),
        ({"interval_min": "24:00:00"}, ["Interval Min", "Interval Max"]),
        ({"bulk_no": 0}, ["Bulk No"]),
        ({"bulk_no": 1001}, ["Bulk No"]),
        ({"bulk_no": None}, ["Bulk No"]),
        ({"bulk_no": True}, ["Bulk No"]),
        ({"retry_max_attempt": 21}, ["Retry Max Attempt"]),
        ({"retry_max_attempt": -1, "bulk_no": "5"}, ["Bulk No", "Retry Max Attempt"]),
        ({"pool_time_retry": ""}, ["Pool Time Retry"]),
        ({"pool_time_retry": "00:00:00", "retry_max_attempt": 1}, ["Retry Max Attempt", "Pool Time Retry"]),
    ],
)
def test_settings_that_make_no_sense_stop_the_sending_instead_of_crashing(
    changed: dict[str, Value], wrong: list[str]
) -> None:
    values = {**GOOD, **changed}
    assert sending_rules(values) is None
    assert misconfigured_fields(values) == wrong
    assert room(provider_state(version(changed)), StepState(), NOON).blocker is Blocker.MISCONFIGURED


def test_no_wait_is_needed_where_there_are_no_retries() -> None:
    assert sending_rules({**GOOD, "retry_max_attempt": 0, "pool_time_retry": "00:00:00"}) is not None
    assert misconfigured_fields(GOOD) == ()
