"""The plan of a file: what applying it would create, change, leave and refuse."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from textual.widget import Widget

from ftos_tui.actions import PLAN
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.screens.frame import MENU_PATH, FrameScreen, bindings_of
from ftos_tui.screens.provider_files import teller
from ftos_tui.studio.failures import field_label
from ftos_tui.studio.files.applying import PlanRefused, apply_plan, refuse_unready
from ftos_tui.studio.files.plan import Action, Plan, PlanRow
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList

COLUMNS: Final = (
    Column("action", "Action", width=9, sortable=False),
    Column("line", "Line", width=7, align="right", sortable=False),
    Column("name", "Provider", width=18, flex=1, sortable=False),
    Column("what", "What", width=30, flex=3, sortable=False),
)
_ORDER: Final = (Action.REFUSED, Action.CREATE, Action.CHANGE, Action.UNCHANGED)
_MARKS: Final = {Action.REFUSED: "✗", Action.CREATE: "+", Action.CHANGE: "~"}


class PlanSource:
    """The rows of a plan, however many, given page by page.

    Args:
        rows: The rows in the order of the list.
    """

    def __init__(self, rows: Sequence[PlanRow]) -> None:
        self.rows = rows

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> list[Row]:
        """One page; see `RowSource.fetch`."""
        place = after if isinstance(after, int) else len(self.rows) if backwards else -1
        first, last = (max(0, place - limit), place) if backwards else (place + 1, place + 1 + limit)
        return [self._row(index) for index in range(first, min(last, len(self.rows)))]

    def _row(self, index: int) -> Row:
        row = self.rows[index]
        mark = "!" if row.content is not None and row.content.warnings else _MARKS.get(row.action, "")
        return Row(str(index), (row.action, f"{row.line:,}", row.name, _what(row)), index, mark)


class PlanScreen(FrameScreen):
    """Shows a plan; Enter applies all of it, Esc leaves everything as it is.

    Args:
        plan: The plan.
    """

    BINDINGS = bindings_of(PLAN)
    CSS = "PlanScreen RowList { height: 1fr; }"
    place = PLAN
    help_topic = (
        "What the file would do to the providers of this environment, refused ones first. Nothing has been changed "
        "yet.\n\n"
        "Enter applies the plan: all of it in one step, or nothing of it. While a provider is refused, nothing can be "
        "applied; correct the file in the line that is named. F7 acknowledges the warnings of the provider under the "
        "cursor by their names. A secret shows only where it comes from. When somebody saves one of these providers "
        "meanwhile, the plan is refused and says which."
    )

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.acknowledged: set[str] = set()
        self.applying = False
        self.source = PlanSource([row for action in _ORDER for row in plan.rows if row.action is action])

    def breadcrumb(self) -> tuple[str, ...]:
        """The list's, and the file."""
        return (*MENU_PATH, f"Plan of {self.plan.source}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Apply"),
            "plan.acknowledge",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """What it comes to, the rows, and the row under the cursor in full."""
        yield Line(self._summary(), most=2, id="summary")
        yield RowList(COLUMNS, self.source, id="plan", empty_text="The file names no provider.")
        yield Line(most=4, id="detail")

    def on_mount(self) -> None:
        """Starts at the first row."""
        super().on_mount()
        self.focus_content()

    @property
    def rows(self) -> RowList:
        """The list itself."""
        return self.query_one("#plan", RowList)

    def focus_content(self) -> None:
        """Puts the focus on the rows."""
        self.set_focus(self.rows)

    def _summary(self) -> str:
        plan = self.plan
        counts = ", ".join(
            f"{plan.counts[action]:,} {word}"
            for action, word in zip(_ORDER, ("refused", "to create", "to change", "unchanged"), strict=True)
        )
        origin = f" · exported from {plan.origin}" if plan.origin not in ("", plan.environment) else ""
        cut = " · reading ended early" if plan.cut else ""
        open_codes = plan.open_warnings(self.acknowledged)
        warnings = f" · warnings to acknowledge: {', '.join(open_codes)}" if open_codes else ""
        return f"{counts}{origin}{cut}{warnings}"

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the row under the cursor what its column has no room for."""
        event.stop()
        self.query_one("#detail", Line).text = _in_full(self.source.rows[int(event.row.key)]) if event.row else ""

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter applies."""
        event.stop()
        self.action_apply()

    def action_acknowledge(self) -> None:
        """Acknowledges the warnings of the provider under the cursor, or takes that back."""
        row = self.rows.row
        content = self.source.rows[int(row.key)].content if row else None
        codes = set(content.warnings) if content else set()
        if not codes:
            self.console_app.report(Level.INFO, "No warning about this provider.")
        elif codes <= self.acknowledged:
            self.acknowledged -= codes
        else:
            self.acknowledged |= codes
        self.query_one("#summary", Line).text = self._summary()

    def action_apply(self) -> None:
        """Applies the plan after the reason was asked for."""
        if not self.applying:
            start(self, self._apply, "apply")

    async def _apply(self) -> None:
        app, plan, codes = self.console_app, self.plan, frozenset(self.acknowledged)
        if not await self.succeeds(app.session.permit_change):
            return
        try:
            refuse_unready(plan, codes)
        except PlanRefused as refusal:
            app.report(Level.ERROR, f"{refusal}{' F7 acknowledges by name.' if refusal.open else ''}")
            return
        if not plan.writes:
            app.report(Level.INFO, "Everything is so already: there is nothing to apply.")
            return
        reason = await self.question.ask_text(
            f"Apply to {plan.environment}: {plan.writes:,} written in one step. Why? Enter applies, Esc does not:"
        )
        if reason is None:
            return
        self.applying = True
        work = partial(
            apply_plan, app.session, plan, acknowledged=codes, reason=reason, progress=teller(self, "Written")
        )
        try:
            done = await self.succeeds(work)
        finally:
            self.applying = False
        if done:
            app.go_back()

    async def may_leave(self) -> bool:
        """Not while it is applied: whoever leaves wants to know how it ended."""
        if self.applying:
            self.console_app.report(Level.INFO, "Still writing: all of it or nothing will be there.")
        return not self.applying


def _what(row: PlanRow) -> str:
    refused = next((each for each in row.findings if each.finding.severity is Severity.REFUSE), None)
    if refused is not None:
        return f"{field_label(refused.finding.field)}: {refused.finding.message}"
    return ", ".join(
        f"{field_label(change.field)} {change.before or '—'} → {change.after or '—'}" for change in row.changes
    )


def _in_full(row: PlanRow) -> str:
    parts = [f"{field_label(change.field)}: {change.before or '—'} → {change.after or '—'}" for change in row.changes]
    if row.content is not None and not row.provider_id:
        parts += [f"{field_label(f)}: from {text.split(chr(10))[0]}" for f, text in row.content.references.items()]
    parts += [
        f"line {each.line:,}, {field_label(each.finding.field)}: {each.finding.message} [{each.finding.code}]"
        for each in row.findings
    ]
    return " · ".join(parts) or f"{row.action}, line {row.line:,}"
