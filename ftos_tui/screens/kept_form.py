"""What a channel's or a message's form holds, on disk while it is typed; a provider's form has `FormDraft`."""

from collections.abc import Callable
from functools import partial

from textual.timer import Timer

from ftos_tui.domain.log import Level
from ftos_tui.screens.form_draft import KEEP_AFTER
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.drafts import discard_draft
from ftos_tui.studio.form_drafts import Typed, keep_typed
from ftos_tui.studio.session import new_id
from ftos_tui.widgets.background import start


class KeptForm:
    """Keeps what a form holds on disk.

    Args:
        screen: The form.
        typed: What it holds now.
        key: The id of the draft on disk; None makes a new one.

    Attributes:
        key: The id of the draft on disk.
        handed_in: Whether what it holds is on its way to the store, or may be there already.
    """

    def __init__(self, screen: FrameScreen, typed: Callable[[], Typed], key: str | None = None) -> None:
        self.key = key or new_id()
        self.handed_in = False
        self._screen = screen
        self._typed = typed
        self._timer: Timer | None = None
        self._over = False

    def opened(self) -> None:
        """The form is on screen: its draft is not offered meanwhile."""
        self._screen.session.open_drafts.add(self.key)
        if self._typed().edits:
            self.keep_soon()

    def left(self) -> None:
        """The form is gone."""
        self._screen.session.open_drafts.discard(self.key)

    def keep_soon(self) -> None:
        """Has the draft on disk within half a second."""
        if self._timer is None:
            self._timer = self._screen.set_timer(KEEP_AFTER, self._keep)

    def _keep(self) -> None:
        self._timer = None
        start(self._screen, partial(self._screen.succeeds, self.writing()), "keep", exclusive=False)

    def keep_now(self) -> None:
        """Has the draft on disk before this returns: the line is gone, or the program is about to end.

        Raises:
            Failure: The disk does not take it.
        """
        if not self._over:
            self.writing()()

    def writing(self) -> Callable[[], None]:
        """What writes the form as it is now to disk, in any thread."""
        session, typed, handed_in = self._screen.session, self._typed(), self.handed_in
        at = session.clock()
        return lambda: keep_typed(session, self.key, typed, handed_in=handed_in, at=at)

    async def forget(self) -> None:
        """Takes the draft off the disk for good, once nothing is on its way there: the form is about to go."""
        self._over = True
        if self._timer is not None:
            self._timer.stop()
        under_way = [worker for worker in self._screen.workers if worker.group == "keep"]
        if under_way:  # an empty list would mean all workers, this one among them
            await self._screen.workers.wait_for_complete(under_way)
        session = self._screen.session
        await self._screen.succeeds(lambda: discard_draft(session, self.key))

    async def may_leave(self, unsaved: str) -> bool:
        """Asks what is to become of what was typed; whether the form may be left.

        Args:
            unsaved: Says what is unsaved; empty where nothing is.
        """
        if not unsaved:
            await self.forget()
            return True
        choices = {"k": "keep as draft", "x": "throw away", "escape": "stay"}
        answer = await self._screen.question.ask(unsaved, choices)
        if answer == "k" and await self._screen.succeeds(self.writing()):
            self._over = True  # it is there; the timer would only write it again
            self._screen.console_app.report(Level.INFO, "Kept as a draft: u in the list of providers shows the drafts.")
            return True
        if answer == "x":
            await self.forget()
        return answer == "x"
