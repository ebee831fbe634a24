"""The list of channel provider statuses: code, label, meaning, terminal, retryable, count."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from ftos_tui.actions import STATUSES
from ftos_tui.domain.log import Level
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import FrameScreen, bindings_of, closed_by
from ftos_tui.screens.status_row import StatusRowScreen
from ftos_tui.studio.statuses import preset_rows, with_row, with_row_replaced, without_row
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen

COLUMNS = (
    Column("code", "Code", width=18, flex=1, sortable=False),
    Column("label", "Label", width=20, flex=2, sortable=False, sentence=True),
    Column("meaning", "Meaning", width=13, sortable=False),
    Column("terminal", "Final", width=5, sortable=False),
    Column("retryable", "Retry", width=5, sortable=False),
    Column("count", "Count", width=8, align="right", sortable=False),
    Column("day", "Last 24 hours", width=24, drop=1, sortable=False),
)


class StatusesScreen(FrameScreen):
    """The statuses of the provider in the form. Changes go into the form's draft and are saved with it.

    Args:
        path: The breadcrumb of the form.
        form: The form.
    """

    BINDINGS = bindings_of(STATUSES) + closed_by("form.statuses")
    CSS = "StatusesScreen RowList { height: 1fr; }"
    place = STATUSES
    help_topic = (
        "What the provider reports about a message, and what it means here. Code is the provider's own word, Label "
        "what you see, Meaning one of a fixed list. Final says that nothing follows it, Retry that the message may "
        "be tried again. Count is the number of messages that bear the status.\n\n"
        "n adds a row, Enter edits one, d removes one, p puts a shipped preset in place of all rows (SMTP reply "
        "classes, SendGrid events, SMPP message states). Changes are saved together with the provider."
    )

    def __init__(self, path: tuple[str, ...], form: "EditScreen") -> None:
        super().__init__()
        self.path = path
        self.form = form

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the list."""
        return (*self.path, "Statuses")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Edit"),
            "statuses.add",
            "statuses.remove",
            "statuses.preset",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The rows, and what the check says of them."""
        yield RowList(
            COLUMNS, StaticSource(self._rows()), id="statuses", empty_text="No status yet. n adds one, p a preset."
        )
        yield Line(most=2, id="about")

    def on_mount(self) -> None:
        """Starts at the first row."""
        super().on_mount()
        self.focus_content()
        self._say()
        self.form.activity.look()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Draws the day of the row under the cursor, for which its column may have no room."""
        event.stop()
        self._say()

    def show_activity(self) -> None:
        """Messages came to other statuses; the cursor stays."""
        if self.is_mounted and self.query("#statuses") and self.query("#about"):  # not while it is taken away
            self.rows.set_source(StaticSource(self._rows()))
            self._say()

    def focus_content(self) -> None:
        """Puts the focus on the rows."""
        self.set_focus(self.rows)

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#statuses", RowList)

    def _rows(self) -> list[Row]:
        return [
            Row(
                str(index),
                (
                    row.code,
                    row.label,
                    row.canonical,
                    "yes" if row.terminal else "no",
                    "yes" if row.retryable else "no",
                    f"{self.form.counts.get(row.code, 0):,}",
                    self.form.activity.curve_of(row.code),
                ),
            )
            for index, row in enumerate(self.form.statuses)
        ]

    def _say(self) -> None:
        findings = self.form.model.checked.of("statuses")
        unsaved = "changed, saved with the provider" if "statuses" in self.form.model.unsaved else "as saved"
        text = f"{len(self.form.statuses)} rows, {unsaved}"
        if findings:
            name = f" [{findings[0].code}]" if findings[0].severity == "warn" else ""
            text = f"{'✗' if findings[0].severity == 'refuse' else '!'} {findings[0].message}{name}"
            if findings[0].severity == "warn":
                text += " acknowledged" if self.form.model.is_acknowledged(findings[0]) else " F7 acknowledges"
        index = self.index
        day = self.form.activity.curve_of(self.form.statuses[index].code) if index is not None else ""
        self.query_one("#about", Line).text = f"{text} · the day to now {day}" if day else text

    def put(self, rows: tuple[StatusRow, ...], cursor: int) -> None:
        """Takes changed rows into the draft and shows them.

        Args:
            rows: All rows.
            cursor: The row to stand on.
        """
        self.form.put_statuses(rows)
        self.rows.set_source(StaticSource(self._rows()), str(max(0, min(cursor, len(rows) - 1))))
        self._say()

    @property
    def index(self) -> int | None:
        """The row under the cursor, from 0 on."""
        row = self.rows.row
        return int(row.key) if row is not None else None

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Edits the row."""
        event.stop()
        self.action_edit()

    def action_edit(self) -> None:
        """Edits the row under the cursor."""
        index = self.index
        if index is not None:
            rows = self.form.statuses
            self.open_screen(
                StatusRowScreen(
                    self.breadcrumb(), rows, index, lambda row: self.put(with_row_replaced(rows, index, row), index)
                )
            )

    def action_add(self) -> None:
        """Adds a row."""
        rows = self.form.statuses
        self.open_screen(
            StatusRowScreen(self.breadcrumb(), rows, None, lambda row: self.put(with_row(rows, row), len(rows)))
        )

    def action_remove(self) -> None:
        """Removes the row under the cursor; undo in the form brings it back."""
        index = self.index
        if index is not None:
            rows = self.form.statuses
            self.console_app.report(Level.INFO, f"Removed {visible(rows[index].code)} from the list, not saved yet.")
            self.put(without_row(rows, index), index)

    def action_preset(self) -> None:
        """Replaces all rows by a preset."""
        start(self, self._preset, "ask")

    async def _preset(self) -> None:
        choices = {"m": "SMTP", "g": "SendGrid", "p": "SMPP", "escape": "keep the rows"}
        answer = await self.question.ask("Replace all rows by which preset?", choices)
        names = {"m": "smtp", "g": "sendgrid", "p": "smpp"}
        if answer in names:
            self.put(preset_rows(names[answer]), 0)

    def action_acknowledge(self) -> None:
        """Acknowledges the warning about the list, or takes that back."""
        if not self.form.model.acknowledge("statuses"):
            self.console_app.report(Level.INFO, "No warning about the list of statuses.")
        self._say()
