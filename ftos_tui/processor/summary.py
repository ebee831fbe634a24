"""What became of messages, as one line of the log."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.log import Level
from ftos_tui.stores.dispatch_protocol import Recovery

if TYPE_CHECKING:
    from ftos_tui.processor.lane import Lane

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


def tell_results(lanes: "Iterable[Lane]", note: Callable[[Level, str, str], None]) -> None:
    """Writes into the log what became of each provider's messages since it was told last.

    Args:
        lanes: The providers in hand.
        note: Writes a line: level, sentence, name of the provider.
    """
    for lane in lanes:
        sentence = results_in_words(lane.results)
        if sentence and lane.newest is not None:
            name = lane.newest.version.name
            note(Level.INFO, f"{name}: {sentence}", name)
        lane.results.clear()


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
