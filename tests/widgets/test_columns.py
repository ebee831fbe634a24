"""Columns at the widths a terminal may have."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.widgets.columns import GAP, Column, lay_out

COLUMNS = (
    Column("name", "Name", 24, 12, flex=2),
    Column("channel", "Channel", 7, drop=2),
    Column("provider", "Provider", 14, 8, flex=1),
    Column("bulk", "Bulk", 4, align="right", drop=3),
    Column("saved", "Last saved", 16, drop=1),
)


def _places(width: int, skip: int = 0) -> list[tuple[str, int, int]]:
    return [(place.column.key, place.x, place.width) for place in lay_out(COLUMNS, width, skip)]


def test_what_is_left_over_goes_to_the_flexible_columns() -> None:
    assert _places(81) == [
        ("name", 0, 32),
        ("channel", 33, 7),
        ("provider", 41, 18),
        ("bulk", 60, 4),
        ("saved", 65, 16),
    ]


def test_wide_columns_give_way_before_any_is_dropped() -> None:
    places = _places(51)
    assert [key for key, _, _ in places] == ["name", "channel", "provider", "bulk", "saved"]
    assert places[0][2] == 12
    assert places[2][2] == 8


def test_the_greatest_drop_goes_first() -> None:
    assert [key for key, _, _ in _places(50)] == ["name", "channel", "provider", "saved"]
    assert [key for key, _, _ in _places(40)] == ["name", "provider", "saved"]
    assert [key for key, _, _ in _places(30)] == ["name", "provider"]


def test_scrolled_away_columns_make_room_and_the_first_stays() -> None:
    assert [key for key, _, _ in _places(40, 2)] == ["name", "bulk", "saved"]


def test_a_column_with_no_room_at_all_is_left_out() -> None:
    assert _places(10) == [("name", 0, 10)]
    assert lay_out((), 10) == ()
    assert lay_out(COLUMNS, 0) == ()


def test_what_would_be_no_more_than_an_ellipsis_at_the_edge_is_left_out() -> None:
    columns = (Column("a", "A", 10), Column("b", "B", 7), Column("c", "C", 1))
    assert [(place.column.key, place.width) for place in lay_out(columns, 14)] == [("a", 10), ("b", 3)]
    assert [(place.column.key, place.width) for place in lay_out(columns, 13)] == [("a", 10)]
    assert [place.column.key for place in lay_out(columns, 20)] == ["a", "b", "c"]


@given(st.integers(0, 260), st.integers(0, 5))
def test_columns_never_overlap_nor_leave_the_line(width: int, skip: int) -> None:
    places = lay_out(COLUMNS, width, skip)
    assert all(place.width >= 1 and place.x + place.width <= width for place in places)
    assert all(right.x == left.x + left.width + GAP for left, right in pairwise(places))
