"""A program in a pty of 80x24 that answers nothing, and what can be timed and counted there."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

COLUMNS: Final = 80
ROWS: Final = 24

PATIENCE_S: Final = 60.0
"""Seconds after which a program that does not show what is waited for is given up."""

_FIRST_S: Final = 10.0
"""Seconds after which a program that writes nothing upon a key is given up."""

# CSI, OSC and the short escape sequences of ECMA-48: what is left is text.
_SEQUENCE: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]")


class CannotMeasure(Exception):
    """A program did not do what the measurement needs; the text says which and what it showed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program wrote upon a key.

    Attributes:
        size: Bytes.
        seconds: From the key to the last byte.
    """

    size: int
    seconds: float


class Terminal:
    """Starts a program in a pty, as leader of its own session.

    Args:
        command: Program, by its path, and arguments.
        environ: The program's whole environment.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._command = command
        self._raw = bytearray()
        self._mark = 0
        self._started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            _become(command, environ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._close()

    def shown(self, *texts: str) -> float:
        """Waits until the program has written texts since it started, or since the last `forget`.

        Args:
            texts: All of them are waited for; each is one run of characters on the screen.

        Returns:
            Seconds from the program's start to the arrival of the last one.

        Raises:
            CannotMeasure: They did not come.
        """
        wanted = [text.encode() for text in texts]
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if not self._read(1.0):
                continue
            arrived = time.perf_counter()
            written = _SEQUENCE.sub(b"", bytes(self._raw[self._mark :]))
            if all(text in written for text in wanted):
                return arrived - self._started
        raise CannotMeasure(f"{' '.join(self._command)} did not show {texts}; it wrote:\n{self._tail()}")

    def forget(self) -> None:
        """Takes what was written so far out of what `shown` looks at."""
        self._mark = len(self._raw)

    def settle(self, quiet_s: float = 0.3, most_s: float = 3.0) -> None:
        """Reads until nothing was written for a while; some programs never stop, and are left to it.

        Args:
            quiet_s: How long, in seconds.
            most_s: When to stop in any case, in seconds.
        """
        until = time.monotonic() + most_s
        while self._read(quiet_s) and time.monotonic() < until:
            pass

    def send(self, keys: str) -> None:
        """Types keys, and waits for nothing."""
        os.write(self._fd, keys.encode())

    def answer(self, key: str, quiet_s: float = 0.05, most_s: float = 2.0) -> Answer:
        """Types one key and reads what the program writes upon it.

        Args:
            key: What the terminal sends for the key.
            quiet_s: Seconds without a byte after which the answer is complete.
            most_s: Seconds after which the answer ends in any case; a blinking cursor never stops.

        Raises:
            CannotMeasure: The program wrote nothing in ten seconds.
        """
        before = len(self._raw)
        sent = time.perf_counter()
        os.write(self._fd, key.encode())
        last = sent
        wait_s = _FIRST_S
        while last - sent < most_s and self._read(wait_s):
            last, wait_s = time.perf_counter(), quiet_s
        if len(self._raw) == before:
            raise CannotMeasure(f"{' '.join(self._command)} wrote nothing upon {key!r}; before:\n{self._tail()}")
        return Answer(len(self._raw) - before, last - sent)

    def idle(self, seconds: float) -> float:
        """Types nothing.

        Args:
            seconds: For how long.

        Returns:
            Bytes a second that the program wrote.
        """
        before = len(self._raw)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)
        return (len(self._raw) - before) / seconds

    def peak_memory(self) -> float:
        """The most memory that was resident so far, in MiB: VmHWM of proc(5), so Linux only."""
        status = Path(f"/proc/{self.pid}/status")
        try:
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        except (OSError, StopIteration) as error:
            raise CannotMeasure(f"peak memory is read from {status}, which is not there") from error
        return int(line.split()[1]) / 1024

    def hang_up(self) -> float:
        """Drops the line: the kernel sends SIGHUP to the program.

        Returns:
            Seconds until the process was gone.

        Raises:
            CannotMeasure: It is still there after ten seconds.
        """
        dropped = time.perf_counter()
        self._close()
        while time.perf_counter() - dropped < 10:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                self.pid = 0
                return time.perf_counter() - dropped
            time.sleep(0.001)
        raise CannotMeasure(f"{' '.join(self._command)} is still there ten seconds after the hang-up")

    def _read(self, timeout_s: float) -> bool:
        """Reads what there is, waiting for it; False when nothing came."""
        if not select.select([self._fd], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux reports the end of a pty so
            data = b""
        if not data:
            raise CannotMeasure(f"{' '.join(self._command)} has ended; it wrote:\n{self._tail()}")
        self._raw += data
        return True

    def _tail(self) -> str:
        return _SEQUENCE.sub(b"", bytes(self._raw[-6000:])).decode(errors="replace")

    def _close(self) -> None:
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1


def _become(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Turns the forked process into the program; never returns."""
    try:
        # Here rather than in the parent: a size set later would reach the program as a resize.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execve(command[0], list(command), dict(environ))
    finally:
        os._exit(127)
