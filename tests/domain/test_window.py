"""The window's exact meaning: vectors, and a brute-force model beside it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.window import DAY, Window, hh_mm_ss, seconds_of_day

OFFICE = Window("09:00:00", "18:00:00")
NIGHT = Window("22:00:00", "06:00:00")


def at(clock: str, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2026-01-{day:02}T{clock}+00:00")


@pytest.mark.parametrize(
    ("window", "clock", "is_open"),
    [
        (OFFICE, "08:59:59.999", False),
        (OFFICE, "09:00:00", True),
        (OFFICE, "18:00:00.999", True),
        (OFFICE, "18:00:01", False),
        (NIGHT, "23:00:00", True),
        (NIGHT, "06:00:00.500", True),
        (NIGHT, "06:00:01", False),
        (NIGHT, "21:59:59.999", False),
        (Window("12:00:00", "11:59:59"), "11:59:59.500", True),
        (Window("00:00:00", "23:59:59"), "23:59:59.999", True),
        (Window("23:59:59", "00:00:00"), "00:00:00.999", True),
        (Window("23:59:59", "00:00:00"), "00:00:01", False),
    ],
)
def test_open_or_closed(window: Window, clock: str, is_open: bool) -> None:
    assert window.is_open_at(at(clock)) is is_open


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        (OFFICE, at("08:59:59.999"), at("09:00:00")),
        (OFFICE, at("18:00:01"), at("09:00:00", 3)),
        (OFFICE, at("10:00:00.250"), at("10:00:00.250")),
        (NIGHT, at("06:00:01"), at("22:00:00")),
        (NIGHT, at("21:59:59.999"), at("22:00:00")),
        (Window("23:59:59", "00:00:00"), at("00:00:01"), at("23:59:59")),
        (OFFICE, datetime(2026, 12, 31, 18, 0, 1, tzinfo=UTC), datetime(2027, 1, 1, 9, tzinfo=UTC)),
        (
            OFFICE,
            datetime(2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=3))),
            datetime(2026, 7, 1, 9, tzinfo=UTC),
        ),
    ],
)
def test_next_open(window: Window, now: datetime, opens: datetime) -> None:
    assert window.next_open(now) == opens


def test_next_change() -> None:
    assert OFFICE.next_change(at("10:00:00.7")) == at("18:00:01")
    assert OFFICE.next_change(at("18:00:00.999")) == at("18:00:01")
    assert OFFICE.next_change(at("18:00:01")) == at("09:00:00", 3)
    assert NIGHT.next_change(at("23:00:00")) == at("06:00:01", 3)
    assert Window("12:00:00", "11:59:59").next_change(at("10:00:00")) is None
    assert Window("00:00:00", "23:59:59").always_open


@pytest.mark.parametrize(
    "text", ["24:00:00", "9:00:00", "09:00", "09:00:60", "０９:00:00", "09:00:00 ", "", "09:00:00\n"]
)
def test_not_a_time(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM:SS"):
        Window(text, "10:00:00")


def test_same_ends_and_times_without_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="same"):
        Window("09:00:00", "09:00:00")
    with pytest.raises(ValueError, match="zone"):
        OFFICE.is_open_at(at("09:00:00").replace(tzinfo=None))


seconds = st.integers(0, DAY - 1)


@given(seconds)
def test_text_and_seconds_are_each_others_inverse(second: int) -> None:
    assert seconds_of_day(hh_mm_ss(second)) == second


@given(seconds, seconds, seconds, st.integers(0, 999_999))
def test_agrees_with_a_walk_through_the_day(first: int, last: int, now: int, fraction: int) -> None:
    if first == last:
        last = (last + 1) % DAY
    window = Window(hh_mm_ss(first), hh_mm_ss(last))
    length = (last - first) % DAY + 1
    assert window.open_seconds == length

    def model(second: int) -> bool:
        return (second - first) % DAY < length

    moment = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=now, microseconds=fraction)
    assert window.is_open(now) is window.is_open_at(moment) is model(now)
    change = window.next_change(moment)
    if change is None:
        assert length == DAY
    else:
        ahead = int((change - moment.replace(microsecond=0)).total_seconds())
        assert 0 < ahead < DAY
        assert change.microsecond == 0
        assert model((now + ahead) % DAY) is not model(now)
        boundaries = {first, (last + 1) % DAY}
        assert not any(now < boundary < now + ahead or now < boundary + DAY < now + ahead for boundary in boundaries)
    opens = window.next_open(moment)
    assert window.is_open_at(opens)
    assert opens == (moment if model(now) else change)
