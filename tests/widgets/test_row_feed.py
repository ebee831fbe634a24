"""The bounded window on a source of any size."""

import pytest

from ftos_tui.widgets.row_feed import PAGE, WINDOW, Load, Row, RowFeed, StaticSource
from tests.widgets.row_sources import NumberSource, row


def _numbers(feed: RowFeed) -> list[int]:
    return [int(row.key) for row in feed.rows]


async def test_the_first_page_knows_whether_there_is_more() -> None:
    feed = RowFeed(NumberSource(1000))
    assert await feed.load(Load.FIRST) == 0
    assert _numbers(feed) == list(range(PAGE))
    assert (feed.at_start, feed.at_end) == (True, False)
    short = RowFeed(NumberSource(7))
    await short.load(Load.FIRST)
    assert (short.at_start, short.at_end) == (True, True)


async def test_the_window_stays_bounded_both_ways() -> None:
    source = NumberSource(100_000)
    feed = RowFeed(source)
    await feed.load(Load.FIRST)
    shifts = [await feed.load(Load.AFTER) for _ in range(6)]
    assert len(feed.rows) == WINDOW
    assert shifts == [0, 0, 0, -100, -100, -100]
    assert (_numbers(feed)[0], _numbers(feed)[-1]) == (300, 699)
    assert not feed.at_start
    assert await feed.load(Load.BEFORE) == 100
    assert (_numbers(feed)[0], _numbers(feed)[-1]) == (200, 599)
    assert not feed.at_end
    assert source.fetched == 800


async def test_the_last_page_is_read_from_the_end() -> None:
    source = NumberSource(100_000)
    feed = RowFeed(source)
    await feed.load(Load.LAST)
    assert _numbers(feed) == list(range(99_900, 100_000))
    assert (feed.at_start, feed.at_end) == (False, True)
    assert source.calls == [(None, True)]
    for _ in range(4):
        await feed.load(Load.BEFORE)
    assert not feed.at_end


async def test_a_short_last_page_is_the_first_one_too() -> None:
    feed = RowFeed(NumberSource(30))
    await feed.load(Load.LAST)
    assert (feed.at_start, feed.at_end) == (True, True)


async def test_reading_again_starts_behind_a_row_that_stays() -> None:
    source = NumberSource(1000)
    feed = RowFeed(source)
    await feed.load(Load.FIRST)
    await feed.load(Load.AFTER)
    source.gone = {60, 61}
    assert await feed.load(Load.AROUND, 50) == -50
    assert _numbers(feed)[:12] == [50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 62, 63]
    assert not feed.at_start
    # The window does not start at the source's start: its own first row is the mark then.
    assert await feed.load(Load.AROUND, 0) == -1
    assert _numbers(feed)[0] == 51


async def test_reading_again_where_nothing_is_left_shows_what_ends_before() -> None:
    source = NumberSource(1000)
    feed = RowFeed(source)
    for load in (Load.FIRST, Load.AFTER):
        await feed.load(load)
    source.count = 40
    await feed.load(Load.AROUND, 100)
    assert _numbers(feed) == list(range(40))
    assert (feed.at_start, feed.at_end) == (True, True)


async def test_a_row_that_moved_between_two_reads_stands_there_once() -> None:
    class Moving:
        async def fetch(self, after: object | None, backwards: bool, limit: int) -> list[Row]:
            return [row(n) for n in range(limit)] if after is None else [row(5), row(200)]

    feed = RowFeed(Moving())
    await feed.load(Load.FIRST)
    await feed.load(Load.AFTER)
    assert _numbers(feed).count(5) == 1
    assert _numbers(feed)[-2:] == [5, 200]


async def test_nothing_changes_when_a_read_fails() -> None:
    source = NumberSource(1000)
    feed = RowFeed(source)
    await feed.load(Load.FIRST)
    source.failure = OSError("gone")
    for load in Load:
        with pytest.raises(OSError, match="gone"):
            await feed.load(load, 10)
    assert _numbers(feed) == list(range(PAGE))
    assert (feed.at_start, feed.at_end) == (True, False)


async def test_a_static_source_is_there_at_once_and_whole() -> None:
    feed = RowFeed(StaticSource([row(n) for n in range(500)]))
    assert len(feed.rows) == 500
    await feed.load(Load.FIRST)
    assert (len(feed.rows), feed.at_start, feed.at_end) == (500, True, True)


async def test_more_of_nothing_is_the_first_page() -> None:
    feed = RowFeed(NumberSource(3))
    await feed.load(Load.AFTER)
    assert _numbers(feed) == [0, 1, 2]
    await RowFeed(NumberSource(0)).load(Load.AROUND)
