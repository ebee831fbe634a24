"""What became of messages, as one line of the log."""

from collections import Counter
from typing import Final

from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.dispatch_protocol import Recovery

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


def recovery_in_words(found: Recovery) -> str:
    """What became of the messages of a worker that was lost."""
    parts = ((found.queued, "wait again"), (found.in_doubt, "are in doubt"), (found.held, "are held"))
    what = ", ".join(f"{number:,} {words}" for number, words in parts if number)
    return f"Messages of a worker that was lost: {what}."


def jump_in_words(ahead_s: float) -> str:
    """That the store's clock jumped, by so many seconds."""
    return (
        f"The store's clock jumped {'forward' if ahead_s > 0 else 'back'} by {abs(ahead_s):,.0f} s. Due times stay as "
        "they are, nothing is sent twice; check that clock."
    )
