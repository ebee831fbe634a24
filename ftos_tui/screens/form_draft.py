"""The form's draft on disk: kept while it is typed, kept or thrown away when the form is left."""

from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.studio.drafts import discard_draft, keep_draft
from ftos_tui.studio.failures import counted
from ftos_tui.widgets.background import start
from ftos_tui.widgets.secret_input import SecretInput

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen

KEEP_AFTER = 0.2
"""Seconds between a change and its draft on disk: under the half second promised, and not at every key."""


class FormDraft:
    """Keeps what a form holds on disk, secrets apart.

    Args:
        form: The form.

    Attributes:
        config_text: What stands in the small editor of appConfig while it is open; None otherwise.
    """

    def __init__(self, form: "EditScreen") -> None:
        self.form = form
        self.config_text: str | None = None
        self._timer: Timer | None = None

    def keep_soon(self) -> None:
        """Has the draft on disk within half a second."""
        if self._timer is None:
            self._timer = self.form.set_timer(KEEP_AFTER, self._keep)

    def _keep(self) -> None:
        self._timer = None
        draft, key, session, saving = self.typed(), self.form.key, self.form.session, self.form.saver.saving
        at = session.clock()
        keep = partial(self.form.succeeds, lambda: keep_draft(session, key, draft, saving, at))
        start(self.form, keep, "keep", exclusive=False)

    def keep_now(self) -> None:
        """Has the draft on disk before this returns.

        Raises:
            Failure: The disk does not take it.
        """
        keep_draft(self.form.session, self.form.key, self.typed(), self.form.saver.saving)

    def typed(self) -> Draft:
        """The draft with what stands in the fields and has not reached it yet, and with the small editor's text."""
        draft = self.form.model.draft
        for field_id, row in self.form.rows.items():
            if not isinstance(row.control, SecretInput):
                draft = draft.with_text(field_id, row.control.value)
            elif row.control.value:
                draft = draft.with_secret(field_id, row.control.take())
        return draft if self.config_text is None else draft.with_text("app_config", self.config_text)

    async def may_leave(self) -> bool:
        """Asks what is to become of unsaved changes, when there are any; whether the form may be left."""
        form = self.form
        if not form.model.unsaved:
            await self.forget()
            return True
        unsaved = counted(len(form.model.unsaved), "unsaved change", "unsaved changes")
        if form.saver.finding_out:
            unsaved = f"{unsaved}, and not known yet whether the last save was written"
        answer = await form.question.ask(f"{unsaved}.", {"k": "keep as draft", "x": "throw away", "escape": "stay"})
        if answer == "k":
            return await self._keep_and_leave()
        if answer == "x":
            await self.forget()
            return True
        return False

    async def _keep_and_leave(self) -> bool:
        form, session, draft, saving = self.form, self.form.session, self.form.model.draft, self.form.saver.saving
        at = session.clock()
        if not await form.succeeds(lambda: keep_draft(session, form.key, draft, saving, at)):
            return False  # the form is the only place where it is
        session.open_drafts.discard(form.key)  # before the list is read again, which comes first
        form.console_app.report(Level.INFO, f"Kept the draft of {form.provider_name()}: the list marks it with ✎.")
        return True

    async def forget(self) -> None:
        """Takes the draft off the disk, once nothing is on its way there."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        under_way = [worker for worker in self.form.workers if worker.group == "keep"]
        if under_way:  # an empty list would mean all workers, this one among them
            await self.form.workers.wait_for_complete(under_way)
        session, key = self.form.session, self.form.key
        await self.form.succeeds(lambda: discard_draft(session, key))
