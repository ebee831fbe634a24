"""A day of one status as a row of 24 characters, one an hour."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

HOURS: Final = 24

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_NONE: Final = "·"


def last_hours(by_hour: Mapping[datetime, int], now: datetime) -> tuple[int, ...]:
    """The numbers of the last 24 hours, the one that runs last.

    Args:
        by_hour: Numbers by the hour they were counted in, UTC.
        now: UTC.
    """
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return tuple(by_hour.get(this - timedelta(hours=back), 0) for back in range(HOURS - 1, -1, -1))


def curve(numbers: Sequence[int]) -> str:
    """One character for each number: a dot for none, else a block as high as its share of the greatest."""
    most = max(numbers, default=0)
    if most <= 0:
        return _NONE * len(numbers)
    steps = len(_BLOCKS)
    return "".join(_BLOCKS[-(-number * steps // most) - 1] if number > 0 else _NONE for number in numbers)
