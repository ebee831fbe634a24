"""The form's part in versions: review before a save, history and rollback, and conflicts with what others saved."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import NO_SECRETS
from ftos_tui.screens.frame import FrameScreen

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen


class VersionActions(FrameScreen):
    """The form's actions about versions."""

    @property
    def _form(self) -> "EditScreen":
        return cast("EditScreen", self)

    # Review

    def reviewed(self, proceed: Callable[[], None]) -> None:
        """Carries a save out, after a review where the environment asks for one and nothing is refused.

        Args:
            proceed: Carries it out.
        """
        model = self._form.model
        refused = any(finding.severity is Severity.REFUSE for finding in model.checked.findings)
        if self.session.environment.review and model.unsaved and not refused:
            self._show_review(proceed)
        else:
            proceed()

    def action_review(self) -> None:
        """Shows what a save would do."""
        if self._form.model.unsaved:
            self._show_review(partial(self._form.save_now, close=True))
        else:
            self.console_app.report(Level.INFO, "Nothing is unsaved, so there is nothing to review.")

    def _show_review(self, proceed: Callable[[], None]) -> None:
        from ftos_tui.screens.review import ReviewScreen

        self.open_screen(ReviewScreen(self.breadcrumb(), self._form, proceed))

    # History

    def action_history(self) -> None:
        """Shows the versions of the provider."""
        from ftos_tui.screens.history import HistoryScreen

        provider_id = self._form.model.draft.base.provider_id
        if provider_id is None:
            self.console_app.report(Level.INFO, "A new provider has no history yet.")
        else:
            self.open_screen(HistoryScreen(self.breadcrumb(), provider_id, self._form))

    def take_rollback(self, draft: Draft, number: int) -> None:
        """Puts a rollback into the form, where its findings can be dealt with.

        Args:
            draft: The rollback's draft.
            number: The version it goes back to.
        """
        form = self._form
        form.model.take_rollback(draft, number)
        form.put_all()
        form.keep_soon()
        said = f"What version {number} held stands in the form, not saved yet. F8 goes to what is to be put right."
        self.console_app.report(Level.INFO, said)

    # Conflicts

    async def meet_conflict(self) -> None:
        """Shows base, theirs and mine where somebody saved in between; nothing typed is lost."""
        from ftos_tui.screens.conflict import ConflictScreen
        from ftos_tui.studio.conflicts import find_conflict

        session, draft = self.session, self._form.model.draft
        conflict = await self.attempt(lambda: find_conflict(session, draft))
        if conflict is not None:
            self.open_screen(ConflictScreen(self.breadcrumb(), self._form, conflict))

    def put_on(self, draft: Draft) -> None:
        """Goes on editing on top of another saved version.

        Args:
            draft: The edit on that version.
        """
        form = self._form
        form.model.rebase(draft)
        form.put_all()
        form.keep_soon()

    def make_anew(self) -> None:
        """The provider was deleted meanwhile: what stands in the form becomes a new one."""
        draft = self._form.model.draft
        edits = {**{f: v for f, v in draft.base.values.items() if v is not None}, **draft.edits}
        base = Base(None, 0, dict.fromkeys(draft.base.values), NO_SECRETS, draft.base.statuses)
        self.put_on(Draft(base, edits, draft.secrets, draft.statuses))
        self.console_app.report(Level.WARNING, "It was deleted meanwhile: saving now makes it a new provider.")
