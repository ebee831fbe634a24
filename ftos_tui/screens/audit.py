"""The audit: who did what, newest first, and whether the chain of entries is whole."""

import asyncio
from collections.abc import Iterable
from typing import Final

from textual.widget import Widget

from ftos_tui.actions import AUDIT
from ftos_tui.domain.log import Level
from ftos_tui.screens.filtered_list import FilteredListScreen
from ftos_tui.screens.frame import MENU_PATH, bindings_of, closed_by
from ftos_tui.studio.audit import AuditEntry, in_words, list_entries, verify
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList

PATH: Final = (MENU_PATH[0], "Audit")
"""Where it stands in the menu path."""

COLUMNS = (
    Column("sequence", "Entry", width=7, align="right", sortable=False),
    Column("at", "At (UTC)", width=16, sortable=False),
    Column("user", "By", width=8, flex=1, sortable=False),
    Column("action", "Action", width=14, sortable=False),
    Column("provider", "Provider", width=16, flex=2, sortable=False),
    Column("version", "Version", width=7, align="right", drop=1, sortable=False),
)


class AuditSource:
    """Pages of the audit, read from the store in a thread.

    Attributes:
        text: What entries have to contain.
        entries: Those at hand, by the key of their row.
    """

    def __init__(self, screen: "AuditScreen") -> None:
        self.screen = screen
        self.text = ""
        self.entries: dict[str, AuditEntry] = {}

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> list[Row]:
        """One page, newest first.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        app = self.screen.console_app
        behind = after if isinstance(after, int) else None
        text = self.text
        page = await app.carry_out(
            lambda: list_entries(app.session, text=text, after=behind, backwards=backwards, limit=limit),
            lasting=False,
        )
        if after is None:
            self.entries.clear()
        self.entries.update({str(entry.sequence): entry for entry in page})
        return [Row(str(entry.sequence), _cells(entry), entry.sequence) for entry in page]


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    return (
        f"{entry.sequence:,}",
        entry.at[:16].replace("T", " "),
        entry.author.user,
        entry.action,
        entry.provider_name or "—",
        str(entry.version or "—"),
    )


class AuditScreen(FilteredListScreen):
    """Browse, filter as you type, verify."""

    BINDINGS = bindings_of(AUDIT) + closed_by("providers.audit")
    CSS = "AuditScreen RowList { height: 1fr; }"
    place = AUDIT
    filter_words = "Filter by provider, user, action or what changed"
    help_topic = (
        "Every change that was made here, newest first. An entry is written together with its change, or neither is. "
        "Each one is chained to the one before by a signature, so that nobody can alter, remove or swap one "
        "unnoticed.\n\n"
        "v goes along the whole chain and says in the status log whether it is whole, or where it is broken. A tail "
        "that was cut off shows by checkpoints: `ftos-tui audit checkpoint` keeps them outside the store, and "
        "`ftos-tui audit verify --file` compares.\n\n"
        "/ filters as you type by provider, user, action or what changed."
    )

    def __init__(self) -> None:
        super().__init__()
        self.source = AuditSource(self)
        self.verifying = False

    def breadcrumb(self) -> tuple[str, ...]:
        """Admin, Audit."""
        return PATH

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "audit.verify",
            "audit.filter",
            "audit.refresh",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The filter, the entries, and the entry under the cursor in full."""
        yield self.filter_field
        yield RowList(COLUMNS, self.source, id="audit", empty_text="No entry here. / changes the filter.")
        yield Line(most=3, id="detail")

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the entry under the cursor what its columns have no room for."""
        event.stop()
        if not self.verifying:
            self._describe(event.row)

    def _describe(self, row: Row | None) -> None:
        entry = self.source.entries.get(row.key) if row else None
        text = "" if entry is None else f"{entry.at[:19]}Z by {entry.author} · {in_words(entry) or 'no detail'}"
        self.query_one("#detail", Line).text = text

    def filter_by(self, text: str) -> None:
        """Shows only the entries that contain a text."""
        self.source.text = text
        self.rows.reload(keep=False)

    def action_refresh(self) -> None:
        """Reads the entries again, from the newest on."""
        self.rows.reload(keep=False)

    def action_verify(self) -> None:
        """Goes along the whole chain; pressed again it stops."""
        if self.verifying:
            self.verifying = False
        else:
            self.verifying = True
            start(self, self._verify, "verify")

    async def _verify(self) -> None:
        session = self.console_app.session
        loop = asyncio.get_running_loop()

        def told(checked: int, total: int) -> bool:
            loop.call_soon_threadsafe(self._show_progress, checked, total)
            return self.verifying

        self._show("Checking every entry of the audit …")
        try:
            report = await self.attempt(lambda: verify(session, progress=told))
        finally:
            self.verifying = False  # also where the screen is left: the thread stops at its next word
        if report is not None:
            level = Level.ERROR if report.problem else Level.SUCCESS if report.complete else Level.INFO
            self.console_app.report(level, report.sentence)
        self._describe(self.rows.row)
        if report is not None and report.problem is not None:
            self.rows.move_to(str(report.problem.sequence))

    def _show_progress(self, checked: int, total: int) -> None:
        if self.verifying and self.is_attached:
            self._show(f"Checked {checked:,} of {total:,} entries · v stops")

    def _show(self, text: str) -> None:
        self.query_one("#detail", Line).text = text
