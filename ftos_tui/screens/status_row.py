"""One status of a provider: a small form with the same rows and checks as the large one."""

from collections.abc import Callable, Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget

from ftos_tui.actions import STATUS_ROW
from ftos_tui.domain.log import Level
from ftos_tui.domain.statuses import Canonical, StatusRow
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import FrameScreen, bindings_of
from ftos_tui.studio.statuses import row_findings
from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.field_row import FieldRow, Shown
from ftos_tui.widgets.switch_field import SwitchField
from ftos_tui.widgets.text_input import OneLineInput

_NEW = StatusRow("", "", Canonical.PROCESSED.value)


class StatusRowScreen(FrameScreen):
    """Edits one row of the list of statuses.

    Args:
        path: The breadcrumb of the list.
        rows: All rows, to tell whether a code is there already.
        index: Which row, from 0 on; None for a new one.
        accept: Takes the row when the operator accepts it.
    """

    BINDINGS = bindings_of(STATUS_ROW)
    CSS = "StatusRowScreen #form { height: 1fr; }"
    place = STATUS_ROW
    help_topic = (
        "Code is the provider's own word for the status, unique in the list. Label is what you see. Meaning is one of "
        "a fixed list: it tells the console what the provider's word stands for. Final: nothing follows. Retryable: "
        "the message may be tried again. Ctrl+S or F2 takes the row into the list."
    )

    def __init__(
        self, path: tuple[str, ...], rows: tuple[StatusRow, ...], index: int | None, accept: Callable[[StatusRow], None]
    ) -> None:
        super().__init__()
        self.path = path
        self.rows = rows
        self.index = index
        self.before = rows[index] if index is not None else _NEW
        self.accept = accept

    def breadcrumb(self) -> tuple[str, ...]:
        """The list's, and the row."""
        return (*self.path, visible(self.before.code) or "New status")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return ("status.accept", "everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """The five fields of a row."""
        row = self.before
        meanings = [canonical.value for canonical in Canonical]
        yield VerticalScroll(
            FieldRow("code", "Code", OneLineInput(row.code, limit=100, id="field-code")),
            FieldRow("label", "Label", OneLineInput(row.label, limit=100, id="field-label")),
            FieldRow("canonical", "Meaning", ChoiceField(meanings, row.canonical, id="field-canonical")),
            FieldRow("terminal", "Final", SwitchField("on" if row.terminal else "off", id="field-terminal")),
            FieldRow("retryable", "Retryable", SwitchField("on" if row.retryable else "off", id="field-retryable")),
            id="form",
            can_focus=False,
        )

    def on_mount(self) -> None:
        """Starts at the code."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the code."""
        self.set_focus(self.query_one("#field-code"))

    def _text(self, field_id: str) -> str:
        control = self.query_one(f"#row-{field_id}", FieldRow).control
        return control.value

    @property
    def row(self) -> StatusRow:
        """The row as the form holds it."""
        return StatusRow(
            self._text("code"),
            self._text("label"),
            self._text("canonical"),
            self._text("terminal") == "on",
            self._text("retryable") == "on",
        )

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        """Checks while it is typed."""
        event.stop()
        self._show()

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        """Enter goes to the next field."""
        event.stop()
        self.focus_next()

    def _show(self) -> bool:
        findings = row_findings(self.rows, self.index, self.row)
        row = self.row
        differs = {
            "code": row.code != self.before.code,
            "label": row.label != self.before.label,
            "canonical": row.canonical != self.before.canonical,
            "terminal": row.terminal != self.before.terminal,
            "retryable": row.retryable != self.before.retryable,
        }
        for field_id, changed in differs.items():
            shown = [Shown(finding) for finding in findings if finding.field == field_id]
            self.query_one(f"#row-{field_id}", FieldRow).show(shown, changed=changed, empty=False)
        return not findings

    def key_down(self) -> None:
        """The next field, after the last one the first: not the buttons, nor the status log."""
        self.focus_next("FieldRow > *")

    def key_up(self) -> None:
        """The field before, before the first one the last."""
        self.focus_previous("FieldRow > *")

    def action_accept(self) -> None:
        """Takes the row into the list, when the check lets it."""
        if not self._show():
            self.console_app.report(Level.ERROR, "The row is not taken: put right what is marked, or Esc leaves it.")
            return
        self.accept(self.row)
        self.console_app.go_back()

    async def may_leave(self) -> bool:
        """Asks when something was changed."""
        if self.row == self.before:
            return True
        answer = await self.question.ask("The row was changed.", {"x": "leave it as it was", "escape": "stay"})
        return answer == "x"
