"""The form's part in trials: save on trial, count down, confirm, and what comes back at the deadline."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.timer import Timer

from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.trial import USUAL_TRIAL, Trial, trial_length
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.reading import open_provider, trial_of
from ftos_tui.widgets.background import start
from ftos_tui.widgets.trial_line import TrialLine

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen


class FormTrial:
    """The trial of the provider in a form, if there is one.

    Args:
        form: The form.
        trial: The trial that ran when the provider was read.

    Attributes:
        trial: The trial as of the last look.
    """

    def __init__(self, form: "EditScreen", trial: Trial | None) -> None:
        self.form = form
        self.trial = trial
        self.line = TrialLine()
        self._seconds: Timer | None = None

    def look_soon(self) -> None:
        """Has the store asked whether the provider is on trial."""
        start(self.form, self._look, "trial")

    async def _look(self) -> None:
        provider_id, session = self.form.model.draft.base.provider_id, self.form.session
        if provider_id is None:
            self._put(None)
            return
        found = await self.form.attempt(lambda: (trial_of(session, provider_id),), lasting=False, quiet=True)
        if found is not None:
            self.know(found[0])

    def show(self) -> None:
        """Shows what the form started with."""
        self.know(self.trial)

    def know(self, trial: Trial | None) -> None:
        """Shows the trial that runs as far as it is known now, without asking the store.

        Args:
            trial: The trial; None where none runs.
        """
        self._put(trial)
        watch, provider_id = self.form.console_app.trial_watch, self.form.model.draft.base.provider_id or ""
        if self.form.session is watch.session and watch.known.get(provider_id) != trial:
            start(self.form.app, watch.look, "trials")  # for the list, and for when the form is closed

    def _put(self, trial: Trial | None) -> None:
        self.trial = trial
        if trial is not None and self._seconds is None:
            self._seconds = self.form.set_interval(1.0, self._second)
        elif trial is None and self._seconds is not None:
            self._seconds.stop()
            self._seconds = None
        self._show()

    def _show(self) -> None:
        if self.trial is None:
            self.line.show("", "")
            return
        key, _ = self.form.console_app.hint("form.confirm_trial")
        words = f"On trial: reverts at {self.trial.deadline:%H:%M:%S} UTC · {key} confirms"
        self.line.show(words, self.trial.left(self.form.session.clock()))

    def _second(self) -> None:
        self._show()
        if self.trial is not None and self.trial.is_over(self.form.session.clock()):
            start(self.form, self._over, "trial")

    async def _over(self) -> None:
        """Reverts, unless another process did, and shows what is saved now."""
        from ftos_tui.studio.trial import carry_out_expired

        form, session = self.form, self.form.session
        provider_id = form.model.draft.base.provider_id
        if not session.may_revert or provider_id is None:
            self._put(None)
            return

        def revert() -> ProviderVersion:
            carry_out_expired(session)
            return open_provider(session, provider_id=provider_id)

        version = await form.attempt(revert)
        self._put(None)
        if version is None or version.number == form.model.draft.base.version or version.deleted:
            return
        if form.model.unsaved:
            name = visible(version.name)
            told = f"What you typed started from the trial of {name}, which is over: saving shows what differs."
            form.console_app.report(Level.WARNING, told)
        else:
            await form.saver.start_from(version)

    async def ask(self) -> None:
        """Asks for how long, and saves on trial."""
        minutes = str(int(USUAL_TRIAL.total_seconds()) // 60)
        question = "Save on trial for how many minutes (or 30s, 2h)? It reverts by itself unless confirmed:"
        answer = await self.form.question.ask_text(question, minutes, typing_replaces=True)
        if answer is None:
            return
        try:
            length = trial_length(answer)
        except ValueError as error:
            self.form.console_app.report(Level.ERROR, f"Not saved: {error}")
            return
        self.form.start_saving(close=False, trial=length)

    async def confirm(self) -> None:
        """Makes the version on trial stay."""
        from ftos_tui.studio.trial import confirm

        session, provider_id = self.form.session, self.form.model.draft.base.provider_id
        if provider_id is None:
            self.form.console_app.report(Level.INFO, "A new provider is not on trial.")
            return
        await self.form.attempt(lambda: confirm(session, provider_id=provider_id))
        await self._look()


class TrialActions(FrameScreen):
    """The form's actions about trials."""

    def _trial(self) -> FormTrial:
        return cast("EditScreen", self).trial

    def action_save_on_trial(self) -> None:
        """Saves so that it reverts by itself unless it is confirmed."""
        start(self, partial(self._trial().ask), "ask")

    def action_confirm_trial(self) -> None:
        """Confirms the version on trial: it stays."""
        start(self, self._trial().confirm, "ask")

    def show_trials(self) -> None:
        """Some trial began or ended."""
        self._trial().look_soon()
