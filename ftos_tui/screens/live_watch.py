"""What others do, brought to the screens: lines in the status log, rows of the list, marks in an open form."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from textual.screen import Screen

from ftos_tui.domain.log import Level
from ftos_tui.studio.session import Session
from ftos_tui.terminal import SafeApp
from ftos_tui.widgets.background import start

if TYPE_CHECKING:
    from ftos_tui.screens.trial_watch import TrialWatch
    from ftos_tui.studio.live import Change, News, Present, Watch

_MOST_KNOWN: Final = 1000
"""Providers of which the last change by others is remembered."""


class Console(Protocol):
    """What the watch asks of the application."""

    trial_watch: "TrialWatch"

    @property
    def screen_stack(self) -> Sequence[Screen[Any]]:
        """The screens on top of each other."""
        ...

    def report(self, level: Level, message: str) -> None:
        """Adds a line to the status log."""
        ...


class LiveWatch:
    """Follows the store while the console runs. It costs the terminal nothing until others do something.

    A screen that has a method `show_news` is told of all; one with `words_of` may say of a change what it means there.

    Args:
        app: The console.
        session: The session whose store is followed.

    Attributes:
        present: Who else has which forms open, by provider id.
        following: Whether the store was looked at and is followed now.
        away: Whether the store does not answer, as far as it is known.
        forbidden: Whether it answers, and lets who is signed in follow it no longer.
    """

    def __init__(self, app: SafeApp, session: Session) -> None:
        self.app = app
        self.session = session
        self.present: Mapping[str, tuple[Present, ...]] = {}
        self._latest: dict[str, Change] = {}
        self.following = False
        self.away = self.forbidden = False
        self._watch: Watch | None = None
        self._open: Counter[str] = Counter()

    def start(self) -> None:
        """Begins to follow; what that imports comes after the first frame."""
        from ftos_tui.studio.live import Watch

        self._watch = Watch(self.session, self._heard)
        for provider_id in self._open.elements():
            self._watch.enter(provider_id)
        self._watch.start()

    def enter(self, provider_id: str) -> None:
        """Lets the others know that a form is open here."""
        self._open[provider_id] += 1
        if self._watch is not None:
            self._watch.enter(provider_id)

    def leave(self, provider_id: str) -> None:
        """Lets the others know that it is closed."""
        self._open[provider_id] -= 1
        if self._watch is not None:
            self._watch.leave(provider_id)

    @property
    def open_forms(self) -> tuple[str, ...]:
        """The providers whose forms are open here."""
        return tuple(self._open.elements())

    def latest(self, provider_id: str) -> "Change | None":
        """The last version of a provider that others are known to have saved since the console was started."""
        return self._latest.get(provider_id)

    def _heard(self, news: "News") -> None:
        """Hands news over to the console; in the watch's thread."""
        self.app.call_in_app(self.take, news)

    def take(self, news: "News") -> None:
        """Tells the status log and the screens what is new."""
        self.following = not news.trouble
        said = "The store may be followed again." if self.forbidden else "The store answers again."
        self._show_trouble(bool(news.trouble) and not news.forbidden, news.forbidden)
        if news.trouble:
            rest = "What" if news.forbidden else "It is looked for again and again; what"
            self._console.report(Level.WARNING, f"{news.trouble} {rest} you type is kept.")
            return
        if news.back:
            self._console.report(Level.SUCCESS, said)
        if news.present is not None:
            self.present = news.present
        for change in news.changes:
            if change.version:
                self._latest.pop(change.provider_id, None)
                self._latest[change.provider_id] = change
        for provider_id in list(self._latest)[:-_MOST_KNOWN]:
            del self._latest[provider_id]
        self._tell(news)
        for screen in self._console.screen_stack:
            show_news = getattr(screen, "show_news", None)
            if show_news is not None:
                show_news(news)
        if news.changes or news.back:
            start(self.app, self._console.trial_watch.look, "trials")

    @property
    def trouble(self) -> str:
        """What is the matter with the store, for the top line."""
        return "STORE AWAY" if self.away else "NO RIGHT" if self.forbidden else ""

    def answered(self) -> None:
        """The store did what the operator asked of it: it may let itself be followed again, too."""
        if self.forbidden and self._watch is not None:
            self._watch.try_again()

    def _show_trouble(self, away: bool, forbidden: bool) -> None:
        if (away, forbidden) == (self.away, self.forbidden):
            return
        self.away, self.forbidden = away, forbidden
        for screen in self._console.screen_stack:
            show_environment = getattr(screen, "show_environment", None)
            if show_environment is not None and screen.is_mounted:
                show_environment()

    @property
    def _console(self) -> Console:
        return self.app  # type: ignore[return-value]

    def _tell(self, news: "News") -> None:
        """A line in the status log for each change, or a few for many."""
        from ftos_tui.studio.live_words import MOST_TOLD, all_in_words, in_words

        if len(news.changes) + news.left_out > MOST_TOLD:
            told = [(Level.INFO, words) for words in all_in_words(news.changes, news.left_out)]
            told += [(Level.WARNING, words) for change in self._latest_of(news) if (words := self._words_of(change))]
        else:
            told = []
            for change in news.changes:
                words = self._words_of(change)
                told.append((Level.WARNING if words else Level.INFO, words or in_words(change)))
        for level, words in told:
            self._console.report(level, words)

    def _latest_of(self, news: "News") -> "list[Change]":
        """The last change of each provider."""
        return list({change.provider_id: change for change in news.changes}.values())

    def _words_of(self, change: "Change") -> str:
        """What an open form says of a change."""
        for screen in self._console.screen_stack:
            words_of = getattr(screen, "words_of", None)
            if words_of is not None and (words := words_of(change)):
                return str(words)
        return ""
