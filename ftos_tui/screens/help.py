"""F1: a field or a screen in plain words."""

import textwrap
from collections.abc import Iterable

from textual.widget import Widget

from ftos_tui.domain.draft import text_of
from ftos_tui.domain.fields import FieldSpec
from ftos_tui.domain.record import NEW_VALUES
from ftos_tui.screens.frame import MENU_PATH, FrameScreen
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource


class HelpScreen(FrameScreen):
    """A page of text that scrolls by line; Esc goes back, and so does the key that opened it.

    Args:
        title: The heading.
        text: Paragraphs, separated by empty lines.
        path: Where it was asked for.
    """

    def __init__(self, title: str, text: str, path: tuple[str, ...] = MENU_PATH) -> None:
        super().__init__()
        self.path = path
        self.heading = title
        self.body = text

    def breadcrumb(self) -> tuple[str, ...]:
        """The way to where it was asked for, and what is explained."""
        return (*self.path, f"Help: {self.heading}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return ("everywhere.back", "everywhere.keys", "everywhere.commands")

    def content(self) -> Iterable[Widget]:
        """The text, a line a row, so that it scrolls by the same keys as every list."""
        lines: list[str] = []
        for paragraph in self.body.split("\n"):
            lines.extend(textwrap.wrap(paragraph, 74) or [""])
        rows = [Row(str(number), (line,), number) for number, line in enumerate(lines)]
        yield RowList((Column("text", self.heading, width=74, flex=1),), StaticSource(rows), id="help")

    def on_mount(self) -> None:
        """Puts the focus on the text."""
        super().on_mount()
        self.focus_content()

    def action_help(self) -> None:
        """Goes back: this is the help."""
        self.action_back()

    def focus_content(self) -> None:
        """Puts the focus on the text."""
        self.set_focus(self.query_one("#help"))


def field_help(spec: FieldSpec) -> str:
    """What F1 says of a field: its help, how it is written, what it is bound to."""
    facts = [spec.help, ""]
    written = f"Written as: {spec.data_type.value}"
    if spec.options:
        written += f", one of {', '.join(spec.options)}"
    facts.append(written + ".")
    if spec.example:
        facts.append(f"Example: {spec.example}")
    proposed = text_of(spec.id, NEW_VALUES.get(spec.id)) if not spec.secret else ""
    if proposed:
        facts.append(f"Proposed for a new provider: {proposed}")
    facts.append("Mandatory." if spec.mandatory else "Optional.")
    if spec.secret:
        facts.append("Stored encrypted, never shown; blank keeps the stored one. Bound to its destination.")
    elif spec.destination:
        facts.append("Part of the destination: when it changes, the secrets must be entered again.")
    facts.append(f"Command line: {spec.id}")
    return "\n".join(facts)
