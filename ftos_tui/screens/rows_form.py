"""What forms of field rows have in common: the focus among the rows, and the way from finding to finding."""

from typing import Protocol

from ftos_tui.domain.log import Level
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.widgets.field_row import FieldRow
from ftos_tui.widgets.text_input import OneLineInput


class Judged(Protocol):
    """What such a form holds, with the verdict on it.

    Attributes:
        attempted: Whether it was tried to hand it in: from then on empty rows say so in words.
    """

    attempted: bool

    def acknowledge(self, field_id: str) -> bool:
        """Acknowledges the warnings at a field, or takes that back; whether there are any."""
        ...

    def open_fields(self) -> list[str]:
        """The ids of the fields with a finding that stands in the way, in order."""
        ...


class RowsForm(FrameScreen):
    """A form of field rows, one under another, that is checked as a whole.

    Attributes:
        model: What it holds.
        done_by: What can be done when no finding is open, for a sentence.
    """

    model: Judged
    done_by = "saved"

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, FieldRow] = {}

    def show_findings(self) -> None:
        """Hands each row its findings, as each form has them."""

    def go_to(self, field_id: str) -> None:
        """Puts the focus on a row."""
        if field_id in self._rows:
            self.set_focus(self._rows[field_id].control)

    @property
    def focused_row(self) -> FieldRow | None:
        """The row whose control has the focus."""
        focused = self.focused
        return focused.parent if focused is not None and isinstance(focused.parent, FieldRow) else None

    def key_down(self) -> None:
        """The next row, after the last one the first: not the buttons, nor the status log."""
        self.focus_next("FieldRow > *")

    def key_up(self) -> None:
        """The row before, before the first one the last."""
        self.focus_previous("FieldRow > *")

    def on_one_line_input_paste_refused(self, event: OneLineInput.PasteRefused) -> None:
        """A paste that does not fit is refused whole, with a sentence."""
        event.stop()
        self.console_app.report(Level.WARNING, event.sentence)

    def action_acknowledge(self) -> None:
        """Acknowledges the warnings at the focused row, by name, or takes that back."""
        row = self.focused_row
        if row is None or not self.model.acknowledge(row.field_id):
            self.console_app.report(Level.INFO, "No warning at this field. F8 goes to the next finding.")
        self.show_findings()

    def action_next_finding(self) -> None:
        """Goes to the next row with a finding, round and round."""
        self.model.attempted = True
        self.show_findings()
        fields = self.model.open_fields()
        if not fields:
            self.console_app.report(Level.SUCCESS, f"No finding is open: this can be {self.done_by}.")
            return
        order = list(self._rows)
        here = order.index(self.focused_row.field_id) if self.focused_row else -1
        self.go_to(next((field_id for field_id in fields if order.index(field_id) > here), fields[0]))
