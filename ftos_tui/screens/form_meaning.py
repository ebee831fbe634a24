"""The form's part in what its values mean: the panel beside it, and the forecast for the messages that wait."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from ftos_tui.domain.failure import Failure
from ftos_tui.screens.form_activity import activity_sections
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.screens.meaning_panel import sections_of
from ftos_tui.widgets.background import start
from ftos_tui.widgets.meaning_panel import MeaningPanel, Section

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen
    from ftos_tui.studio.forecast import Outlook, Queue

T = TypeVar("T")


class FormForecast:
    """How the waiting messages would leave by what the form holds.

    It is reckoned in a thread, once for what was typed meanwhile, and only while there is somewhere to show it.

    Args:
        form: The form.

    Attributes:
        outlook: The forecast as of the last reckoning; None where no messages wait, or it is not known yet.
    """

    def __init__(self, form: "EditScreen") -> None:
        self.form = form
        self.outlook: Outlook | None = None
        self._queue: Queue | None = None
        self._reckoned: tuple[object, ...] = ()
        self._stale = True
        self._busy = False

    def queue_changed(self) -> None:
        """Has the store asked anew how many messages wait."""
        self._stale = True
        self.values_changed()

    def values_changed(self) -> None:
        """Has the forecast reckoned anew, unless that is under way: then it is done once more behind it."""
        if self._shown and not self._busy and (self._stale or self._wanted() != self._reckoned):
            self._busy = True
            start(self.form, self._reckon, "forecast", exclusive=False)

    @property
    def _shown(self) -> bool:
        """Whether there is somewhere to show it: beside the form, or on a screen over it."""
        return self.form.has_class("wide") or self.form.app.screen is not self.form

    def _wanted(self) -> tuple[object, ...]:
        """What the forecast depends on."""
        from ftos_tui.studio.forecast import edited_state

        model, queue = self.form.model, self._queue
        return (queue, edited_state(model.draft, model.checked, queue.saved)) if queue is not None else ()

    async def _reckon(self) -> None:
        try:
            while self._stale or self._wanted() != self._reckoned:
                if self._stale:
                    await self._look()
                await self._once()
        finally:
            self._busy = False

    async def _look(self) -> None:
        """Asks the store how many messages wait; of a new provider none do."""
        from ftos_tui.studio.forecast import queue_of

        session, provider_id = self.form.session, self.form.model.draft.base.provider_id
        self._stale = False
        found = await self._in_thread(lambda: queue_of(session, provider_id)) if provider_id else None
        if found is not None:
            self._queue = found

    async def _once(self) -> None:
        """Reckons once."""
        from ftos_tui.studio.forecast import edited_state, look_ahead

        queue, draft, checked = self._queue, self.form.model.draft, self.form.model.checked
        self._reckoned = self._wanted()
        if queue is None:
            return
        outlook = None
        if queue.waiting:
            edited = edited_state(draft, checked, queue.saved)
            outlook = await self._in_thread(lambda: look_ahead(queue, edited, checked))
        if outlook != self.outlook:
            self.outlook = outlook
            self._tell()

    async def _in_thread(self, operation: Callable[[], T]) -> T | None:
        """Carries an operation out; a store that does not answer is told of by others."""
        form = self.form
        try:
            return await form.console_app.carry_out(operation, lasting=False, quiet=True, session=form.session)
        except Failure:
            return None

    def _tell(self) -> None:
        """Shows it wherever there is room."""
        for screen in self.form.app.screen_stack:
            show_outlook = getattr(screen, "show_outlook", None)
            if show_outlook is not None:
                show_outlook()


class MeaningActions(FrameScreen):
    """The form's actions about what its values mean."""

    @property
    def _meant(self) -> "EditScreen":
        return cast("EditScreen", self)

    def meaning_sections(self) -> list[Section]:
        """What the values mean now."""
        form = self._meant
        model, outlook = form.model, form.forecast.outlook
        serves = model.context.serves_words
        means = sections_of(self.session, model.draft, model.checked, form.counts, serves, outlook)
        return [*means, *activity_sections(form.activity.now, form.statuses)]

    def show_meaning(self) -> None:
        """Says beside the form what the values mean, where there is room."""
        if self.has_class("wide"):
            for panel in self.query(MeaningPanel):  # there is none any more while the form is taken away
                panel.sections = self.meaning_sections()
        if self.is_mounted:
            self._meant.forecast.values_changed()

    def show_activity(self) -> None:
        """Something went on at the provider: other counts, curves or errors."""
        self.show_meaning()
        self._meant.forecast.queue_changed()

    def show_outlook(self) -> None:
        """The forecast says something else now."""
        self.show_meaning()

    def action_meaning(self) -> None:
        """Says what the values mean, on a screen of its own where there is no room beside the form."""
        from ftos_tui.screens.meaning import MeaningScreen

        self.open_screen(MeaningScreen(self.breadcrumb(), self.meaning_sections))
        self._meant.forecast.queue_changed()
