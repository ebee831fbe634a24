"""Ends the process in time when it is told to, or when its terminal is gone.

Textual 8.2.8 dies of SIGHUP and SIGTERM with nothing run and the terminal left raw, and spins for ever where SIGHUP
is ignored (textual#5140, pull request 6690). `loop.add_signal_handler` alone would not do: the loop may be waiting
for a frozen line, a locked store or the operator's editor. So a thread of its own waits for signals and for the
terminal to hang up, asks the loop to leave, and leaves without it when it does not.
"""

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
GRACE: Final = 0.35
"""Seconds the app has to leave by itself; the rest of the half second is for the last resort."""

_CHECK_EVERY: Final = 1000
"""Milliseconds between looks at the terminal, where the system does not report a hang-up by itself."""

_NO_LONGER: Final = 255
"""In the pipe of signals: those that were ignored so far are not from here on. No signal has this number."""


def terminal_gone(fd: int) -> bool:
    """Whether there is no terminal at this file descriptor any more; writes and reads nothing."""
    try:
        termios.tcgetattr(fd)
    except termios.error:
        return True
    return False


def _noticed(_signum: int, _frame: FrameType | None) -> None:
    """Lets a signal interrupt nothing; the number goes through the wake-up pipe."""


class Guard:
    """Watches for signals and for the terminal.

    Args:
        fd: A file descriptor of the terminal.
        leave: Asks the app to leave with an exit code; called in the guard's thread, must return at once.
        last_resort: Leaves with that code at once, without the app; called in the guard's thread.
        wake: Wakes the event loop. Python runs handlers in the main thread only, and does not wake it from its wait
            where the kernel gave the signal to another thread, as it does with SIGCONT after a stop.
        grace: Seconds between the two.
    """

    def __init__(
        self,
        fd: int,
        leave: Callable[[int], None],
        last_resort: Callable[[int], None],
        wake: Callable[[], None],
        grace: float = GRACE,
    ) -> None:
        self.fd = fd
        """The terminal."""
        self._leave = leave
        self._last_resort = last_resort
        self._wake = wake
        self._grace = grace
        self._handlers: dict[int, Any] = {}
        self._wakeup = -1
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="terminal-guard", daemon=True)
        self._ignored: list[frozenset[int]] = []
        self.attributes: list[Any] | None = None if terminal_gone(fd) else termios.tcgetattr(fd)
        """How the terminal was set before the app took it."""

    def start(self) -> None:
        """Begins to watch. To be called in the main thread."""
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for signum in SIGNALS:
            self._handlers[signum] = signal.signal(signum, _noticed)
        self._thread.start()

    def stop(self) -> None:
        """Ends watching and puts the signals back. To be called in the main thread."""
        self._over.set()
        signal.set_wakeup_fd(self._wakeup)
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)
        os.write(self._write, b"\0")
        self._thread.join()
        os.close(self._read)
        os.close(self._write)

    @contextlib.contextmanager
    def ignoring(self, *signums: int) -> Iterator[None]:
        """Takes no notice of signals that come while the block runs, such as the editor's Ctrl+C.

        The end of the block goes through the pipe, too: on a busy machine a signal may be read after it.
        """
        self._ignored.append(frozenset(signums))
        try:
            yield
        finally:
            os.write(self._write, bytes([_NO_LONGER]))

    def _watch(self) -> None:
        code = self._wait()
        if code is None:
            return
        self._leave(code)
        if not self._over.wait(self._grace):
            self._last_resort(code)

    def _wait(self) -> int | None:
        """Waits for a reason to leave; the exit code, or None when watching ends."""
        poller = select.poll()
        poller.register(self._read, select.POLLIN)
        # No events asked for: a hang-up is reported always, and keys are not ours.
        poller.register(self.fd, 0)
        while True:
            for fd, event in poller.poll(_CHECK_EVERY):
                if fd == self._read:
                    self._wake()
                    for signum in os.read(self._read, 64):
                        if signum == _NO_LONGER:
                            self._ignored.pop(0)
                        elif signum in SIGNALS and not any(signum in ignored for ignored in self._ignored):
                            return 128 + signum
                elif event & select.POLLNVAL:
                    poller.unregister(fd)  # macOS polls no terminals: the look once a second does
                else:
                    return 128 + signal.SIGHUP
            if self._over.is_set():
                return None
            if terminal_gone(self.fd):
                return 128 + signal.SIGHUP
