"""The list of channel providers."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from ftos_tui.actions import PROVIDERS
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.filtered_list import FilteredListScreen
from ftos_tui.screens.frame import bindings_of
from ftos_tui.screens.provider_source import COLUMNS, ProviderSource
from ftos_tui.studio.failures import counted, field_label
from ftos_tui.studio.place import Place, remember_place
from ftos_tui.studio.reading import (  # what checks is imported once it is needed: the list comes sooner without
    ListQuery,
    SortColumn,
    count_providers,
    open_provider,
)
from ftos_tui.widgets.background import running, start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from ftos_tui.studio.live import News


PACE: Final = 3.0
"""Seconds between two looks at how many messages wait; they cost the line nothing unless the numbers differ."""

_FIRST_LOOK: Final = 0.5
"""Seconds after which the first look follows: what it imports must not hold up the list."""


class ProvidersScreen(FilteredListScreen):
    """The list: filter as you type, sort by any column, open, new, duplicate, delete.

    Args:
        cursor_on: The id of the provider to put the cursor on.
    """

    BINDINGS = bindings_of(PROVIDERS)
    place = PROVIDERS
    filter_words = "Filter by name, channel or provider"
    help_topic = (
        "The channel providers of this environment, from the store.\n\n"
        "Ready says whether a provider has all it needs; ✗ with a number says how many mandatory fields are missing, "
        "the line under the list names them. ◷ marks a version on trial: t keeps it, otherwise it reverts. @ marks a "
        "provider whose form somebody else has open, ✎ one with an unsaved draft. The window is in UTC. Saved shows "
        "the time today, otherwise the day. How many messages wait or were refused stands in the line under the "
        "list, in a wide terminal in columns too; m shows them.\n\n"
        "Enter opens the provider under the cursor. / filters as you type, s sorts by the next column and S turns "
        "the order round. n starts a new provider, c duplicates one without its secrets, d deletes one after you "
        "typed its name; its versions stay, and h shows them. x writes what is listed to a file, i reads a file and "
        "shows a plan first."
    )

    def __init__(self, cursor_on: str = "") -> None:
        super().__init__()
        self.source = ProviderSource(self, ListQuery())
        self.cursor_on = cursor_on
        self.total: int | None = None

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Edit"),
            "providers.filter",
            "providers.new",
            "providers.duplicate",
            "providers.delete",
            ("s", "Sort"),
            "everywhere.keys",
            "everywhere.help",
            "everywhere.back",
            "providers.quit",
        )

    def content(self) -> Iterable[Widget]:
        """The filter, the list, and a line about the row under the cursor."""
        yield self.filter_field
        yield RowList(
            COLUMNS,
            self.source,
            id="providers",
            sort=(SortColumn.NAME, False),
            cursor_key=self.cursor_on,
            empty_text="No channel provider here. n starts one, / changes the filter.",
        )
        yield Line(most=3, id="detail")

    def on_mount(self) -> None:
        """Counts what there is, beside the first page."""
        super().on_mount()
        start(self, self._count, "count")
        self.set_timer(_FIRST_LOOK, self._look_at_loads)
        self.set_interval(PACE, self._look_at_loads)

    def on_screen_resume(self) -> None:
        """Reads again what may have changed while a form was open."""
        super().on_screen_resume()
        if self.total is not None and self.listed:
            self.action_refresh()

    def _look_at_loads(self) -> None:
        if self.listed and self.app.screen is self and self.total is not None and not running(self, "loads"):
            start(self, self._look, "loads")

    async def _look(self) -> None:
        """How many messages wait and were refused; where the store is away, others say so."""
        from ftos_tui.studio.activity import loads

        session = self.session
        try:
            found = await self.console_app.carry_out(lambda: loads(session), lasting=False, quiet=True, session=session)
        except Failure:
            return
        if self.listed and self.query("#detail") and found != self.source.loads:
            self.source.loads = found
            self.rows.update_rows()
            self._describe(self.rows.row)

    async def _count(self) -> None:
        wanted = self.source.query.filter
        total = await self.attempt(lambda: count_providers(self.session, wanted), lasting=False, quiet=True)
        if total is not None and self.listed:
            self.total = total
            self._describe(self.rows.row)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the row under the cursor what its columns have no room for."""
        event.stop()
        self._describe(event.row)

    def _describe(self, row: Row | None) -> None:
        summary = self.source.summaries.get(row.key) if row else None
        total = "" if self.total is None else f"{counted(self.total, 'provider', 'providers')} · "
        if self.source.new_drafts:
            total += f"✎ {counted(self.source.new_drafts, 'draft', 'drafts')} of a new provider (u) · "
        trial = None if summary is None else self.console_app.trial_watch.known.get(summary.provider_id)
        if trial is not None:
            total += f"{trial.words} (t) · "
        present = () if summary is None else self.console_app.live_watch.present.get(summary.provider_id, ())
        if present:
            from ftos_tui.studio.live_words import also_open

            total += f"@ open: {also_open(present)} · "
        if summary is None:
            self.query_one("#detail", Line).text = total.removesuffix(" · ")
            return
        self.cursor_on = summary.provider_id
        load = self.source.loads.get(summary.provider_id)
        if load is not None and load.in_words:
            total += f"{load.in_words} (m) · "
        saved = f"version {summary.version} saved by {summary.saved_by} {summary.saved_at:%Y-%m-%d %H:%M}"
        if summary.missing:
            labels = ", ".join(field_label(field_id) for field_id in summary.missing)
            self.query_one("#detail", Line).text = f"{total}not configured, missing {labels} · {saved}"
        else:
            self.query_one("#detail", Line).text = f"{total}ready · {saved}"

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Opens the provider of the row."""
        event.stop()
        self._open(event.row.key)

    def _open(self, provider_id: str) -> None:
        start(self, partial(self.console_app.open_form, provider_id), "open")

    def on_row_list_sort_requested(self, event: RowList.SortRequested) -> None:
        """Sorts by a column; the one in force turns round."""
        event.stop()
        column = SortColumn(event.column)
        query = self.source.query
        descending = event.descending
        self.source.query = replace(query, sort=column, descending=descending)
        self.rows.sort = (column, descending)
        self.rows.reload(keep=False)

    def filter_by(self, text: str) -> None:
        """Shows only the providers that contain a text."""
        self.source.query = replace(self.source.query, filter=text)
        self.rows.reload(keep=False)
        start(self, self._count, "count")

    async def may_leave(self) -> bool:
        """Esc first takes a filter away; then the menu is the last place."""
        if not await super().may_leave():
            return False
        remember_place(self.session, Place())
        return True

    def action_refresh(self) -> None:
        """Reads the list again; the cursor stays on its provider."""
        self.source.drafts_known = False
        start(self.app, self.console_app.trial_watch.look, "trials")
        self.rows.reload(keep=True)
        start(self, self._count, "count")

    def action_edit(self) -> None:
        """Opens the provider under the cursor."""
        if self.rows.row is not None:
            self._open(self.rows.row.key)

    def action_new(self) -> None:
        """Starts a new provider."""
        from ftos_tui.studio.providers import new_draft

        start(self, partial(self.console_app.open_draft, new_draft()), "open")

    def action_duplicate(self) -> None:
        """Starts a new provider from the one under the cursor."""
        row = self.rows.row
        if row is not None:
            start(self, partial(self._duplicate, row.key), "open")

    async def _duplicate(self, provider_id: str) -> None:
        from ftos_tui.studio.providers import duplicate_draft

        session = self.session
        version = await self.attempt(lambda: open_provider(session, provider_id=provider_id))
        if version is not None:
            await self.console_app.open_draft(duplicate_draft(version))

    def action_delete(self) -> None:
        """Deletes the provider under the cursor after its name was typed."""
        row = self.rows.row
        if row is not None:
            start(self, partial(self._delete, row.key), "delete")

    async def _delete(self, provider_id: str) -> None:
        from ftos_tui.studio.providers import delete

        session = self.session
        listed = self.source.summaries.get(provider_id)
        version = await self.attempt(lambda: open_provider(session, provider_id=provider_id))
        if version is None:
            return
        if not await self.succeeds(session.permit_change):
            return
        name = visible(version.name)
        if listed is not None and listed.version != version.number:
            who = version.saved_by.user
            said = f"{who} saved version {version.number} of {name} meanwhile: look at it (h), then delete it again."
            self.console_app.report(Level.WARNING, said)
            self.action_refresh()
            return
        typed = await self.question.ask_text(f"Delete {name}? Type its name, Esc keeps it:", "")
        if typed is None:
            return
        if await self.succeeds(lambda: delete(session, version, typed)):
            self.action_refresh()

    def action_compare(self) -> None:
        """Compares with another environment."""
        start(self, self._compare, "open")

    async def _compare(self) -> None:
        from ftos_tui.screens.compare import CompareScreen
        from ftos_tui.studio.environments import other_session

        session = self.session
        others = [name for name in session.settings.environments if name != session.environment.name]
        if not others:
            told = "Nothing to compare with yet: name a second environment in the settings, as [environments.NAME]."
            self.console_app.report(Level.INFO, told)
            return
        choices = {str(number): name for number, name in enumerate(others[:9], 1)}
        key = (
            next(iter(choices))
            if len(choices) == 1
            else await self.question.ask("Compare with?", {**choices, "escape": "none"})
        )
        if key in choices:
            there = await self.attempt(lambda: other_session(session, choices[key]))
            if there is not None:
                self.open_screen(CompareScreen(there))

    def action_confirm_trial(self) -> None:
        """Keeps the version on trial of the provider under the cursor."""
        row = self.rows.row
        if row is not None:
            start(self, partial(self._confirm_trial, row.key), "trial")

    async def _confirm_trial(self, provider_id: str) -> None:
        from ftos_tui.studio.trial import confirm

        session = self.console_app.session
        await self.attempt(lambda: confirm(session, provider_id=provider_id))
        await self.console_app.trial_watch.look()

    def show_trials(self) -> None:
        """Some trial began or ended: its mark and its line."""
        if self.total is not None and self.listed:
            self.action_refresh()

    def show_news(self, news: "News") -> None:
        """Others did something: the rows on screen follow, the cursor and the filter stay."""
        if self.listed and self.app.screen is self:  # otherwise it is read again when it is shown again
            self.rows.update_rows()
            if news.changes or news.back:
                start(self, self._count, "count")

    def action_history(self) -> None:
        """Shows the versions of the provider under the cursor."""
        from ftos_tui.screens.history import HistoryScreen

        row = self.rows.row
        if row is not None:
            self.open_screen(HistoryScreen((*self.breadcrumb(), visible(row.cells[0])), row.key))

    def action_messages(self) -> None:
        """Shows the messages of the provider under the cursor."""
        from ftos_tui.screens.messages import MessagesScreen

        row = self.rows.row
        if row is not None:
            self.open_screen(MessagesScreen(provider=(row.key, row.cells[0])))

    def action_audit(self) -> None:
        """Shows the audit."""
        from ftos_tui.screens.audit import AuditScreen

        self.app.push_screen(AuditScreen())

    def action_export(self) -> None:
        """Writes the listed providers to a file."""
        from ftos_tui.screens.provider_files import export_listed

        start(self, partial(export_listed, self, self.source.query.filter, self.total), "files")

    def action_import(self) -> None:
        """Reads providers from a file and shows what that would change."""
        from ftos_tui.screens.provider_files import import_file

        start(self, partial(import_file, self), "files")

    def action_drafts(self) -> None:
        """Shows the drafts that were kept."""
        start(self, partial(self.console_app.offer_drafts, asked=True), "open")
