"""A program in a real terminal: a pty whose other end is a terminal emulator that a test can read and type into."""

import contextlib
import os
import re
import select
import signal
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pexpect
import pyte
from pyte.screens import wcwidth

TIMEOUT: Final = 30.0
"""Seconds to wait at most for what a test waits for; generous, as machines that test are busy."""

KEYS: Final[Mapping[str, str]] = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    # As terminals with kitty's protocol send it: a bare ESC and a key right behind it make the key with Alt.
    "esc": "\x1b[27u",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "shift+end": "\x1b[1;2F",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    "f11": "\x1b[23~",
    "f12": "\x1b[24~",
}

# pyte 0.8.2 draws the end of what it does not know: kitty's keyboard protocol, reports asked for, window titles put
# aside. None of it shows on a terminal.
_UNKNOWN_TO_PYTE: Final = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\[[0-9;]*t")
_UNFINISHED: Final = re.compile(rb"\x1b(\[[0-9;<>=?$]*)?\Z")


def key_sequence(key: str) -> str:
    """What a terminal sends for a key.

    Args:
        key: A name of `KEYS`, `ctrl+` or `alt+` with a letter, or one character.
    """
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[-1].upper()) & 0x1F)
    if key.startswith("alt+"):
        return "\x1b" + key_sequence(key.removeprefix("alt+"))
    if len(key) == 1:
        return key
    raise ValueError(f"no key is called {key!r}")


def isolated_environ(folder: Path, *, measured: bool = False, **extra: str) -> dict[str, str]:
    """An environment whose home and folders lie in a folder of the test.

    Args:
        folder: Such as pytest's tmp_path.
        measured: Whether coverage is measured in the processes too; it doubles what their start costs, and a process
            that is killed can leave half a file of it.
        extra: More variables.

    Returns:
        PATH and what Python itself and the measuring need come along, nothing else of the operator's.
    """
    wanted = ("COV", "PYTHON") if measured else ("PYTHON",)
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith(wanted)}
    places = {
        "HOME": folder,
        "XDG_DATA_HOME": folder / "data",
        "XDG_CONFIG_HOME": folder / "config",
        "XDG_STATE_HOME": folder / "state",
        "XDG_CACHE_HOME": folder / "cache",
        "XDG_RUNTIME_DIR": folder / "run",
    }
    for place in places.values():
        place.mkdir(mode=0o700, exist_ok=True)
    named = {name: str(place) for name, place in places.items()}
    return {**kept, **named, "TERM": "xterm-256color", "LANG": "C.UTF-8", **extra}


