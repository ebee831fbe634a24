"""The window drawn over a day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.widgets.window_bar import ASCII, DAY, WindowBar, bar_line, mark_line, open_spans, scale_line

HOUR = 3600


def test_a_working_day_in_half_hours() -> None:
    assert WindowBar(9 * HOUR, 18 * HOUR - 1, 10 * HOUR + 41 * 60).lines(49) == [
        "▁" * 18 + "█" * 18 + "▁" * 12,
        "                     ▲ 10:41",
        "0           6           12          18         24",
    ]


def test_a_window_across_midnight_in_plain_signs() -> None:
    bar = WindowBar(22 * HOUR, 6 * HOUR, 23 * HOUR + 1800, ASCII)
    assert bar.lines(25) == [
        "######+_______________##",
        "                 23:30 ^",
        "0     6     12    18   24",
    ]


def test_a_minute_shows_and_so_does_a_gap_of_one_second() -> None:
    assert bar_line(12 * HOUR, 12 * HOUR + 59, 24) == "▁" * 12 + "▄" + "▁" * 11
    assert bar_line(1, 0, 4) == "████", "every second is open"
    assert bar_line(2, 0, 4) == "▄███", "one second is not"
    assert bar_line(0, DAY - 1, 10) == "█" * 10


@pytest.mark.parametrize(("minimum", "maximum"), [(None, 5), (5, None), (None, None), (7, 7)])
def test_what_is_no_window_is_drawn_as_unknown(minimum: int | None, maximum: int | None) -> None:
    assert bar_line(minimum, maximum, 10) == "·" * 10


def test_without_now_there_is_no_mark() -> None:
    assert WindowBar(None, None).lines(3) == ["·······", "0  12 24"]


@given(st.integers(0, DAY - 1), st.integers(0, DAY - 1), st.integers(1, 96))
def test_the_bar_agrees_with_every_second(minimum: int, maximum: int, width: int) -> None:
    def is_open(second: int) -> bool:
        if minimum < maximum:
            return minimum <= second <= maximum
        return minimum > maximum and (second >= minimum or second <= maximum)

    spans = open_spans(minimum, maximum)
    for second in {0, minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, DAY - 1} & set(range(DAY)):
        assert any(begin <= second < stop for begin, stop in spans) == is_open(second)
    assert sum(stop - begin for begin, stop in spans) == ((maximum - minimum) % DAY + 1 if minimum != maximum else 0)
    line = bar_line(minimum, maximum, width)
    assert len(line) == width
    for cell, sign in enumerate(line):
        start, end = cell * DAY // width, (cell + 1) * DAY // width
        samples = {start, end - 1, (start + end) // 2, *(s for s in (minimum, maximum) if start <= s < end)}
        opened = {is_open(second) for second in samples}
        if sign == "█":
            assert opened == {True}
        if sign == "▁":
            assert opened == {False}
        if len(opened) == 2:
            assert sign == "▄"


@given(st.integers(0, DAY - 1), st.integers(8, 250))
def test_mark_and_scale_stay_under_the_bar(now: int, width: int) -> None:
    assert len(mark_line(now, width)) <= width
    assert mark_line(now, width)[now * width // DAY] == "▲"
    assert len(scale_line(width)) <= width + 1
    assert scale_line(width).startswith("0")
    assert scale_line(width).endswith("24")
