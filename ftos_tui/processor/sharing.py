"""A worker's share of Bulk No where steps follow each other without a pause, so that none takes all there is.

With a pause between steps one worker has the step and the next step is anybody's: a share would make steps smaller.
"""

import time
from typing import Final

from ftos_tui.processor.clock import StoreClock
from ftos_tui.stores.dispatch_protocol import DispatchStore

_LOOK_S: Final = 1.0
"""Seconds between two looks who else is at work."""

_SIGNS: Final = 3
"""As many signs of life may be missing before a worker does not count any more."""


class Sharing:
    """How much of Bulk No is this worker's.

    Args:
        messages: The queue.
        clock: The store's time.
        heartbeat_s: Seconds between two signs of life of a worker.
        apply: Whether to share at all.
    """

    def __init__(self, messages: DispatchStore, clock: StoreClock, heartbeat_s: float, *, apply: bool) -> None:
        self.workers = 1
        self._messages = messages
        self._clock = clock
        self._alive_s = _SIGNS * heartbeat_s
        self._apply = apply
        self._looked_at = float("-inf")

    def look(self) -> None:
        """Counts the workers, once a second at most; blocks.

        Raises:
            StoreError: The store is away.
        """
        if not self._apply or time.monotonic() - self._looked_at < _LOOK_S:
            return
        now = self._clock.now()
        alive = [one.id for one in self._messages.workers() if (now - one.seen_at).total_seconds() < self._alive_s]
        # A worker may claim under several names: its own, and that with a number behind a dot.
        self.workers = max(1, len({(host, own.partition(".")[0]) for host, _, own in map(_parted, alive)}))
        self._looked_at = time.monotonic()

    def of(self, bulk: int) -> int:
        """The most messages of a provider that this worker should have in hand."""
        return -(-bulk // self.workers)

    def limit(self, free: int, bulk: int, in_hand: int) -> int:
        """How many messages to claim.

        Args:
            free: How many may be claimed, over all workers.
            bulk: The provider's Bulk No.
            in_hand: How many of it this worker has.
        """
        return min(free, max(0, self.of(bulk) - in_hand)) if self._apply else free


def _parted(name: str) -> tuple[str, str, str]:
    return name.rpartition(":")
