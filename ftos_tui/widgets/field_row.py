"""One field of a form: mark, label, control, and its findings under it, a row each."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.visible import visible
from ftos_tui.widgets.cells import fit
from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.switch_field import SwitchField
from ftos_tui.widgets.text_input import OneLineInput

LABEL_WIDTH = 23
_INDENT = 3

Control = OneLineInput | SecretInput | ChoiceField | SwitchField


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as the row shows it.

    Attributes:
        finding: What the check said.
        acknowledged: Whether the operator acknowledged this warning.
    """

    finding: Finding
    acknowledged: bool = False

    @property
    def sign(self) -> str:
        """The sign that carries the meaning without colour."""
        if self.finding.severity is Severity.WARN:
            return "✓" if self.acknowledged else "!"
        return "✗" if self.finding.severity is Severity.REFUSE else "·"

    @property
    def sentence(self) -> str:
        """The message, and for a warning the name it is acknowledged by."""
        message = visible(self.finding.message)
        if self.finding.severity is not Severity.WARN:
            return message
        done = "acknowledged" if self.acknowledged else "F7 acknowledges"
        return f"{message} [{self.finding.code}: {done}]"


class FieldRow(Widget):
    """A field of a form.

    Args:
        field_id: The field's id.
        label: The vendor's label.
        control: What the operator types or chooses in.
        mandatory: Whether an empty field bears the vendor's dot.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"row--label", "row--refuse", "row--warn", "row--note", "row--changed"}
    DEFAULT_CSS = """
    FieldRow { height: 1; }
    FieldRow > * { height: 1; width: 1fr; max-width: 72; margin-left: 26; }
    FieldRow .row--refuse { color: $text-error; text-style: bold; }
    FieldRow .row--warn { color: $text-warning; }
    FieldRow .row--note { color: $text-muted; }
    FieldRow .row--changed { text-style: bold; }
    """

    class Changed(Message):
        """Something was typed or chosen.

        Attributes:
            row: The row.
            text: What the control holds now; for a secret, empty (the screen takes it from the control).
        """

        def __init__(self, row: "FieldRow", text: str) -> None:
            super().__init__()
            self.row = row
            self.text = text

    class Entered(Message):
        """Enter was pressed in a text."""

        def __init__(self, row: "FieldRow") -> None:
            super().__init__()
            self.row = row

    def __init__(self, field_id: str, label: str, control: Control, *, mandatory: bool = True) -> None:
        super().__init__(id=f"row-{field_id}")
        self.field_id = field_id
        self.label = label
        self.control = control
        self.mandatory = mandatory
        self.changed = False
        self.empty = False
        self.shown: tuple[Shown, ...] = ()
        self._lines: list[tuple[str, Severity]] = []

    def compose(self) -> ComposeResult:
        yield self.control

    def show(self, shown: Sequence[Shown], *, changed: bool, empty: bool) -> None:
        """Shows the findings of the field and whether it is unsaved; repaints only what differs.

        Args:
            shown: The findings, in order.
            changed: Whether the field differs from the saved record.
            empty: Whether a mandatory value is missing.
        """
        state = (tuple(shown), changed, empty)
        if state == (self.shown, self.changed, self.empty):
            return
        self.shown, self.changed, self.empty = state
        self._wrap()
        self.refresh()

    def on_resize(self) -> None:
        """Wraps the findings anew; the row was painted at its new width with the old lines meanwhile."""
        lines = self._lines
        self._wrap()
        if self._lines != lines:
            self.refresh()

    def _wrap(self) -> None:
        width = max(20, self.size.width - _INDENT - 3)
        self._lines = [
            (f"{shown.sign if number == 0 else ' '} {line}", shown.finding.severity)
            for shown in self.shown
            for number, line in enumerate(textwrap.wrap(shown.sentence, width) or [""])
        ]
        height = 1 + len(self._lines)
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    @property
    def mark(self) -> str:
        """The sign before the label: the gravest finding, or the vendor's dot on an empty mandatory field."""
        if self.empty and self.mandatory:
            return "●"
        return self.shown[0].sign if self.shown else " "

    def render_line(self, y: int) -> Strip:
        """Mark and label, or a finding."""
        width = self.size.width
        base = self.rich_style
        if y > 0:
            text, severity = self._lines[y - 1] if y <= len(self._lines) else ("", Severity.FIX)
            return Strip(
                [Segment(" " * _INDENT, base), Segment(fit(text, width - _INDENT), self._style(severity))], width
            )
        worst = self.shown[0].finding.severity if self.shown else Severity.FIX
        mark = self._style(Severity.REFUSE if self.empty and self.mandatory else worst)
        label = self.get_component_rich_style("row--changed") if self.changed else base
        unsaved = "*" if self.changed else " "
        segments = [Segment(self.mark, mark), Segment(unsaved, label), Segment(fit(self.label, LABEL_WIDTH), label)]
        return Strip([*segments, Segment(" " * max(0, width - LABEL_WIDTH - 2), base)], width)

    def _style(self, severity: Severity) -> Style:
        name = {Severity.REFUSE: "row--refuse", Severity.WARN: "row--warn", Severity.FIX: "row--note"}[severity]
        return self.get_component_rich_style(name)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A text changed; a secret's text goes no further."""
        event.stop()
        secret = isinstance(self.control, SecretInput)
        self.post_message(self.Changed(self, "" if secret else event.value))

    def on_choice_field_changed(self, event: ChoiceField.Changed) -> None:
        """An option was chosen."""
        event.stop()
        self.post_message(self.Changed(self, event.value))

    def on_switch_field_changed(self, event: SwitchField.Changed) -> None:
        """A switch was set."""
        event.stop()
        self.post_message(self.Changed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a text."""
        event.stop()
        self.post_message(self.Entered(self))
