"""A widget that draws itself line by line, so that a change repaints only the lines it touched."""

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from ftos_tui.widgets.cells import fit, width_of

Piece = tuple[str, str | Style]
"""A run of shown text and the component class that styles it; empty for the widget's own style."""


class LineWidget(Widget):
    """The base of the console's own widgets: no children, no markup, one `draw_line` for each line."""

    ALLOW_SELECT: ClassVar[bool] = False

    def draw_line(self, y: int, width: int) -> Iterable[Piece]:
        """What stands on one line.

        Args:
            y: The line, 0 for the first.
            width: Cells at hand.

        Returns:
            The line's pieces from the left, of text that is safe to show; shorter or longer than `width` does no harm.
        """
        raise NotImplementedError

    def line_count(self, width: int) -> int:
        """How many lines the widget would fill, where its height is left to its content.

        Args:
            width: Cells at hand.
        """
        del width
        return 1

    def render_line(self, y: int) -> Strip:
        """One line for Textual's compositor."""
        width = self.size.width
        segments = [Segment(text, self._style_of(style)) for text, style in self.draw_line(y, width) if text]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """All the width there is, where `width: auto` asks."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The lines of the content, where `height: auto` asks."""
        return self.line_count(width)

    def refresh_lines(self, *lines: int) -> None:
        """Paint some lines again and leave the others alone.

        Args:
            lines: Their numbers, 0 for the first; those outside the widget are left out.
        """
        width, height = self.size
        regions = [Region(0, y, width, 1) for y in sorted(set(lines)) if 0 <= y < height]
        if regions:
            self.refresh(*regions)

    def _style_of(self, style: str | Style) -> Style:
        if isinstance(style, Style):
            return self.rich_style + style
        return self.get_component_rich_style(style) if style else self.rich_style


def fill(pieces: Iterable[Piece], width: int, style: str | Style = "") -> list[Piece]:
    """Pieces followed by spaces up to a width, so that a background reaches the edge.

    Args:
        pieces: What stands at the left.
        width: Cells to fill.
        style: Of the spaces.

    Returns:
        The pieces and, where there is room, one more.
    """
    line = list(pieces)
    spare = width - sum(width_of(text) for text, _ in line)
    return [*line, (fit("", spare), style)] if spare > 0 else line
