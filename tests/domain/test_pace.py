"""What the pace fields come to, in numbers and words."""

import pytest

from ftos_tui.domain.pace import (
    in_words,
    messages_a_day,
    messages_an_hour,
    pace_in_words,
    retry_horizon,
    total_tries,
    window_of,
)
from ftos_tui.domain.window import Window
from tests.domain.records import GOOD


def test_numbers() -> None:
    assert messages_an_hour(50) == 3000
    assert messages_a_day(1, Window("09:00:00", "09:59:59")) == 60
    assert messages_a_day(1, Window("09:00:00", "10:00:00")) == 61
    assert messages_a_day(1000, Window("00:00:00", "23:59:59")) == 1_440_000
    assert total_tries(0) == 1
    assert total_tries(20) == 21
    assert retry_horizon(3, 1800) == 5400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (3601, "1 h"),
        (86_400, "1 day"),
        (2 * 86_400 + 3600, "2 days 1 h"),
    ],
)
def test_durations_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_a_record_in_words() -> None:
    assert pace_in_words(GOOD) == (
        "50 a step = at most 3,000 an hour",
        "at most 27,050 a day, open 9 h",
        "4 tries in all, the last at least 1 h 30 min after the first",
    )


@pytest.mark.parametrize(
    ("changed", "last"),
    [
        ({"retry_max_attempt": 0}, "1 try in all, no retry"),
        ({"retry_max_attempt": 2, "pool_time_retry": "soon"}, "3 tries in all"),
        ({"retry_max_attempt": 2, "pool_time_retry": "00:00:00"}, "3 tries in all"),
        (
            {"pool_time_retry": "10:00:00"},
            "Pool Time Retry is longer than the window is open: each retry goes on another day",
        ),
    ],
)
def test_retries_in_words(changed: dict[str, str | int], last: str) -> None:
    assert pace_in_words({**GOOD, **changed})[-1] == last


def test_nothing_is_said_of_fields_that_hold_nothing() -> None:
    assert pace_in_words({}) == ()
    assert pace_in_words({"bulk_no": "1001", "retry_max_attempt": "x"}) == ()
    assert pace_in_words({"bulk_no": 50, "interval_min": "9"}) == ("50 a step = at most 3,000 an hour",)
    assert window_of({"interval_min": "09:00:00", "interval_max": "09:00:00"}) is None
