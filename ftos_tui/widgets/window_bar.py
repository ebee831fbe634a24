"""The sending window drawn over one day: which hours are open, an hour scale, and where now is. Pure functions."""

from dataclasses import dataclass

DAY = 86_400
"""Seconds of a day."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a bar is drawn with; each is one cell and tells itself from the others without colour.

    Attributes:
        opened: A cell whose every second is open.
        partly: A cell with open and closed seconds.
        closed: A cell whose every second is closed.
        unknown: A cell of a window that is not known.
        now: The mark of now.
    """

    opened: str = "█"
    partly: str = "▄"
    closed: str = "▁"
    unknown: str = "·"
    now: str = "▲"


BLOCKS = Signs()
"""For terminals that show block elements."""

ASCII = Signs("#", "+", "_", ".", "^")
"""For those that do not."""


@dataclass(frozen=True, slots=True)
class WindowBar:
    """A window and a moment, ready to be drawn at any width.

    Attributes:
        minimum: First open second of the day, 0 to 86,399; None where it is not known.
        maximum: Last open second of the day; smaller than `minimum` where the window crosses midnight.
        now: The second of the day it is; None to leave the mark out.
        signs: What to draw it with.
    """

    minimum: int | None
    maximum: int | None
    now: int | None = None
    signs: Signs = BLOCKS

    def lines(self, width: int) -> list[str]:
        """The bar, the mark of now under it where there is one, and the hour scale.

        Args:
            width: Cells at hand; 8 or more are taken.

        Returns:
            Two or three lines of at most `width` cells.
        """
        width = max(8, width)
        bar = bar_line(self.minimum, self.maximum, width - 1, self.signs)
        mark = [] if self.now is None else [mark_line(self.now, width - 1, self.signs)]
        return [bar, *mark, scale_line(width - 1)]


def open_spans(minimum: int, maximum: int) -> list[tuple[int, int]]:
    """The open seconds of a day as half-open spans.

    The window is closed at both ends: with Min before Max it holds Min <= s <= Max, with Min after Max it crosses
    midnight, and Min = Max is no window.

    Args:
        minimum: First open second, 0 to 86,399.
        maximum: Last open second, 0 to 86,399.

    Returns:
        No span, one, or two, in order.
    """
    if minimum == maximum:
        return []
    if minimum < maximum:
        return [(minimum, maximum + 1)]
    return [(0, maximum + 1), (minimum, DAY)]


def bar_line(minimum: int | None, maximum: int | None, width: int, signs: Signs = BLOCKS) -> str:
    """A day in `width` cells, each showing whether its seconds are open.

    Args:
        minimum: First open second; None where it is not known.
        maximum: Last open second; None where it is not known.
        width: Cells, 1 or more.
        signs: What to draw it with.

    Returns:
        Exactly `width` signs. A window that is not known, or none at all, has signs of its own.
    """
    if minimum is None or maximum is None or minimum == maximum:
        return signs.unknown * width
    spans = open_spans(minimum, maximum)
    line = ""
    for cell in range(width):
        start, end = cell * DAY // width, (cell + 1) * DAY // width
        seconds = sum(max(0, min(end, stop) - max(start, begin)) for begin, stop in spans)
        line += signs.closed if not seconds else signs.opened if seconds == end - start else signs.partly
    return line


def mark_line(now: int, width: int, signs: Signs = BLOCKS) -> str:
    """The mark of now under a bar of the same width, with its time behind or before it where there is room.

    Args:
        now: The second of the day, 0 to 86,399.
        width: Cells of the bar.
        signs: What to draw it with.
    """
    at = now * width // DAY
    time = f"{now // 3600:02}:{now // 60 % 60:02}"
    after = f"{' ' * at}{signs.now} {time}"
    if len(after) <= width:
        return after
    before = f"{time} {signs.now}"
    return f"{before:>{at + 1}}" if at >= len(time) + 1 else f"{signs.now:>{at + 1}}"


def scale_line(width: int) -> str:
    """The hours under a bar: a number where its hour begins, fewer where it is narrow.

    Args:
        width: Cells of the bar; the scale may be one cell wider, for the 24.
    """
    step = 3 if width >= 72 else 6 if width >= 16 else 12
    line = ""
    for hour in range(0, 25, step):
        at = hour * width // 24 - (hour == 24)
        line = f"{line:<{at}}{hour}"
    return line
