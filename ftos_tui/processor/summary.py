"""What became of messages, as one line of the log."""

from collections import Counter
from typing import Final

from ftos_tui.domain.delivery.states import Dispatch

LOST: Final = "lost"
"""The result of a message that another worker took over."""

_WORDS: Final = (
    (Dispatch.ACCEPTED, "accepted"),
    (Dispatch.RETRY_WAIT, "refused for now"),
    (Dispatch.FAILED, "failed"),
    (Dispatch.IN_DOUBT, "in doubt"),
    (Dispatch.HELD, "held"),
    (Dispatch.QUEUED, "put back"),
    (LOST, "taken over by another worker"),
)


def results_in_words(results: Counter[str]) -> str:
    """What became of messages; empty where there were none."""
    parts = [f"{results[state]:,} {words}" for state, words in _WORDS if results[state]]
    return f"{', '.join(parts)}." if parts else ""
