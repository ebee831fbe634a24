"""Unsaved drafts, offered again after a dropped line or a kill."""

from collections.abc import Iterable, Sequence
from functools import partial

from textual.widget import Widget

from ftos_tui.actions import DRAFTS
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import MENU_PATH, FrameScreen, bindings_of
from ftos_tui.studio.drafts import KeptDraft, differences, discard_draft, is_taken, restore_draft, titled, typed
from ftos_tui.studio.failures import field_label
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource


class DraftsScreen(FrameScreen):
    """The drafts on disk and what each would change.

    Args:
        kept: The drafts, newest first.
    """

    BINDINGS = bindings_of(DRAFTS)
    CSS = "DraftsScreen #drafts { height: 1fr; } DraftsScreen #differences { height: 2fr; }"
    place = DRAFTS
    help_topic = (
        "These changes were typed and not saved. Enter opens the form with them, d throws one away, Esc leaves them "
        "here: the list of providers marks them with ✎. Secrets are never kept: where one had been typed, the list "
        "below says that it must be entered again."
    )

    def __init__(self, kept: Sequence[KeptDraft]) -> None:
        super().__init__()
        self.kept = {draft.key: draft for draft in kept}

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path and the drafts."""
        return (*MENU_PATH, "Unsaved drafts")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Go on editing"),
            "drafts.discard",
            "drafts.open_saved",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The drafts; under them, what the one under the cursor changes."""
        yield Line("Unsaved changes were kept. Enter goes on with them, d throws them away, Esc waits.", most=2)
        columns = (
            Column("provider", "Provider", width=24, flex=1, sortable=False),
            Column("base", "Started from", width=14, sortable=False),
            Column("kept", "Kept (UTC)", width=19, sortable=False),
            Column("user", "By", width=10, sortable=False),
        )
        yield RowList(columns, StaticSource(self._rows()), id="drafts", empty_text="No draft is left.")
        what = (
            Column("label", "Field", width=22, sortable=False),
            Column("saved", "Saved", width=24, flex=1, sortable=False),
            Column("draft", "Draft", width=24, flex=1, sortable=False),
        )
        yield RowList(what, StaticSource(), id="differences", empty_text="No difference.")

    def _rows(self) -> list[Row]:
        return [
            Row(
                key,
                (
                    titled(draft),
                    f"version {draft.base_version}" if draft.base_version else "nothing",
                    f"{draft.kept_at:%Y-%m-%d %H:%M:%S}",
                    visible(draft.user),
                ),
            )
            for key, draft in self.kept.items()
        ]

    def on_mount(self) -> None:
        """Starts on the newest draft."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the drafts."""
        self.set_focus(self.query_one("#drafts"))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Shows what the draft under the cursor changes."""
        event.stop()
        if event.row_list.id == "drafts" and event.row is not None:
            start(self, partial(self._compare, event.row.key), "compare")

    async def _compare(self, key: str) -> None:
        kept = self.kept.get(key)
        if kept is None:
            return
        if kept.form:
            await self._compare_form(kept)
            return
        session = self.session
        draft = await self.attempt(lambda: restore_draft(session, kept), lasting=False)
        changes = typed(kept) if draft is None else differences(draft)
        rows = [Row(change.field, (change.label, change.saved or "—", change.draft or "—")) for change in changes]
        rows += [
            Row(field_id, (field_label(field_id), "typed, never kept", "enter it again"))
            for field_id in kept.secrets_entered
        ]
        if draft is not None and kept.provider_id and draft.base.version != kept.base_version:
            now = f"version {draft.base.version}" if draft.base.version else "deleted"
            rows.append(Row("base", ("Saved meanwhile", f"it is now {now}", f"it was version {kept.base_version}")))
        self.query_one("#differences", RowList).set_source(StaticSource(rows))

    async def _compare_form(self, kept: KeptDraft) -> None:
        """Shows what the draft of a channel or a message holds."""
        from ftos_tui.screens.form_resuming import labels_of
        from ftos_tui.studio.form_drafts import form_differences

        session, labels = self.session, labels_of(kept)
        found = await self.attempt(lambda: form_differences(session, kept, labels), lasting=False)
        rows = [Row(change.field, (change.label, change.saved or "—", change.draft or "—")) for change in found or ()]
        if kept.operation_id:
            rows.append(Row("queued", ("It was being queued", "perhaps it is", "look among the messages first")))
        self.query_one("#differences", RowList).set_source(StaticSource(rows))

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Goes on editing."""
        event.stop()
        if event.row_list.id == "drafts":
            start(self, partial(self._resume, event.row.key), "open")

    async def _is_free(self, kept: KeptDraft) -> bool:
        """Whether nobody else took the draft up since it was listed; says so where somebody did."""
        session = self.session
        taken = await self.attempt(lambda: is_taken(session, kept), lasting=False)
        if taken:
            told = f"The draft of {titled(kept)} is gone, or another console goes on with it."
            self.console_app.report(Level.WARNING, told)
        return taken is False

    async def _resume(self, key: str) -> None:
        kept = self.kept[key]
        if not await self._is_free(kept):
            return
        session = self.session
        app, console_app = self.app, self.console_app
        if kept.form:
            from ftos_tui.screens.form_resuming import resumed_form

            form = await self.attempt(lambda: resumed_form(session, kept))
            if form is not None:
                app.switch_screen(form)
            return
        draft = await self.attempt(lambda: restore_draft(session, kept))
        if draft is None:
            return
        for field_id in kept.secrets_entered:
            console_app.report(Level.WARNING, f"Enter {field_label(field_id)} again: drafts keep no secrets.")
        console_app.go_back()
        # The worker must not belong to this screen, which is going.
        start(app, partial(console_app.open_draft, draft, key=key), "open", exclusive=False)

    def action_open_saved(self) -> None:
        """Opens the provider as it is saved; the draft stays on disk."""
        row = self.query_one("#drafts", RowList).row
        kept = self.kept[row.key] if row is not None else None
        provider_id = kept.provider_id if kept is not None else None
        if kept is not None and kept.form:
            self.console_app.report(Level.INFO, "Only a provider is opened as saved; Enter goes on with this draft.")
        elif provider_id:
            self.console_app.go_back()
            start(self.app, partial(self.console_app.open_form, provider_id, as_saved=True), "open", exclusive=False)
        else:
            self.console_app.report(Level.INFO, "This draft is of a provider that was never saved.")

    def action_discard(self) -> None:
        """Throws the draft under the cursor away."""
        row = self.query_one("#drafts", RowList).row
        if row is not None:
            start(self, partial(self._discard, row.key), "discard")

    async def _discard(self, key: str) -> None:
        kept = self.kept[key]
        name = titled(kept) if kept.form or kept.provider_name else "the new provider"
        sure = await self.question.ask(f"Throw the draft of {name} away?", {"y": "throw away", "escape": "keep"})
        if sure != "y":
            return
        session = self.session
        if not await self._is_free(kept) or not await self.succeeds(lambda: discard_draft(session, key)):
            return
        del self.kept[key]
        self.console_app.report(Level.INFO, f"Threw the draft of {name} away.")
        if self.kept:
            self.query_one("#drafts", RowList).set_source(StaticSource(self._rows()))
        else:
            self.console_app.go_back()
