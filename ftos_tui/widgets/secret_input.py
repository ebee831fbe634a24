"""The field for a secret: it shows that there is one, and nothing about it."""

from typing import ClassVar

from rich.segment import Segment
from textual.actions import SkipAction
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input
from textual.widgets._input import Selection

from ftos_tui.domain.secret import MASK, Secret
from ftos_tui.widgets.text_input import OneLineInput


class SecretInput(OneLineInput):
    """A write-only text: a mask of fixed length, no copy, no cut, no selection.

    One types at its end, deletes at its end, or deletes it all. Its messages carry no value: the screen takes the
    secret with `take`.

    Args:
        placeholder: Shown greyed while nothing is typed: what is stored already.
        limit: The longest secret it takes, in characters; 0 for any.
        id: The widget's id.
        classes: Its CSS classes.
        disabled: Whether it takes no keys.
    """

    secret: ClassVar[bool] = True
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(
        self,
        *,
        placeholder: str = "",
        limit: int = 0,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(placeholder=placeholder, limit=limit, id=id, classes=classes, disabled=disabled)
        # For Textual's moves by words, which would tell where words end.
        self.password = True

    def take(self) -> Secret:
        """What was typed; blank for nothing. The field keeps it."""
        return Secret(self.value)

    @property
    def shown_value(self) -> str:
        """The mask, or nothing."""
        return MASK if self.value else ""

    def validate_selection(self, selection: Selection) -> Selection:
        """The cursor is always at the end: anywhere else it would tell how long the secret is."""
        return Selection.cursor(len(self.value))

    def _position_to_cell(self, position: int) -> int:
        return len(self.shown_value)

    def _cell_offset_to_index(self, offset: int) -> int:
        return len(self.value)

    def render_line(self, y: int) -> Strip:
        """The mask with the cursor after it; while empty, the placeholder."""
        if y != 0 or not self.value:
            return super().render_line(y)
        cursor = self.get_component_rich_style("input--cursor") if self.has_focus else None
        strip = Strip([Segment(MASK), Segment(" ", cursor)], len(MASK) + 1)
        width = self.scrollable_content_region.width + 1
        self._painted = strip.adjust_cell_length(width).apply_style(self.rich_style)
        return self._painted

    def post_message(self, message: Message) -> bool:
        """Posts a message without the value: messages are logged, and bubble past those who have no need of it.

        Args:
            message: Any message.

        Returns:
            Whether it was posted.
        """
        if isinstance(message, Input.Changed | Input.Submitted | Input.Blurred):
            message.value = ""
        return super().post_message(message)

    def action_copy(self) -> None:
        """Never: the key is the screen's."""
        raise SkipAction()

    def action_cut(self) -> None:
        """Never: the key is the screen's."""
        raise SkipAction()
