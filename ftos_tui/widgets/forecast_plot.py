"""How many messages leave in each of the next 24 hours, drawn as blocks over an hour scale. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HOURS: Final = 24
LEVELS: Final = "▁▂▃▄▅▆▇█"
NONE: Final = "·"
"""An hour in which nothing leaves; it tells itself from the lowest block without colour."""

_LABEL_EVERY: Final = 6


@dataclass(frozen=True, slots=True)
class ForecastPlot:
    """Numbers by hour, ready to be drawn at any width.

    Attributes:
        counts: How many leave in each hour from the current one on; the first 24 are drawn.
        hour: The current hour of the day, UTC, 0 to 23.
        most: What a full block stands for, at least 1.
    """

    counts: tuple[int, ...]
    hour: int
    most: int

    def lines(self, width: int) -> list[str]:
        """The blocks, and under them the hours of the day at every sixth.

        Args:
            width: Cells at hand; 24 or more are taken.
        """
        cells = max(1, (width - 2) // HOURS)
        return [
            "".join(block(count, self.most) * cells for count in self.counts[:HOURS]),
            _scale(self.hour, cells),
        ]


def plot_counts(hours: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The 24 numbers to draw.

    Args:
        hours: Hours from the current one on, which is 0, and how many messages leave in each.
    """
    found = dict(hours)
    return tuple(found.get(hour, 0) for hour in range(HOURS))


def block(count: int, most: int) -> str:
    """The block for a number: full for `most` and above, the lowest for the smallest number, a dot for none."""
    if count <= 0:
        return NONE
    return LEVELS[min(len(LEVELS) - 1, (count * len(LEVELS) - 1) // max(most, 1))]


def _scale(hour: int, cells: int) -> str:
    line = [" "] * (HOURS * cells + 2)
    for ahead in range(0, HOURS, _LABEL_EVERY):
        label = str((hour + ahead) % 24)
        line[ahead * cells : ahead * cells + len(label)] = label
    return "".join(line).rstrip()
