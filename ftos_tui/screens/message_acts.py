"""What an operator does to messages on screen: hold, release, cancel, try again, settle, pause their provider."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.studio.activity import pause, paused_because, resume
from ftos_tui.studio.failures import counted
from ftos_tui.studio.messages import (
    ACTIONS,
    MessageQuery,
    Moved,
    act,
    act_on_all,
    count_messages,
    resolve,
)
from ftos_tui.studio.reading import open_provider
from ftos_tui.widgets.background import start

T = TypeVar("T")

MOST_MARKED: Final = 1000
"""Messages that one act is done to at once, unless it is done to all that are listed."""

_MOST_COUNTED: Final = 1_000_000
_ASKED: Final = {
    "hold": ("Hold", "hold"),
    "release": ("Release", "release"),
    "cancel": ("Cancel", "cancel for good"),
    "retry": ("Try again", "try again"),
}
_LEFT_ALONE: Final = {
    "hold": "only what waits can be held",
    "release": "only what is held can be released",
    "cancel": "only what waits or is held can be canceled",
    "retry": "only what failed can be tried again",
    "resolve": "only what is in doubt can be resolved",
}


class ProviderActs(FrameScreen):
    """What is done to a provider's sending, after a question: it is paused, or goes on."""

    @abstractmethod
    def provider_id(self) -> str:
        """The provider that is meant where none is named; empty for none."""

    @abstractmethod
    def acted(self) -> None:
        """Something was done: what is on screen is to be read again."""

    def action_pause(self) -> None:
        """Pauses the provider's sending, or lets it go on."""
        start(self, self._pause, "act", exclusive=False)

    async def carry_out_quietly(self, operation: Callable[[], T]) -> T:
        """Carries out a read that nobody asked for; raises its Failure, which others tell of."""
        return await self.console_app.carry_out(operation, lasting=False, quiet=True, session=self.session)

    async def _pause(self) -> None:
        session, provider_id = self.session, self.provider_id()
        if self.question.asking or not await self.succeeds(session.permit_change):
            return
        if not provider_id:
            self.console_app.report(Level.INFO, "Put the cursor on a message of the provider, or choose it by p.")
            return
        provider = await self.attempt(lambda: open_provider(session, provider_id=provider_id), lasting=False)
        why = await self.attempt(lambda: paused_because(session, provider_id), lasting=False)
        if provider is None or why is None:
            return
        name = visible(shortened(provider.name, 60))
        if why:
            choices = {"y": "let it send again", "escape": "leave it paused"}
            if await self.question.ask(f"{name} is paused: {shortened(why, 80)}.", choices) != "y":
                return
            await self.attempt(lambda: resume(session, provider))
        else:
            reason = await self.question.ask_text(f"Pause the sending of {name}? Say why, Esc lets it send:")
            if reason is None:
                return
            await self.attempt(lambda: pause(session, provider, reason))
        self.acted()


