"""The versions of a provider, newest first: looked at, compared, gone back to."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from ftos_tui.actions import HISTORY
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import FrameScreen, bindings_of
from ftos_tui.screens.versions import CompareVersionsScreen, VersionScreen, saved_words
from ftos_tui.studio.failures import counted, field_label
from ftos_tui.studio.history import HistoryEntry, compare, history, rollback, rollback_draft, version
from ftos_tui.studio.providers import check_context, check_live
from ftos_tui.studio.review import Review, review
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen

COLUMNS = (
    Column("number", "Version", width=7, align="right", sortable=False),
    Column("saved", "Saved (UTC)", width=16, sortable=False),
    Column("by", "By", width=8, flex=1, sortable=False),
    Column("action", "Action", width=9, sortable=False),
    Column("changed", "Changed", width=16, flex=2, sortable=False, sentence=True),
    Column("reason", "Reason", width=15, flex=2, sortable=False, sentence=True),
)
"""The columns of the list."""


_SHORT_ACTIONS = {"trial_reverted": "reverted", "clear_secret": "cleared"}


def short_action(action: str) -> str:
    """What was done, in a word that the column has room for; the line under the list says it in full."""
    return _SHORT_ACTIONS.get(action, action)


class HistorySource:
    """Pages of the history; numbers have no gaps, so that the store is asked for newest first only.

    Attributes:
        newest: The number of the version that was the current one when the first page was read; 0 before.
        entries: What was read, by number.
    """

    def __init__(self, screen: "HistoryScreen", provider_id: str) -> None:
        self.screen = screen
        self.provider_id = provider_id
        self.newest = 0
        self.entries: dict[str, HistoryEntry] = {}

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> list[Row]:
        """One page, newest first; see `RowSource.fetch`.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        session, number = self.screen.session, after if isinstance(after, int) else None
        before = number
        if backwards:
            before = limit + 1 + (number or 0)
        page = list(
            await self.screen.console_app.carry_out(
                lambda: history(session, self.provider_id, before=before, limit=limit), lasting=False
            )
        )
        if backwards and number is not None:
            page = [entry for entry in page if entry.version.number > number]
        if before is None and page:
            self.newest = page[0].version.number
        self.entries.update({str(entry.version.number): entry for entry in page})
        return [self._row(entry) for entry in page]

    def _row(self, entry: HistoryEntry) -> Row:
        of = entry.version
        cells = (
            str(of.number),
            f"{of.saved_at:%Y-%m-%d %H:%M}",
            of.saved_by.user,
            short_action(of.action),
            ", ".join(map(field_label, entry.changed)) or "—",
            of.reason,
        )
        return Row(str(of.number), cells, of.number, "●" if of.number == self.screen.marked else "")


