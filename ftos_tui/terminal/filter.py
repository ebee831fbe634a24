"""Line filters: the last thing that happens to a rendered line before it becomes escape sequences."""

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from ftos_tui.domain.visible import is_safe, visible


class SafeText(LineFilter):
    """Lets no control, bidirectional, zero-width or surrogate character through, nor links and click actions.

    Values are made visible where they become text to show; this is the net beneath. Rendered text of Textual's own
    widgets holds whatever a value held: ESC, OSC 52 (textual#6155 and others are about markup, none about this).
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The line without anything that is not plain text.

        Args:
            segments: The rendered line.
            background: The widget's background, not used.

        Returns:
            The same list where nothing had to be changed, else a new one of the same width in cells.
        """
        for text, style, control in segments:
            if control or not ((text.isascii() and text.isprintable()) or _is_safe(text)):
                return _replaced(segments)
            if style is not None and (style._link or _may_act(style)):
                return _replaced(segments)
        return segments


def _may_act(style: Style) -> bool:
    """Whether a style's pickled metadata could hold an action; nearly every style has some, none with an @ in it."""
    return style._meta is not None and b"@" in style._meta


def _replaced(segments: list[Segment]) -> list[Segment]:
    """The slow way: every text made visible, every style made harmless, the line cut to the width it had."""
    kept = [segment for segment in segments if not segment.control]
    safe = [Segment(visible(text), None if style is None else harmless_style(style)) for text, style, _control in kept]
    width = Segment.get_line_length(kept)
    # What was invisible now takes a cell: without the cut it would push the widgets to its right.
    return safe if Segment.get_line_length(safe) == width else Segment.adjust_line_length(safe, width)


@lru_cache(4096)
def _is_safe(text: str) -> bool:
    return is_safe(text)


@lru_cache(1024)
def harmless_style(style: Style) -> Style:
    """The style without its link and without actions: `[@click=…]` in data would run them.

    Args:
        style: A Rich style; its other metadata, by which lists know their rows, stays.
    """
    if not (style.link or _may_act(style)):
        return style
    meta = {key: value for key, value in style.meta.items() if not key.startswith("@")}
    return style.clear_meta_and_links() + Style(meta=meta or None)


class NoColour(LineFilter):
    """Takes all colour away, and shows by reverse video what colour alone told.

    Textual's Monochrome turns colours into greys, which are colours still (no-color.org asks for none), and its
    NoColor lets the cursor and the chosen row of a list vanish, as their style is a background colour.
    """

    CONTRAST = 0.2
    """A background that differs by this much of the brightness from the widget's own is an emphasis."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The line in the terminal's own two colours.

        Args:
            segments: The rendered line.
            background: The widget's own background.
        """
        return [
            Segment(text, None if style is None else colourless_style(style, background, self.CONTRAST), control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def colourless_style(style: Style, background: Color, contrast: float) -> Style:
    """The style without colours, reversed where its background stood out.

    Args:
        style: A Rich style.
        background: The widget's own background.
        contrast: From which difference in brightness on, 0 to 1.
    """
    reverse = bool(style.reverse)
    if style.bgcolor is not None and not style.bgcolor.is_default and not reverse:
        own = Color.from_rich_color(style.bgcolor)
        reverse = abs(own.brightness - background.brightness) >= contrast
    return style.without_color + Style(reverse=reverse, meta=style.meta or None)
