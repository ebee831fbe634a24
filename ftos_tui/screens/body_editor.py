"""The small editor for the text of a message: several lines, your own editor, a file."""

from collections.abc import Callable

from ftos_tui.screens.json_editor import JsonEditorScreen
from ftos_tui.studio.failures import counted
from ftos_tui.widgets.line import Line


class BodyEditorScreen(JsonEditorScreen):
    """Edits a body as text.

    Args:
        path: The breadcrumb of the form.
        label: What is edited.
        text: The text to start with.
        accept: Takes the text when the operator accepts it.
        typed: Is told the text at every change, to have it in the draft on disk; None when there is none any more.
    """

    suffix = ".txt"
    help_topic = (
        "The text as it is sent, line by line. Ctrl+S or F2 takes it into the form; Esc leaves it as it was. F4 opens "
        "your own editor, F3 loads a file."
    )

    def __init__(
        self,
        path: tuple[str, ...],
        label: str,
        text: str,
        accept: Callable[[str], None],
        typed: Callable[[str | None], None],
    ) -> None:
        super().__init__(path, "", accept, typed)
        self.start = text
        self.label = label

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the field."""
        return (*self.path, self.label)

    def taken(self) -> str:
        """The text as it stands."""
        return self.area.text

    def _say(self) -> None:
        lines = self.area.text.count("\n") + 1 if self.area.text else 0
        size = f"{counted(lines, 'line', 'lines')}, {counted(len(self.area.text), 'character', 'characters')}"
        told = f"{size}. Ctrl+S or F2 takes the text into the form."
        self.query_one("#mistake", Line).text = told
