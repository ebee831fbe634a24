"""The form's part in testing: the connection, and a test message, with what stands in the form, saved or not."""

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, cast

from ftos_tui.screens.frame import FrameScreen
from ftos_tui.widgets.background import start

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen

_GROUP = "test"


class TestingActions(FrameScreen):
    """The form's actions that try its provider out. A test that runs is stopped by either of their keys."""

    __test__ = False
    _testing = False

    def action_test_connection(self) -> None:
        """Goes the way of a message up to the sign-in; each step is told in the status log."""
        self._start_or_stop(None)

    def action_test_message(self) -> None:
        """Asks for an address and sends one test message to it."""
        self._start_or_stop("")

    def _start_or_stop(self, recipient: str | None) -> None:
        if self._testing:
            self.workers.cancel_group(self, _GROUP)
        else:
            start(self, partial(self._ask_and_test, recipient), _GROUP)

    async def _ask_and_test(self, recipient: str | None) -> None:
        from ftos_tui.studio.connection import ready_test, steps_of

        if recipient is not None:
            recipient = await self._ask_recipient()
            if recipient is None:
                return
        session, draft = self.session, cast("EditScreen", self).model.draft
        self._testing = True
        try:
            test = await self.attempt(lambda: ready_test(session, draft, recipient))
            if test is None:
                return
            async with aclosing(steps_of(session, test)) as steps:
                async for _ in steps:
                    pass
        finally:
            self._testing = False

    async def _ask_recipient(self) -> str | None:
        """To whom; what was answered the last time is proposed. None where nobody is named."""
        from ftos_tui.studio.connection import last_recipient

        session, form = self.session, cast("EditScreen", self)
        channel = form.model.draft.text("communication_channel")
        last = await self.attempt(lambda: last_recipient(session, channel))
        which = "number" if channel == "sms" else "address"
        question = f"Send a test message from {form.provider_name()} to which {which}?"
        answer = await self.question.ask_text(question, last or "", typing_replaces=True)
        return answer.strip() or None if answer else None