class HistoryScreen(FrameScreen):
    """The history of one provider.

    Args:
        path: The breadcrumb of where it was opened.
        provider_id: The provider.
        form: The form it was opened from; a rollback goes into it.
    """

    BINDINGS = bindings_of(HISTORY)
    place = HISTORY
    help_topic = (
        "Every version of the provider, newest first, with who saved it, when, from where and why.\n\n"
        "Enter compares the version under the cursor with the one that is saved now, or with the one marked by m. v "
        "shows all it holds. b goes back to it: a new version with its values is saved after the same checks as any "
        "change. App Password and App Key stay as they are stored now; where the older version sent to another "
        "destination, they have to be entered again."
    )

    def __init__(self, path: tuple[str, ...], provider_id: str, form: "EditScreen | None" = None) -> None:
        super().__init__()
        self.path = path
        self.provider_id = provider_id
        self.form = form
        self.marked: int | None = None
        self.source = HistorySource(self, provider_id)

    def breadcrumb(self) -> tuple[str, ...]:
        """The provider's, and the history."""
        return (*self.path, "History")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Compare"),
            "history.mark",
            "history.show",
            "history.rollback",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The versions, and the one under the cursor in full."""
        yield RowList(COLUMNS, self.source, id="versions", empty_text="No version.")
        yield Line(most=3, id="full")

    def on_mount(self) -> None:
        """Starts at the newest version."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the versions."""
        self.set_focus(self.rows)

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#versions", RowList)

    @property
    def number(self) -> int | None:
        """The number of the version under the cursor."""
        row = self.rows.row
        return int(row.key) if row is not None else None

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the version under the cursor what its columns have no room for."""
        event.stop()
        entry = self.source.entries.get(event.row.key) if event.row else None
        text = saved_words(entry.version) if entry else ""
        if entry and entry.changed:
            text += f" · changed {', '.join(map(field_label, entry.changed))}"
        if entry and entry.version.acknowledged:
            text += f" · acknowledged {', '.join(entry.version.acknowledged)}"
        self.query_one("#full", Line).text = text

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Compares."""
        event.stop()
        start(self, partial(self._compare, int(event.row.key)), "open")

    async def _compare(self, number: int) -> None:
        """The version against the marked one, else the current one; the current one against the one before."""
        other = self.marked if self.marked not in (None, number) else self.source.newest
        if other == number:
            other = max(1, number - 1)
        before, after = sorted((number, other or number))
        session = self.session
        found = await self.attempt(lambda: compare(session, self.provider_id, before, after))
        if found is not None:
            self.open_screen(CompareVersionsScreen(self.breadcrumb(), found))

    def action_mark(self) -> None:
        """Marks the version under the cursor to compare others with, or takes the mark away."""
        number = self.number
        if number is not None:
            self.marked = None if self.marked == number else number
            said = f"Version {number} is marked: Enter compares with it." if self.marked else "No version is marked."
            self.console_app.report(Level.INFO, said)
            self.rows.reload(keep=True)

    def action_show(self) -> None:
        """Shows all that the version under the cursor holds."""
        if self.number is not None:
            start(self, partial(self._show, self.number), "open")

    async def _show(self, number: int) -> None:
        session = self.session
        found = await self.attempt(lambda: version(session, self.provider_id, number))
        if found is not None:
            self.open_screen(VersionScreen(self.breadcrumb(), found))

    def action_rollback(self) -> None:
        """Goes back to the version under the cursor, after a question."""
        if self.number is not None:
            start(self, partial(self._rollback, self.number), "rollback")

    async def _rollback(self, number: int) -> None:
        session, seen = self.session, self.source.newest
        if not await self.succeeds(session.permit_change):
            return
        if self.form is not None and self.form.model.unsaved:
            self.console_app.report(Level.WARNING, "Save or undo the form's changes first, then roll back.")
            return

        def prepare() -> tuple[Draft, Review]:
            draft = rollback_draft(session, self.provider_id, number, seen)
            context = check_context(session, draft)
            return draft, review(draft, check_live(context, draft), context)

        prepared = await self.attempt(prepare)
        if prepared is None:
            return
        draft, found = prepared
        if not draft.changed:
            self.console_app.report(Level.INFO, f"Version {seen} is what version {number} was: nothing to roll back.")
            return
        answer = await self._ask(number, draft, found)
        if answer == "y":
            await self._save(draft, number)
        elif answer == "f":
            await self._into_form(draft, number)

    async def _ask(self, number: int, draft: Draft, found: Review) -> str | None:
        changes = counted(len(draft.changed), "field changes", "fields change")
        choices = {"f": "look at it in the form", "escape": "leave it"}
        first = next((finding for finding in found.checked.findings if finding.severity != "fix"), None)
        if first is None:
            choices = {"y": "save it now", **choices}
            return await self.question.ask(f"Roll back to version {number}? {changes}.", choices)
        open_points = f"{field_label(first.field)}: {visible(first.message)}"
        return await self.question.ask(f"Roll back to version {number}? {changes}. {open_points}", choices)

    async def _save(self, draft: Draft, number: int) -> None:
        session = self.session
        saved = await self.attempt(lambda: rollback(session, draft, number))
        if saved is not None and self.form is not None:
            await self.form.saver.start_from(saved)
        self.rows.reload(keep=False)

    async def _into_form(self, draft: Draft, number: int) -> None:
        from ftos_tui.screens.edit import EditScreen

        form, app, console_app, session = self.form, self.app, self.console_app, self.other_session
        console_app.go_back()

        async def put() -> None:
            if form is None:
                await console_app.open_draft(draft, session=session)
            screen = form or app.screen
            if isinstance(screen, EditScreen):
                screen.take_rollback(draft, number)

        # The worker must not belong to this screen, which is going.
        start(app, put, "open", exclusive=False)
