"""A text of one line: what is pasted is taken whole or refused whole, what cannot be shown is shown as a sign."""

from typing import ClassVar, Final, Self

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from ftos_tui.domain.visible import code_point, visible

NEWLINES: Final = ("\r\n", "\n", "\r")
"""What terminals send for a line end; most send \\r for \\n in a paste."""

_WIDTH_STEP: Final = 64


class OneLineInput(Input, inherit_bindings=False):
    """Textual's Input, one row high, without blinking, for texts that may hold anything.

    Of its keys only those are left that edit a line as readline does. Ctrl+V (Textual's own clipboard, not the
    operator's), Ctrl+X and Ctrl+F would swallow what the screen wants.

    Args:
        value: What it holds at first.
        placeholder: Shown greyed while it is empty.
        limit: The longest text it takes, in characters; 0 for any.
        id: The widget's id.
        classes: Its CSS classes.
        disabled: Whether it takes no keys.
    """

    secret: ClassVar[bool] = False
    """Whether its value may not be shown or copied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor_left", "Move cursor left", show=False),
        Binding("right", "cursor_right", "Move cursor right", show=False),
        Binding("shift+left", "cursor_left(True)", "Select left", show=False),
        Binding("shift+right", "cursor_right(True)", "Select right", show=False),
        Binding("ctrl+left,alt+b", "cursor_left_word", "Move a word left", show=False),
        Binding("ctrl+right,alt+f", "cursor_right_word", "Move a word right", show=False),
        Binding("ctrl+shift+left", "cursor_left_word(True)", "Select a word left", show=False),
        Binding("ctrl+shift+right", "cursor_right_word(True)", "Select a word right", show=False),
        Binding("home,ctrl+a", "home", "Go to start", show=False),
        Binding("end,ctrl+e", "end", "Go to end", show=False),
        Binding("shift+home", "home(True)", "Select to start", show=False),
        Binding("shift+end", "end(True)", "Select to end", show=False),
        Binding("ctrl+shift+a", "select_all", "Select all", show=False),
        Binding("backspace,ctrl+h", "delete_left", "Delete character left", show=False),
        Binding("delete,ctrl+d", "delete_right", "Delete character right", show=False),
        # Textual has the word to the right on Alt+Backspace; readline and every shell have the one to the left.
        Binding("ctrl+w,alt+backspace,ctrl+backspace", "delete_left_word", "Delete word left", show=False),
        Binding("alt+d", "delete_right_word", "Delete word right", show=False),
        Binding("ctrl+u,super+backspace", "delete_left_all", "Delete to start", show=False),
        Binding("ctrl+k", "delete_right_all", "Delete to end", show=False),
        Binding("ctrl+c,super+c", "copy", "Copy selected text", show=False),
        Binding("enter", "submit", "Submit", show=False),
    ]

    class PasteRefused(Message):
        """Something did not fit and was refused whole; the value is as it was.

        Attributes:
            input: The widget.
            sentence: What to tell the operator; quotes nothing of what was pasted.
        """

        def __init__(self, input: "OneLineInput", sentence: str) -> None:
            super().__init__()
            self.input = input
            self.sentence = sentence

        @property
        def control(self) -> "OneLineInput":
            """The widget, for the selector of `@on`."""
            return self.input

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        limit: int = 0,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        self._painted: Strip | None = None
        super().__init__(
            value,
            placeholder=placeholder,
            select_on_focus=False,  # a key would replace the whole value
            id=id,
            classes=classes,
            disabled=disabled,
            compact=True,
        )
        # Input's own max_length would beep and say nothing, and it cannot be told from a restriction.
        self.limit = limit
        # Blinking costs the line 1.8 KB a second.
        self.cursor_blink = False

    # What is shown

    @property
    def shown_value(self) -> str:
        """The value with a sign for each character that cannot be shown; of the same length."""
        return visible(self.value)

    def validate_placeholder(self, placeholder: str) -> str:
        """What a placeholder quotes is made visible too."""
        return visible(placeholder)

    @property
    def _value(self) -> Text:
        return Text(self.shown_value, no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(self.shown_value[:position])

    def _cell_offset_to_index(self, offset: int) -> int:
        cell = 0
        offset += self.scroll_offset.x
        for index, character in enumerate(self.shown_value):
            cell += get_character_cell_size(character)
            if offset < cell:
                return index
        return len(self.value)

    # Bytes on the line

    @property
    def content_width(self) -> int:
        """The width of the content in whole steps: a new width lays out the whole screen anew."""
        return -(-self._content_cells() // _WIDTH_STEP) * _WIDTH_STEP

    def _content_cells(self) -> int:
        """The cells of what is shown, and one for the cursor."""
        return cell_len(self.shown_value or self.placeholder) + 1

    def on_mount(self) -> None:
        """Takes its width now, or the first key typed into an empty field would lay out the screen."""
        self.virtual_size = Size(self.content_width, 1)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """The cells it needs, where its width is auto."""
        return self._content_cells()

    def render_line(self, y: int) -> Strip:
        """The row; remembered, so that the next change repaints no more than it must."""
        strip = super().render_line(y)
        if y == 0:
            # Textual leaves the rest of an empty row to be filled later, and then it seems to differ.
            strip = strip.extend_cell_length(self.scrollable_content_region.width + 1, self.rich_style)
            self._painted = strip
        return strip

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaints the part of the row that differs from what is on the screen.

        Textual repaints all of it on each key: 181 bytes where 70 do.
        """
        painted, self._painted = self._painted, None
        if painted is not None and repaint and not (regions or layout or recompose) and self.is_mounted:
            self._rich_style_cache.clear()
            changed = changed_cells(painted, self.render_line(0))
            self._painted = painted
            if changed is not None and self.gutter.totals == (0, 0):
                start, end = changed
                return super().refresh(Region(start, 0, end - start, 1))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    # What comes in

    def refusal(self, text: str, start: int, end: int) -> str | None:
        """Why a text may not take the place between two positions, in one sentence; None when it may.

        Args:
            text: What is typed or pasted.
            start: Index of the first character to be replaced.
            end: Index after the last one.
        """
        length = len(self.value) - (end - start) + len(text)
        if self.limit and length > self.limit:
            return f"This field takes at most {self.limit:,} characters, this would make {length:,}."
        return None

    def replace(self, text: str, start: int, end: int) -> None:
        """Puts a text between two positions, or refuses it with a message.

        Args:
            text: What is typed or pasted.
            start: Index of the first character to be replaced.
            end: Index after the last one.
        """
        start, end = sorted((max(0, start), min(len(self.value), end)))
        sentence = self.refusal(text, start, end) if text else None
        if sentence is None:
            super().replace(text, start, end)
        else:
            self.post_message(self.PasteRefused(self, sentence))

    def _on_paste(self, event: events.Paste) -> None:
        # Textual would cut at the first newline without a word.
        event.stop()
        event.prevent_default()
        text = event.text
        ending = next((newline for newline in NEWLINES if text.endswith(newline)), "")
        text = text.removesuffix(ending)
        sentence = paste_refusal(text)
        if sentence is not None:
            self.post_message(self.PasteRefused(self, f"{sentence} Nothing was pasted."))
        elif text:
            self.replace(text, *self.selection)

    def restricted(self) -> None:
        """No bell: what is refused is said in words."""

    def action_copy(self) -> None:
        """Copies the selection; without one, the key is the screen's."""
        if self.secret or not self.selected_text:
            raise SkipAction()
        self.app.copy_to_clipboard(self.selected_text)

    def action_cut(self) -> None:
        """Copies and removes the selection."""
        self.action_copy()
        self.delete_selection()