class Console:
    """A command in a pty.

    Args:
        command: Program and arguments.
        environ: Its whole environment; see `isolated_environ`.
        columns: Width of the terminal.
        rows: Height of the terminal.
        folder: Its working directory; None for the test's.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
        folder: Path | None = None,
    ) -> None:
        self.raw = bytearray()
        """Every byte the program wrote."""
        self._emulator = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._emulator)
        self._unfed = b""
        self._shown: dict[int, str] = {}
        child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env=dict(environ),
            dimensions=(rows, columns),
            cwd=None if folder is None else str(folder),
            timeout=None,
        )
        # A descriptor of our own, and pexpect's closed: it closes its own late and by itself, and reads no screens.
        self._fd: int | None = os.dup(child.child_fd)
        child.ptyproc.fileobj.close()
        child.closed = child.terminated = child.ptyproc.closed = child.ptyproc.terminated = True
        self.pid: int = child.pid
        """The program's process id."""
        self._status: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._reap, daemon=True).start()

    def _reap(self) -> None:
        _pid, status = os.waitpid(self.pid, 0)
        self._status = os.waitstatus_to_exitcode(status)
        self._ended.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the program runs."""
        return not self._ended.is_set()

    # What is on the screen

    @property
    def emulator(self) -> pyte.Screen:
        """The terminal itself, with the colours of its cells."""
        return self._emulator

    @property
    def screen(self) -> list[str]:
        """The rows of the screen, trailing blanks cut."""
        emulator = self._emulator
        for number in emulator.dirty:
            self._shown.pop(number, None)
            self._shown.pop(number - 1, None)  # an accent may still belong to the end of the row above
        emulator.dirty.clear()
        return [self._row(number) for number in range(emulator.lines)]

    def _row(self, number: int) -> str:
        """A row as the emulator's own `display` has it; that makes all of them anew each time it is looked at."""
        if number not in self._shown:
            cells = self.cells(number)
            row = "".join(cells)
            if not row.isascii():
                hidden = {place + 1 for place, cell in enumerate(cells) if cell and wcwidth(cell[0]) == 2}
                row = "".join(cell for place, cell in enumerate(cells) if place not in hidden)
            self._shown[number] = row.rstrip()
        return self._shown[number]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.screen)

    def cells(self, row: int) -> list[str]:
        """The characters of a row by column; empty for the second half of a wide one.

        Args:
            row: From 0.
        """
        line = self._emulator.buffer[row]
        return [line[column].data for column in range(self._emulator.columns)]

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor, from 0."""
        return self._emulator.cursor.x, self._emulator.cursor.y

    def wait_for(self, wanted: "str | Callable[[Console], bool]", timeout: float = TIMEOUT) -> None:
        """Reads until a text is on the screen, or a condition holds.

        Args:
            wanted: The text, or a function of this console.
            timeout: Seconds.

        Raises:
            AssertionError: It did not come; the message shows the screen.
        """

        def holds() -> bool:
            return wanted in self.text if isinstance(wanted, str) else wanted(self)

        until = time.monotonic() + timeout
        while not holds():
            left = until - time.monotonic()
            if left <= 0 or not self._read(left):
                if holds():
                    return
                raise AssertionError(f"waited in vain for {wanted!r}; the screen shows:\n{self.text}")

    def wait_quiet(self, seconds: float = 0.3, timeout: float = TIMEOUT) -> None:
        """Reads until the program has written nothing for a while, to count bytes or to know that nothing comes."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            before = len(self.raw)
            if not self._read(seconds) or len(self.raw) == before:
                return
        raise AssertionError(f"the program never stopped writing; the screen shows:\n{self.text}")

    def wait_end(self, timeout: float = TIMEOUT) -> int:
        """Reads until the program has ended.

        Returns:
            Its exit code; minus the signal's number where a signal killed it.

        Raises:
            AssertionError: It has not ended in time.
        """
        until = time.monotonic() + timeout
        while self._fd is not None and (left := until - time.monotonic()) > 0 and self._read(left):
            pass
        if not self._ended.wait(max(0.0, until - time.monotonic())):
            raise AssertionError(f"the program did not end; the screen shows:\n{self.text}")
        if self._status is None:
            raise AssertionError("the program ended without a status")
        return self._status

    def _read(self, timeout: float) -> bool:
        """Reads what there is, waiting for it; False at the end of the program's output."""
        if self._fd is None:
            return False
        if not select.select([self._fd], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux reports the end of a pty so
            return False
        if not data:
            return False
        self.raw += data
        self._feed(data)
        return True

    def _feed(self, data: bytes) -> None:
        data = self._unfed + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        self._unfed = data[cut:]
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data[:cut]))

    # What the operator and the line do

    def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        if self._fd is None:
            raise AssertionError("the line is closed")
        while data:
            data = data[os.write(self._fd, data) :]

    def press(self, *keys: str) -> None:
        """Presses keys by their names: "ctrl+s", "down", "f2", "x"."""
        for key in keys:
            self.send(key_sequence(key).encode())

    def type(self, text: str) -> None:
        """Types a text."""
        self.send(text.encode())

    def paste(self, text: str) -> None:
        """Pastes a text as a terminal with bracketed paste does; it sends \\r for a newline."""
        self.send(b"\x1b[200~" + text.replace("\n", "\r").encode() + b"\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size of the terminal; the program gets SIGWINCH."""
        if self._fd is None:
            raise AssertionError("the line is closed")
        self._emulator.resize(rows, columns)
        termios.tcsetwinsize(self._fd, (rows, columns))

    def kill(self, signum: signal.Signals) -> None:
        """Sends the program a signal."""
        os.kill(self.pid, signum)

    def hangup(self) -> None:
        """The line drops: the terminal is gone, and the kernel sends SIGHUP to the program."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def close(self) -> None:
        """Ends the program if it still runs: hangs up, so that it can still tell what it covered, then by force."""
        self.hangup()
        if not self._ended.wait(10):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._ended.wait(TIMEOUT)
