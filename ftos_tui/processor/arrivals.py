"""Wakes a worker when messages come, where the store tells it; elsewhere the worker looks by itself."""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

from ftos_tui.stores.dispatch_protocol import DispatchStore
from ftos_tui.stores.live_protocol import Signal
from ftos_tui.stores.protocol import StoreError

_WAIT_S: Final = 60.0
_AGAIN_S: Final = 5.0
_BETWEEN_S: Final = 0.05
"""Seconds between two calls: who queues a million messages one by one is not to be answered one by one."""


class Arrivals:
    """Waits for messages in a thread of its own.

    Args:
        messages: The queue.
        come: Called when messages may have come; in the thread.
    """

    def __init__(self, messages: DispatchStore, come: Callable[[], object]) -> None:
        self._messages = messages
        self._come = come
        self._over = threading.Event()
        self._signal: Signal | None = None
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits no more."""
        self._over.set()
        signal = self._signal
        if signal is not None:
            signal.wake()
        self._thread.join(_AGAIN_S)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                signal = self._messages.arrivals()
                if signal is None:
                    return
                with closing(signal):
                    self._signal = signal
                    self._follow(signal)
            except StoreError:  # the worker says so, and looks by itself meanwhile
                self._over.wait(_AGAIN_S)
            finally:
                self._signal = None

    def _follow(self, signal: Signal) -> None:
        while not self._over.is_set():
            if signal.wait(_WAIT_S) and not self._over.is_set():
                self._come()
                self._over.wait(_BETWEEN_S)
