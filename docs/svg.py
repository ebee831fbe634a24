"""Draws a terminal screen as SVG: one text element a run of cells, so that the picture stays small and sharp."""

from collections.abc import Sequence
from html import escape
from typing import Any

_CELL = 8.4
_LINE = 18
_GAP = 12
_NAMED = {
    "default": "",
    "black": "#000000",
    "red": "#cd3131",
    "green": "#0dbc79",
    "brown": "#e5e510",
    "yellow": "#e5e510",
    "blue": "#2472c8",
    "magenta": "#bc3fbc",
    "cyan": "#11a8cd",
    "white": "#e5e5e5",
}


def _colour(name: str, otherwise: str) -> str:
    if name in _NAMED:
        return _NAMED[name] or otherwise
    return f"#{name}" if len(name) == 6 else otherwise


def svg_of(buffer: Any, columns: int, rows: int) -> str:
    """The screen of a pyte terminal as an SVG document.

    Args:
        buffer: pyte's `Screen.buffer`.
        columns: Cells a line.
        rows: Lines.
    """
    width, height = columns * _CELL + 16, rows * _LINE + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}">',
        f'<rect width="{width:.0f}" height="{height}" rx="6" fill="#121212"/>',
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">',
    ]
    for y in range(rows):
        parts.extend(_line(buffer[y], columns, y))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def stacked(pictures: Sequence[str], rows: int) -> str:
    """Pictures of screens of one size, one under the other.

    Args:
        pictures: SVG documents as `svg_of` makes them, of 80 columns.
        rows: Lines of each.
    """
    height = rows * _LINE + 16
    width, whole = 80 * _CELL + 16, len(pictures) * (height + _GAP) - _GAP
    placed = [picture.replace("<svg ", f'<svg y="{at * (height + _GAP)}" ', 1) for at, picture in enumerate(pictures)]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{whole}" '
        f'viewBox="0 0 {width:.0f} {whole}">\n'
    )
    return "".join([opening, *placed, "</svg>\n"])


def _line(line: Any, columns: int, y: int) -> list[str]:
    boxes: list[str] = []
    texts: list[str] = []
    x = 0
    while x < columns:
        style = _style(line[x])
        end = x
        while end < columns and _style(line[end]) == style:
            end += 1
        text = "".join(line[at].data for at in range(x, end))
        foreground, background, bold, underline = style
        left, top, length = 8 + x * _CELL, 8 + y * _LINE, (end - x) * _CELL
        if background != "#121212":
            boxes.append(f'<rect x="{left:.1f}" y="{top}" width="{length:.1f}" height="{_LINE}" fill="{background}"/>')
        if text.strip():
            weight = ' font-weight="bold"' if bold else ""
            line_under = ' text-decoration="underline"' if underline else ""
            texts.append(
                f'<text x="{left:.1f}" y="{top + 14}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs" '
                f'fill="{foreground}"{weight}{line_under}>{escape(text)}</text>'
            )
        x = end
    return boxes + texts


def _style(cell: Any) -> tuple[str, str, bool, bool]:
    foreground, background = _colour(cell.fg, "#e0e0e0"), _colour(cell.bg, "#121212")
    if cell.reverse:
        foreground, background = background, foreground
    return foreground, background, bool(cell.bold), bool(cell.underscore)
