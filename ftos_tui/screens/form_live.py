"""The form's part in what others do: who else has it open, what they saved meanwhile, and a form nobody typed into."""

from typing import TYPE_CHECKING, cast

from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.reading import open_provider
from ftos_tui.widgets.background import start
from ftos_tui.widgets.frame import TopLine

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen
    from ftos_tui.studio.live import Change, News

DELETE = "delete"


class FormLive:
    """What others do with the provider in a form.

    Args:
        form: The form.
    """

    def __init__(self, form: "EditScreen") -> None:
        self.form = form
        self._entered = ""

    @property
    def provider_id(self) -> str:
        """The provider, where its store is followed; empty for a new one, and for a form of another environment."""
        watched = self.form.session is self.form.console_app.live_watch.session
        return self.form.model.draft.base.provider_id or "" if watched else ""

    @property
    def outdated_by(self) -> "Change | None":
        """The last change by others, where the form started from an older version."""
        change = self.form.console_app.live_watch.latest(self.provider_id)
        return change if change is not None and change.version > self.form.model.draft.base.version else None

    @property
    def untouched(self) -> bool:
        """Whether nobody has typed anything, not even what has not reached the draft yet, and nothing is under way."""
        form = self.form
        idle = not form.saver.busy and not form.question.asking
        return idle and not form.model.reason and not form.kept.typed().changed

    def entered(self) -> None:
        """Lets the others know which provider's form is open here; it is another one once a new one was saved."""
        if self.provider_id == self._entered:
            return
        self.left()
        self._entered = self.provider_id
        if self._entered:
            self.form.console_app.live_watch.enter(self._entered)
            self.show()

    def left(self) -> None:
        """Lets the others know that the form is closed."""
        if self._entered:
            self.form.console_app.live_watch.leave(self._entered)
            self._entered = ""

    def mark(self) -> str:
        """What the title says of a version that others saved meanwhile; empty for none."""
        change = self.outdated_by
        if change is None:
            return ""
        user = shortened(change.user, 12)
        if change.action == DELETE:
            return f"! {user} deleted it"
        key, _ = self.form.console_app.hint("form.meanwhile")
        return f"! {user} saved v{change.version}: {key} shows it"

    def words_of(self, change: "Change") -> str:
        """What a change means for what stands in the form; empty for nothing."""
        from ftos_tui.studio.live_words import in_words

        if not self._entered or change.provider_id != self.provider_id or not change.version:
            return ""  # not before the form is there, which shows what is saved when it comes, nor when it goes
        if self.untouched or self.form.saver.busy:
            return ""
        if change.version <= self.form.model.draft.base.version:
            return ""
        if change.action == DELETE:
            return f"{in_words(change)} You are editing it: saving warns first, then makes it a new provider."
        key, _ = self.form.console_app.hint("form.meanwhile")
        return f"{in_words(change)} You are editing it: {key} shows what differs, saving will ask."

    def show_news(self, news: "News") -> None:
        """Somebody did something; perhaps not with this provider."""
        if news.back:
            self.form.saver.store_is_back()
        if self._entered:  # as in `words_of`
            self.show()
            self.reload_soon()

    def show(self) -> None:
        """Says who else has the form open, and what was saved meanwhile."""
        from ftos_tui.studio.live_words import also_open, who_short

        others = self.form.console_app.live_watch.present.get(self.provider_id, ())
        people = also_open(others) if len(others) < 2 else who_short(others)
        self.form.query_one(TopLine).people = f"also open: {people}" if people else ""
        self.form.show_title()

    def reload_soon(self) -> None:
        """Shows what is saved now, where nobody has typed anything."""
        change = self.outdated_by
        on_top = self.form.app.screen is self.form
        if change is not None and change.action != DELETE and on_top and self.untouched:
            start(self.form, self._reload, "live")

    async def _reload(self) -> None:
        form, session, provider_id = self.form, self.form.session, self.provider_id
        version = await form.attempt(lambda: open_provider(session, provider_id=provider_id), lasting=False, quiet=True)
        if version is None or version.deleted or version.number <= form.model.draft.base.version:
            return
        if self.untouched and form.app.screen is form:
            with form.console_app.hold_keys():
                await form.saver.start_from(version)
            user = visible(version.saved_by.user)
            form.console_app.report(Level.INFO, f"The form shows version {version.number} now, saved by {user}.")

    async def show_difference(self) -> None:
        """Shows what was saved meanwhile beside what stands in the form."""
        change = self.outdated_by
        if change is None:
            told = "Nobody else saved this provider since you opened it."
            self.form.console_app.report(Level.INFO, told)
        elif change.action == DELETE:
            told = f"{visible(change.user)} deleted it: saving warns first, then makes it a new provider."
            self.form.console_app.report(Level.WARNING, told)
        elif self.form.model.unsaved:
            await self.form.meet_conflict()
        else:
            await self._reload()


class LiveActions(FrameScreen):
    """The form's actions about what others do."""

    def _live(self) -> FormLive:
        return cast("EditScreen", self).live

    def action_meanwhile(self) -> None:
        """Shows what others saved since the form was opened."""
        start(self, self._live().show_difference, "ask")

    def show_news(self, news: "News") -> None:
        """Others did something, or opened or closed a form."""
        self._live().show_news(news)

    def words_of(self, change: "Change") -> str:
        """What a change means for what stands in this form."""
        return self._live().words_of(change)

    def on_screen_resume(self) -> None:
        """What others saved while another screen was on top."""
        self._live().reload_soon()
