"""What a store knows of versions on trial. Part of `ProviderStore`; the same contract tests hold it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.record import Author
from ftos_tui.domain.trial import Trial

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import Sign


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a trial ends without a version being written.

    Attributes:
        provider_id: Of which provider.
        version: The version on trial.
        action: What the audit entry says: trial_confirmed, or trial_ended where another version was found.
        author: Who, from where.
        at: When, UTC.
    """

    provider_id: str
    version: int
    action: str
    author: Author
    at: datetime


class TrialStore(Protocol):
    """Trials of one environment. A trial begins with `write`; every other write of its provider ends it."""

    def trials(self, due_by: datetime | None = None, limit: int = 1000) -> Sequence[Trial]:
        """The trials that run, the earliest deadline first.

        Args:
            due_by: Only those whose deadline is not later; None for all.
            limit: Most trials to return.
        """
        ...

    def due_trials(self, now: datetime, limit: int = 1000) -> Sequence[Trial]:
        """The trials that are over by the store's clock, the earliest deadline first.

        Args:
            now: The time where the store has no clock of its own.
            limit: Most trials to return.
        """
        ...

    def trial(self, provider_id: str) -> Trial | None:
        """The trial of a provider, or None."""
        ...

    def end_trial(self, end: TrialEnd, sign: "Sign") -> bool:
        """Ends a trial and leaves its version as it is, with an audit entry in the same transaction.

        Returns:
            Whether that trial was still running; nothing is written when it was not.
        """
        ...
