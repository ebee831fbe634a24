"""The forecast does what the worker's gates do: held beside a plain simulation, step by step."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftos_tui.domain.delivery.breaker import CLOSED, after_outcome
from ftos_tui.domain.delivery.forecast import (
    IDLE,
    Forecast,
    forecast,
    in_sentence,
    last_retry_at,
    warnings,
)
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.provider import ProviderState
from ftos_tui.domain.delivery.steps import Blocker, StepState, next_step_at, room
from ftos_tui.domain.window import Window, hh_mm_ss
from tests.domain.delivery.settings import ALWAYS, OFFICE, at, provider, rules

NOW = at("12:00:00")

Waiting = list[tuple[datetime, int]]


def step_by_step(state: ProviderState, waiting: Waiting, now: datetime) -> tuple[dict[datetime, int], datetime]:
    """Every second that could matter asked for itself, every step taken for itself."""
    left = sorted(waiting)
    step, hours, last = IDLE, dict[datetime, int](), now
    while left:
        free = room(state, step, now)
        ready = sum(count for due, count in left if due <= now)
        if free.count and ready:
            going = min(free.count, ready)
            hour = now.replace(minute=0, second=0, microsecond=0)
            hours[hour] = hours.get(hour, 0) + going
            last, step = now, StepState(next_step_at(state, now))
            while going:
                due, count = left.pop(0)
                taken = min(count, going)
                going -= taken
                if count > taken:
                    left.insert(0, (due, count - taken))
        now = free.until or now + timedelta(seconds=1)
    return hours, last


@st.composite
def cases(draw: st.DrawFn) -> tuple[ProviderState, Waiting]:
    seconds = st.integers(0, 86_399)
    start = draw(seconds)
    end = (start + draw(st.integers(1, 30_000))) % 86_400
    window = draw(st.sampled_from([OFFICE, ALWAYS, Window(hh_mm_ss(start), hh_mm_ss(end))]))
    bulk, step_s = draw(st.integers(1, 9)), draw(st.sampled_from([1, 7, 60, 600]))
    dues = st.integers(-50, 4000).map(lambda offset: NOW + timedelta(seconds=offset))
    waiting = draw(st.lists(st.tuples(dues, st.integers(1, 40)), min_size=1, max_size=4))
    return provider(rules(window, bulk=bulk, step_s=step_s)), waiting


@settings(max_examples=40, deadline=None)
@given(cases())
def test_it_is_what_step_by_step_comes_to(case: tuple[ProviderState, Waiting]) -> None:
    state, waiting = case
    hours, last = step_by_step(state, waiting, NOW)
    ahead = forecast(state, IDLE, waiting, NOW)
    assert dict(ahead.hours) == hours
    assert ahead.end == last
    assert (ahead.left, ahead.blocker) == (0, None)
    assert ahead.waiting == sum(hours.values())


def test_a_thousand_leave_in_steps_within_the_window() -> None:
    ahead = forecast(provider(), IDLE, [(at("08:00:00"), 20_000)], NOW)
    assert ahead.hours[0] == (at("12:00:00"), 3000)
    assert ahead.hours[-1] == (at("09:00:00", 3), 1950)  # 18:00:00 itself is open, and starts one more step
    assert ahead.end == at("09:38:00", 3)
    assert sum(count for _, count in ahead.hours) == 20_000


def test_a_million_cost_no_more_than_the_hours_they_take() -> None:
    calls = 0

    class Counted(Window):
        def is_open_at(self, now: datetime) -> bool:
            nonlocal calls
            calls += 1
            return super().is_open_at(now)

    window = Counted("09:00:00", "18:00:00")
    ahead = forecast(provider(rules(window, bulk=1000)), IDLE, [(NOW, 1_000_000)], NOW)
    assert ahead.end is not None
    assert calls < 3 * len(ahead.hours) + 10
    alone = forecast(provider(rules(ALWAYS, bulk=1, step_s=60)), IDLE, [(NOW, 1_000_000)], NOW)
    assert alone.end is None
    assert alone.left == 1_000_000 - 366 * 1440
    assert in_sentence(alone, NOW) == "1,000,000 waiting do not all leave within a year"
    assert warnings(rules(), alone, NOW) == ("472,960 do not leave within a year.",)


def test_what_is_in_hand_and_the_last_step_count() -> None:
    busy = StepState(next_step_at=at("12:00:30"), in_flight=20)
    ahead = forecast(provider(), busy, [(NOW, 40)], NOW)
    assert ahead.end == at("12:01:30")  # 30 at 12:00:30, 10 a minute later
    full = forecast(provider(), StepState(in_flight=50), [(NOW, 40)], NOW)
    assert full.end == at("12:00:01")


def test_an_open_breaker_delays_all_but_the_probe_or_stops_them() -> None:
    def opened(cause: Cause) -> StepState:
        outcome = Outcome(OutcomeKind.PROVIDER_WIDE, reason=cause)
        return StepState(breaker=after_outcome(CLOSED, outcome, rules(), 1, NOW))

    ahead = forecast(provider(), opened(Cause.CREDITS), [(NOW, 40)], NOW)
    assert ahead.end == at("12:31:00")  # one at 12:30, the others a minute later
    stopped = forecast(provider(), opened(Cause.AUTHENTICATION), [(NOW, 40)], NOW)
    assert (stopped.end, stopped.left, stopped.blocker) == (None, 40, Blocker.BREAKER)
    assert in_sentence(stopped, NOW) == "40 waiting do not leave"
    assert warnings(rules(), stopped, NOW) == ()
    unready = forecast(provider(missing=("App Key",)), IDLE, [(NOW, 1)], NOW)
    assert unready.blocker is Blocker.NOT_READY


def test_last_retry_runs_through_the_policy_and_the_window() -> None:
    assert last_retry_at(rules(retries=0), NOW) == NOW
    assert last_retry_at(rules(retries=3), NOW) == at("13:30:00")
    assert last_retry_at(rules(retries=3), at("17:10:00")) == at("09:30:00", 3)  # 17:40, then 09:00 for 18:10
    assert forecast(provider(), IDLE, [(NOW, 1)], NOW).last_retry == at("13:30:00")


def test_words_beside_the_settings_as_saved() -> None:
    saved = forecast(provider(rules(bulk=70)), IDLE, [(NOW, 12_400)], NOW)
    edited = forecast(provider(), IDLE, [(NOW, 20_000)], NOW)
    edited = replace(edited, waiting=12_400)
    assert in_sentence(edited, NOW) == "12,400 waiting leave by tomorrow 09:38 UTC"
    assert in_sentence(edited, NOW, edited) == in_sentence(edited, NOW)
    both = in_sentence(edited, NOW, saved)
    assert both == "12,400 waiting leave by tomorrow 09:38 UTC; as saved, today 14:57 UTC"
    assert in_sentence(Forecast(0, (), NOW, NOW), NOW) == "No messages wait"
    never = Forecast(5, (), None, None, 5, Blocker.DELETED)
    assert in_sentence(edited, NOW, never).endswith("as saved, never")
    assert in_sentence(edited, NOW, replace(never, blocker=None)).endswith("as saved, more than a year")


@pytest.mark.parametrize(
    ("first_expiry", "retries", "pool_s", "said"),
    [
        (None, 3, 1800, ()),
        (at("15:00:00"), 3, 1800, ()),
        (at("12:10:00"), 3, 1800, ("The first of them expires at today 12:10 UTC, before all have left.",)),
        (None, 20, 36_000, ("The last of 21 tries may come 19 days 20 h after the first.",)),
    ],
)
def test_horizons_are_warned_of(
    first_expiry: datetime | None, retries: int, pool_s: int, said: tuple[str, ...]
) -> None:
    sending = rules(retries=retries, pool_s=pool_s)
    ahead = forecast(provider(sending), IDLE, [(NOW, 1500)], NOW)
    assert warnings(sending, ahead, NOW, first_expiry) == said


@pytest.mark.parametrize(
    ("end", "blocker", "said"),
    [
        (NOW, None, "1 waiting leaves by today 12:00 UTC"),
        (None, Blocker.PAUSED, "1 waiting does not leave"),
        (None, None, "1 waiting does not leave within a year"),
    ],
)
def test_one_message_is_told_of_as_one(end: datetime | None, blocker: Blocker | None, said: str) -> None:
    assert in_sentence(Forecast(1, (), end, None, int(end is None), blocker), NOW) == said