class MessageActs(ProviderActs):
    """The acts, each after a question; their outcome stands in the status log."""

    @abstractmethod
    def targets(self) -> tuple[str, ...]:
        """The ids of the messages that an act is for: the marked ones, or the one under the cursor."""

    @abstractmethod
    def recipient(self, message_id: str) -> str:
        """To whom a message goes, for the question."""

    def all_listed(self) -> MessageQuery | None:
        """What is listed, where an act can be for all of it."""
        return None

    def action_hold(self) -> None:
        """Stops waiting messages until they are released."""
        self._start("hold")

    def action_release(self) -> None:
        """Lets held messages wait for their turn again."""
        self._start("release")

    def action_cancel(self) -> None:
        """Cancels messages that wait or are held."""
        self._start("cancel")

    def action_retry(self) -> None:
        """Tries failed messages again."""
        self._start("retry")

    def action_resolve(self) -> None:
        """Settles messages in doubt."""
        ids = self.targets()
        if ids:
            start(self, partial(self._resolve, ids), "act", exclusive=False)

    def _start(self, action: str) -> None:
        ids = self.targets()
        if ids and not self.question.asking:
            start(self, partial(self._act, action, ids), "act", exclusive=False)

    async def _act(self, action: str, ids: tuple[str, ...]) -> None:
        session = self.session
        if not await self.succeeds(session.permit_change):
            return
        verb, what = _ASKED[action]
        choices = {"y": what, "r": f"{what}, and say why"}
        listed = self.all_listed()
        if listed is not None:
            choices["a"] = "all that are listed"
        answer = await self.question.ask(f"{verb} {self._named(ids)}?", {**choices, "escape": "leave it"})
        if answer == "a" and listed is not None:
            await self._act_on_all(action, listed)
            return
        reason = await self.question.ask_text("Why? It is kept in the audit:") if answer == "r" else ""
        if answer not in ("y", "r") or reason is None:
            return
        moved = await self.attempt(lambda: act(session, action, ids, reason))
        self._tell(action, moved)

    async def _act_on_all(self, action: str, query: MessageQuery) -> None:
        session, fitting = self.session, ACTIONS[action][0]
        states = tuple(state for state in (query.states or fitting) if state in fitting)
        fit = replace(query, states=states)
        number = await self.attempt(lambda: count_messages(session, fit, _MOST_COUNTED) if states else 0, lasting=False)
        if number is None:
            return
        if not number:
            self.console_app.report(Level.INFO, f"Nothing listed fits: {_LEFT_ALONE[action]}.")
            return
        verb = _ASKED[action][0]
        messages = counted(number, "listed message", "listed messages")
        asked = f"{verb} all {messages} that fit? Type {number}, Esc leaves them:"
        if not await self.question.ask_typed(asked, str(number)):
            self.console_app.report(Level.INFO, "Nothing was done: the number was not typed.")
            return
        reason = await self.question.ask_text("Why? It is kept in the audit:")
        if reason is None:
            return
        await self.attempt(lambda: act_on_all(session, action, fit, reason))
        self.acted()

    async def _resolve(self, ids: tuple[str, ...]) -> None:
        session = self.session
        if self.question.asking or not await self.succeeds(session.permit_change):
            return
        choices = {"a": "the provider has it", "t": "it has it not: try again", "f": "it has it not: leave it failed"}
        asked = f"What does the provider say of {self._named(ids)}?"
        answer = await self.question.ask(asked, {**choices, "escape": "leave it in doubt"})
        outcome = {"a": "accepted", "t": "retry", "f": "failed"}.get(answer or "")
        if outcome is None:
            return
        reason = await self.question.ask_text("How do you know? It is kept in the audit:")
        if reason is None:
            return
        moved = await self.attempt(lambda: resolve(session, ids, outcome, reason))
        self._tell("resolve", moved)

    def _tell(self, action: str, moved: Moved | None) -> None:
        if moved is None:
            return
        if moved.refused:
            states = ", ".join(sorted(set(moved.refused.values())))
            left = counted(len(moved.refused), "message was", "messages were")
            self.console_app.report(Level.WARNING, f"{left} left alone ({states}): {_LEFT_ALONE[action]}.")
        if moved.missing:
            gone = counted(len(moved.missing), "message is", "messages are")
            self.console_app.report(Level.WARNING, f"{gone} not there any more.")
        self.acted()

    def _named(self, ids: tuple[str, ...]) -> str:
        if len(ids) == 1:
            return f"the message to {shortened(self.recipient(ids[0]), 40)}"
        return counted(len(ids), "marked message", "marked messages")

    async def provider_named(self, name: str) -> str | None:
        """The id of the provider of a Name; None where there is none, which the status log says."""
        session = self.session
        found = await self.attempt(lambda: open_provider(session, name=name), lasting=False)
        return None if found is None else found.provider_id
