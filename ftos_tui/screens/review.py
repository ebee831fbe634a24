"""Review before a save: what changes, what follows from it, what is to be acknowledged, and why it is done."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from ftos_tui.actions import REVIEW
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.log import Level
from ftos_tui.screens.diff_view import diff_list, in_full, what_follows
from ftos_tui.screens.frame import FrameScreen, bindings_of, closed_by
from ftos_tui.studio.failures import counted, field_label
from ftos_tui.studio.review import review
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.meaning_panel import MeaningPanel, Section
from ftos_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen


class ReviewScreen(FrameScreen):
    """What a save of the form would do.

    Args:
        path: The breadcrumb of the form.
        form: The form.
        proceed: Carries the save out.
    """

    BINDINGS = bindings_of(REVIEW) + closed_by("form.review")
    CSS = "ReviewScreen #diff { height: 3fr; } ReviewScreen #follows { height: 2fr; padding: 0 1; }"
    place = REVIEW
    help_topic = (
        "Every field that differs from what is saved, and below it what follows from that. Of App Password and App "
        "Key only what becomes of them is told. Enter saves, Esc goes back to the form with everything kept. A warning "
        "is acknowledged with F7, all that are open at once; F12 says why the change is made."
    )

    def __init__(self, path: tuple[str, ...], form: "EditScreen", proceed: Callable[[], None]) -> None:
        super().__init__()
        self.path = path
        self.form = form
        self.proceed = proceed
        self.found = review(form.model.draft, form.model.checked, form.model.context)
        self._for_queue: tuple[str, ...] = ()

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the review."""
        return (*self.path, "Review")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Save"),
            "everywhere.back",
            "review.acknowledge",
            "review.reason",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The difference; under it the row in full, and what follows."""
        yield diff_list(self.found.rows, "diff")
        yield Line(most=2, id="full")
        yield MeaningPanel(self.sections(), id="follows")

    def on_mount(self) -> None:
        """Enter saves at once."""
        super().on_mount()
        self.focus_content()
        start(self, self._look_ahead, "forecast")

    async def _look_ahead(self) -> None:
        """What the change means for the messages that wait; the store is asked meanwhile."""
        from ftos_tui.studio.forecast import consequences_for_queue

        session, draft, checked = self.session, self.form.model.draft, self.found.checked
        said = await self.attempt(lambda: consequences_for_queue(session, draft, checked), lasting=False, quiet=True)
        if said:
            self._for_queue = said
            self._show()

    def focus_content(self) -> None:
        """Puts the focus on the difference."""
        self.set_focus(self.query_one("#diff"))

    def sections(self) -> list[Section]:
        """Refusals and warnings, what follows, and the reason."""
        model, found = self.form.model, self.found
        sections = []
        if found.refused():
            sections.append(Section("It cannot be saved", tuple(f"✗ {_said(f)}" for f in found.refused())))
        warnings = [finding for finding in found.checked.findings if finding.severity is Severity.WARN]
        if warnings:
            lines = [f"{'✓' if model.is_acknowledged(f) else '!'} {_said(f)} [{f.code}]" for f in warnings]
            sections.append(Section("To acknowledge (F7)", tuple(lines)))
        sections.append(what_follows((*found.consequences, *self._for_queue)))
        sections.append(Section("Reason (F12)", (model.reason or "None given.",)))
        return sections

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says in full what the columns had no room for."""
        event.stop()
        self.query_one("#full", Line).text = in_full(event.row)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter saves."""
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Saves what was reviewed."""
        if self.app.screen is self:
            self.console_app.go_back()
            self.proceed()

    def action_acknowledge(self) -> None:
        """Acknowledges all warnings by their names; once all are, takes that back."""
        model = self.form.model
        warnings = [finding for finding in self.found.checked.findings if finding.severity is Severity.WARN]
        open_fields = {finding.field for finding in warnings if not model.is_acknowledged(finding)}
        for field_id in open_fields or {finding.field for finding in warnings}:
            model.acknowledge(field_id)
        if warnings:
            done = "Acknowledged" if open_fields else "No longer acknowledged:"
            names = ", ".join(dict.fromkeys(finding.code for finding in warnings))
            self.console_app.report(Level.INFO, f"{done} {names}.")
        else:
            self.console_app.report(Level.INFO, "There is no warning to acknowledge.")
        self._show()

    def action_reason(self) -> None:
        """Asks why."""
        start(self, self._ask_reason, "ask")

    async def _ask_reason(self) -> None:
        answer = await self.question.ask_text("Why this change? It is kept with the version:", self.form.model.reason)
        if answer is not None:
            self.form.model.reason = answer
            self._show()

    def _show(self) -> None:
        self.query_one(MeaningPanel).sections = tuple(self.sections())

    def help_title(self) -> str:
        """How much is reviewed."""
        fields = len(dict.fromkeys(row.field for row in self.found.rows))
        return f"Review of {counted(fields, 'changed field', 'changed fields')}"


def _said(finding: Finding) -> str:
    return f"{field_label(finding.field)}: {finding.message}"