def paste_refusal(text: str) -> str | None:
    """Why a pasted text is not for a field of one line, in one sentence; None when it is.

    Zero-width and bidirectional characters are taken in: they stay visible, and the check names them.

    Args:
        text: The paste without its last line end.
    """
    lines = len(text.splitlines())
    if any(newline in text for newline in NEWLINES):
        return f"The paste has {lines} lines and this field takes one."
    control = next((character for character in text if character < " " or "\x7f" <= character <= "\x9f"), None)
    if control is not None:
        return f"The paste has a control character in it ({code_point(control)})."
    return None


def changed_cells(before: Strip, after: Strip) -> tuple[int, int] | None:
    """Which cells differ between two renderings of a row, from the first to after the last; None for none or all.

    Args:
        before: What is on the screen.
        after: What is to be there.
    """
    old, new = _cells(before), _cells(after)
    if len(old) != len(new) or old == new:
        return None
    start = next(index for index, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1])
    end = next(index for index in range(len(new), 0, -1) if old[index - 1] != new[index - 1])
    if end < len(new) and new[end] is None:
        end += 1  # both halves of a wide character
    return start, end


def _cells(strip: Strip) -> list[Segment | None]:
    """A segment for each cell, None for the second half of a wide character."""
    cells: list[Segment | None] = []
    for text, style, _control in strip:
        for character in text:
            width = get_character_cell_size(character)
            cells.extend([Segment(character, style), None][:width])
    return cells
