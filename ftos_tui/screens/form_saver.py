"""What becomes of a save from the form: saved, refused, to be acknowledged, or stale."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import visible
from ftos_tui.studio.drafts import Saving, keep_draft
from ftos_tui.studio.failures import OutcomeUnknown, Refused, StaleVersion, StoreError, WarningsOpen, field_label
from ftos_tui.studio.history import ROLLBACK, rollback_reason
from ftos_tui.studio.outcome import done_words, not_done, outcome_of, pauses
from ftos_tui.studio.providers import Saved, base_of, clear_secret, open_provider, save_draft, saved_version
from ftos_tui.studio.session import new_id

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen


class FormSaver:
    """Saves what a form holds, and puts the outcome back into it. Nothing typed is lost, whatever it is.

    Args:
        form: The form.

    Attributes:
        busy: Whether a save is under way.
        saving: That save, from when it is sent until its outcome is known.
        finding_out: Whether its answer was lost, so that the store is being asked what became of it.
    """

    def __init__(self, form: "EditScreen") -> None:
        self.form = form
        self.busy = False
        self.saving: Saving | None = None
        self.finding_out = False
        self._store_is_back = asyncio.Event()

    def report(self, level: Level, message: str) -> None:
        """Adds a line to the status log."""
        self.form.console_app.report(level, message)

    async def save(self, *, close: bool) -> None:
        """Saves the draft as it stands now.

        Args:
            close: Whether to go back to the list afterwards.
        """
        if self.busy:
            if self.finding_out:
                told = "It is not known yet whether the last save was written; it is being found out."
                self.report(Level.WARNING, told)
            return
        self.busy = True
        model, session = self.form.model, self.form.session
        draft, acknowledged, reason, trial = model.draft, model.acknowledged, model.reason, model.trial
        number, key = model.rolls_back_to, self.form.key
        self.saving = saving = Saving(new_id(), draft)
        given: dict[str, Any] = {"acknowledged": acknowledged, "reason": reason, "trial": trial}
        given |= {"operation_id": saving.operation_id, "patience_s": 0}

        if number is not None:
            given |= {"action": ROLLBACK, "reason": rollback_reason(number, reason)}

        def operation() -> Saved:
            with suppress(Failure):  # where the disk is full the form itself says so
                keep_draft(session, key, draft, saving)
            return save_draft(session, draft, **given)

        try:
            # A refusal moves the focus: what is typed meanwhile, a secret perhaps, waits for it.
            with self.form.console_app.hold_keys():
                saved = await self.form.console_app.carry_out(operation, session=session)
        except OutcomeUnknown:
            await self._find_out(saving, close)
        except (Refused, WarningsOpen) as outcome:
            self._show_why_not(outcome)
        except StaleVersion as stale:
            await self._meet(stale)
        except Failure as failure:
            self.report(Level.ERROR, f"{failure} What you typed is kept.")
        else:
            await self._saved(saved.version, draft, close, saved)
        finally:
            self.busy = False
        if self.saving is not None:
            self.saving = None
            self.form.keep_soon()  # without the id of a save that was not done

    async def _find_out(self, saving: Saving, close: bool) -> None:
        """Asks the store, as often as it takes, what became of a save whose answer was lost."""
        form, session, draft = self.form, self.form.session, saving.sent
        what = f"version {draft.base.version + 1}"
        told = f"The line dropped while saving; finding out whether {what} was written… What you typed is kept."
        self.report(Level.WARNING, told)
        self.finding_out = True
        form.show_title()
        try:
            version = await self._outcome(saving.operation_id)
        finally:
            self.finding_out = False
            if form.is_attached:
                form.show_title()
        if version is None:
            self.report(Level.ERROR, f"{not_done(what)} What you typed is kept.")
            return
        self.report(Level.SUCCESS, done_words(version))
        readable = await form.console_app.carry_out(lambda: saved_version(session, version), quiet=True)
        await self._saved(readable, draft, close)

    async def _outcome(self, operation_id: str) -> ProviderVersion | None:
        session, console = self.form.session, self.form.console_app
        tries = pauses()
        while True:
            self._store_is_back.clear()
            try:
                return await console.carry_out(lambda: outcome_of(session, operation_id), quiet=True, session=session)
            except StoreError:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._store_is_back.wait(), next(tries))

    def store_is_back(self) -> None:
        """The store answers again: an outcome that is looked for may be had now."""
        self._store_is_back.set()

    def _show_why_not(self, outcome: Refused | WarningsOpen) -> None:
        model = self.form.model
        model.attempted = True
        model.recheck()
        self.form.show_findings()
        gravest = Severity.REFUSE if isinstance(outcome, Refused) else Severity.WARN
        for finding in outcome.checked.findings:
            if finding.severity is gravest and not model.is_acknowledged(finding):
                self.form.go_to(finding.field)
                break
        self.report(Level.ERROR, f"{outcome} F8 goes from one to the next.")

    async def _saved(self, version: ProviderVersion, draft: Draft, close: bool, saved: Saved | None = None) -> None:
        if version.number == draft.base.version and version.provider_id == draft.base.provider_id:
            self.report(Level.INFO, f"Nothing to save: {visible(version.name)} is as it was.")
        now = self.form.model.draft
        later = Saving("", draft).typed_since(now)
        self.saving = None  # its outcome is known: what is typed now is a draft of its own
        await self.start_from(version, saved)
        if later:
            self._type_again(now, later)
            self.form.put_all()
            self.form.keep_soon()
        elif close:
            self.form.console_app.go_back()

    def _type_again(self, typed: Draft, field_ids: Sequence[str]) -> None:
        """Puts what was typed while the save was under way on top of what was saved, secrets and statuses too."""
        model = self.form.model
        for field_id in field_ids:
            if field_id == "statuses":
                model.put(model.draft.with_statuses(typed.base.statuses if typed.statuses is None else typed.statuses))
            elif field_id in typed.secrets:
                model.enter_secret(field_id, typed.secrets[field_id])
            else:
                model.type(field_id, typed.text(field_id))

    async def start_from(self, version: ProviderVersion, saved: Saved | None = None) -> None:
        """Makes the form hold a saved version, nothing unsaved.

        Args:
            version: The version.
            saved: What is known of the save it came of; None has the store asked whether it is on trial.
        """
        model = self.form.model
        model.rebase(Draft(base_of(version)))
        model.attempted = False
        model.reason = ""
        model.trial = None
        if saved is None:
            self.form.trial.look_soon()
        else:
            self.form.trial.know(saved.trial)
        await self.form.kept.forget()
        self.form.put_all()

    async def _meet(self, stale: StaleVersion) -> None:
        self.report(Level.ERROR, str(stale))
        if stale.current is None:
            self.form.make_anew()
        else:
            await self.form.meet_conflict()

    async def clear(self, field_id: str) -> None:
        """Clears a stored secret after a question; an act of its own, so nothing else may be unsaved.

        Args:
            field_id: Which secret.
        """
        label = field_label(field_id)
        base = self.form.model.draft.base
        if base.provider_id is None or not base.secrets[field_id].is_set:
            self.report(Level.INFO, f"{label} holds nothing, so there is nothing to clear.")
            return
        if self.form.model.unsaved:
            self.report(Level.WARNING, f"Save or undo your changes first: clearing {label} is a change of its own.")
            return
        question = f"Clear the stored {label}? Nothing is sent until a new one is entered."
        if await self.form.question.ask(question, {"y": "clear", "escape": "keep"}) != "y":
            return
        session, provider_id, number = self.form.session, base.provider_id, base.version

        def carry_out() -> ProviderVersion:
            version = open_provider(session, provider_id=provider_id)
            if version.number != number:
                raise StaleVersion(f"{version.saved_by.user} saved meanwhile: nothing was cleared.", version)
            return clear_secret(session, version, field_id)

        version = await self.form.attempt(carry_out)
        if version is not None:
            await self.start_from(version)
