"""Texts measured in terminal cells: cut, padded and wrapped so that columns stay where they are.

Wide characters take two cells and combining ones none (Unicode UAX 11), so a text's length says nothing about its
place on screen. Every text of data passes `shown` on its way to a line.
"""

from itertools import accumulate
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

from ftos_tui.domain.visible import visible

Align = Literal["left", "right"]
"""At which side a padded text stands."""

ELLIPSIS = "…"
"""Stands for what was left out."""

_MOST_MARKS = 4
"""Combining marks kept on one letter; real languages use at most three, heaps of them only grow the line."""


def shown(text: str) -> str:
    """The text as a line shows it: unsafe characters visible, heaps of combining marks thinned out.

    Terminals disagree how wide a character with a variation selector is, one with a skin tone, and the pair of
    letters of a flag, and one cell of doubt moves every column behind it: selectors and skin tones are dropped, a
    flag is shown as its letters.

    Args:
        text: Any text.

    Returns:
        One line whose width is the sum of the widths of its characters.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in visible(text):
        if "\ufe00" <= character <= "\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff":
            continue
        if "\U0001f1e6" <= character <= "\U0001f1ff":
            character = chr(ord(character) - 0x1F1E6 + ord("A"))
        marks = 0 if get_character_cell_size(character) else marks + 1
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def width_of(text: str) -> int:
    """How many cells a text takes, 0 or more."""
    return cell_len(text)


def _head(text: str, width: int) -> str:
    """The longest start of a shown text that fits, where not all of it does; marks stay with their letter."""
    ends = accumulate(map(get_character_cell_size, text))
    return text[: next(index for index, end in enumerate(ends) if end > width)]


def _tail(text: str, width: int) -> str:
    """The longest end of a shown text that fits, where not all of it does; no mark without its letter."""
    start = at = len(text)
    while width >= 0:
        at -= 1
        size = get_character_cell_size(text[at])
        width -= size
        if size and width >= 0:
            start = at
    return text[start:]


def cut(text: str, width: int) -> str:
    """A text in at most `width` cells; where it is longer its middle gives way to `…`.

    Args:
        text: Any text.
        width: Cells at hand; nothing fits in 0 or less.

    Returns:
        The visible text, `width` cells wide or narrower.
    """
    line = shown(text)
    if width_of(line) <= width:
        return line
    if width <= 1:
        return ELLIPSIS[: max(0, width)]
    head = _head(line, width // 2)
    return f"{head}{ELLIPSIS}{_tail(line, width - width_of(head) - 1)}"


def cut_end(text: str, width: int) -> str:
    """A sentence in at most `width` cells; where it is longer its end gives way to `…`, behind a whole word if it can.

    Args:
        text: Any text.
        width: Cells at hand; nothing fits in 0 or less.

    Returns:
        The visible text, `width` cells wide or narrower.
    """
    line = shown(text)
    if width_of(line) <= width:
        return line
    if width <= 1:
        return ELLIPSIS[: max(0, width)]
    head = _head(line, width - 1)
    if line[len(head)] != " " and (space := head.rfind(" ")) > len(head) // 2:
        head = head[:space]
    return f"{head.rstrip(' ,;')}{ELLIPSIS}"


def fit(text: str, width: int, align: Align = "left", *, sentence: bool = False) -> str:
    """A text in exactly `width` cells: cut or padded with spaces.

    Args:
        text: Any text.
        width: Cells to fill; 0 or less gives the empty text.
        align: At which side it stands when it is narrower.
        sentence: Whether it is cut at its end, not in its middle.

    Returns:
        The visible text, exactly `max(0, width)` cells wide.
    """
    line = cut_end(text, width) if sentence else cut(text, width)
    spare = " " * (width - width_of(line))
    return spare + line if align == "right" else line + spare


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells, broken at spaces; a longer word is broken where it must.

    Args:
        text: Any text; its newlines are shown, not obeyed.
        width: Cells in a line; at least 2 is taken, so that a wide character fits.

    Returns:
        One line or more.
    """
    width = max(2, width)
    rest = shown(text)
    lines: list[str] = []
    while width_of(rest) > width:
        line = _head(rest, width)
        at = len(line)
        if rest[at] != " " and (space := line.rfind(" ")) > 0 and line[:space].strip(" "):
            at = space
        lines.append(rest[:at].rstrip(" "))
        rest = rest[at:].lstrip(" ")
    return [*lines, rest] if rest or not lines else lines
