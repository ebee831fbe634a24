"""A worker's sign of life, in a thread of its own: what it has in hand stays its own though a send takes long."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.stores.message_protocol import MessageStore
from ftos_tui.stores.protocol import StoreError


class Heartbeat:
    """Renews the leases of a worker's messages.

    Args:
        messages: The queue.
        state: Who the worker is.
        lease_s: For how long.
        every_s: How often.
        detail: What the worker does now; called in the thread.
        trouble: Told when the store does not take it.
    """

    def __init__(
        self,
        messages: MessageStore,
        state: WorkerState,
        *,
        lease_s: float,
        every_s: float,
        detail: Callable[[], Mapping[str, Any]],
        trouble: Callable[[str], None],
    ) -> None:
        self._messages = messages
        self._state = state
        self._names = frozenset({state.id})
        self._lease_s = lease_s
        self._every_s = every_s
        self._detail = detail
        self._trouble = trouble
        self._telling = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """Gives the first sign and goes on in a thread; blocks for the first.

        Raises:
            StoreError: The store does not take it.
        """
        self._beat()
        self._thread.start()

    def add(self, name: str) -> None:
        """Another name that the worker claims under, from its next sign on; returns at once."""
        self._names = self._names | {name}

    def remove(self, name: str) -> None:
        """A name it has nothing under any more: what it had is over at once. Blocks.

        Raises:
            StoreError: The store does not take it: its leases run out by themselves.
        """
        self._names = self._names - {name}
        with self._telling:
            self._messages.forget_worker(name)

    def end(self) -> None:
        """The last sign was given; blocks until a sign under way is over."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._every_s + 60)

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self._beat()
            except StoreError as error:
                self._trouble(str(error))
            except Exception as error:  # without further signs its leases would run out while it sends
                self._trouble(f"A sign of life was not given because of an error here ({type(error).__name__}).")

    def _beat(self) -> None:
        detail = json.dumps(self._detail(), ensure_ascii=False)
        for name in sorted(self._names):
            with self._telling:
                if name in self._names:
                    self._messages.heartbeat(replace(self._state, id=name, detail=detail), self._lease_s)
