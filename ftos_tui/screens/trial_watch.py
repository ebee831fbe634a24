"""Looks after the trials while the console runs: carries out what is over, and tells screens which ones run."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from textual.app import App
from textual.timer import Timer

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.trial import Trial
from ftos_tui.studio.reading import running_trials
from ftos_tui.studio.session import Session
from ftos_tui.widgets.background import start

OFTEN: Final = 5.0
"""Seconds between two looks while a trial runs: another process may confirm it, or save over it."""

SELDOM: Final = 30.0
"""Seconds between two looks while none is known: another process may have begun one, and be gone."""

_SOONEST: Final = 0.2


class TrialWatch:
    """Which trials run, as of the last look. A look costs the terminal nothing unless something changed.

    Args:
        app: The console.
        session: The session whose store is looked at.

    Attributes:
        known: The trials that run, by provider id.
    """

    def __init__(self, app: App[Any], session: Session) -> None:
        self.app = app
        self.session = session
        self.known: Mapping[str, Trial] = {}
        self._timer: Timer | None = None

    async def look(self) -> None:
        """Reads the trials, reverts those that are over, tells the screens, and looks again later."""
        found = await asyncio.to_thread(self._read)
        if found is not None and found != self.known:
            self.known = found
            for screen in self.app.screen_stack:
                show = getattr(screen, "show_trials", None)
                if show is not None:
                    show()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.app.set_timer(self._pause(), lambda: start(self.app, self.look, "trials"))

    def _read(self) -> Mapping[str, Trial] | None:
        from ftos_tui.studio.trial import carry_out_expired

        if self.session.shared and not self.session.is_open:
            return None  # opening it carries out what is over
        try:
            trials = running_trials(self.session)
            if any(trial.is_over(self.session.clock()) for trial in trials) and carry_out_expired(self.session):
                trials = running_trials(self.session)
        except Failure:  # the list and the form say what is wrong with the store
            return None
        return {trial.provider_id: trial for trial in trials}

    def _pause(self) -> float:
        if not self.known:
            return SELDOM
        left = min(trial.deadline for trial in self.known.values()) - self.session.clock()
        return max(_SOONEST, min(OFTEN, left.total_seconds())) if left.total_seconds() > 0 else OFTEN
