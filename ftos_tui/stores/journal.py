"""The status log on disk: JSON lines in a file that rotates, written by any number of processes."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.domain.visible import visible
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.private import make_private_folder

_BLOCK: Final = 65_536
_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a follower has read.

    Attributes:
        inode: The file it was in; 0 for none yet.
        offset: How many of its bytes were read.
    """

    inode: int = 0
    offset: int = 0


class Journal:
    """The log file and those it was rotated into: `status.log`, `status.log.1` (younger) … `status.log.5` (oldest).

    Args:
        path: The file; it and its folder are made, for the owner only, with the first line.
        max_bytes: The file is rotated before it grows beyond so many bytes.
        keep: How many rotated files stay.
    """

    def __init__(self, path: Path, max_bytes: int = 1_000_000, keep: int = 5) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._keep = keep

    def append(self, entry: LogEntry) -> bool:
        """Writes one line; its texts are made visible first.

        Args:
            entry: What happened.

        Returns:
            False when the operating system did not take the line; the caller's work goes on.
        """
        line = _to_line(entry)
        try:
            make_private_folder(self.path.parent)
            self._rotate_before(len(line))
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.path, flags, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                if size == 0:
                    os.fchmod(descriptor, 0o600)
                elif os.pread(descriptor, 1, size - 1) != b"\n":
                    line = b"\n" + line  # a full disk, or a kill, cut the line before
                return os.write(descriptor, line) == len(line)
            finally:
                os.close(descriptor)
        except OSError:
            return False

    def tail(self, limit: int, level: Level | None = None) -> list[LogEntry]:
        """The last entries, oldest first; reads no more of the files than that takes.

        Args:
            limit: At most so many.
            level: Only entries of this level or graver; None for all.
        """
        found: list[LogEntry] = []
        for path in self._files():
            for line in _lines_backwards(path):
                if len(found) >= limit:
                    return found[::-1]
                entry = _from_line(line)
                if entry is not None and (level is None or entry.level.at_least(level)):
                    found.append(entry)
        return found[::-1]

    def end(self) -> Position:
        """Where the next line will stand, to follow from there."""
        try:
            status = self.path.stat()
        except OSError:
            return Position()
        return Position(status.st_ino, status.st_size)

    def read_from(self, position: Position) -> tuple[Sequence[LogEntry], Position]:
        """The entries written since a position, also across a rotation, and the position behind them.

        Args:
            position: Where the last reading ended; `Position()` for all there is.
        """
        found: list[LogEntry] = []
        with ExitStack() as opened:
            for file in self._unread(position.inode, opened):
                status = os.fstat(file.fileno())
                same = status.st_ino == position.inode and position.offset <= status.st_size
                offset = file.seek(position.offset if same else 0)
                whole, end, _ = file.read().rpartition(b"\n")
                found.extend(entry for entry in map(_from_line, whole.split(b"\n")) if entry is not None)
                position = Position(status.st_ino, offset + len(whole) + len(end))
        return found, position

    def _files(self) -> Iterator[Path]:
        """The files there may be, youngest first."""
        yield self.path
        for number in range(1, self._keep + 1):
            yield self._rotated(number)

    def _rotated(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _unread(self, inode: int, opened: ExitStack) -> Sequence[BinaryIO]:
        """The files from the one read last to the youngest, oldest first; all of them when it is gone.

        They are opened from the youngest on, so that a rotation meanwhile shows one twice but hides none.
        """
        unread: dict[int, BinaryIO] = {}
        for path in self._files():
            with suppress(OSError):
                file = opened.enter_context(path.open("rb"))
                unread.setdefault(os.fstat(file.fileno()).st_ino, file)
            if inode in unread:
                break
        return list(unread.values())[::-1]

    def _rotate_before(self, coming: int) -> None:
        if not self._too_big(coming):
            return
        lock = os.open(
            self.path.with_name(f"{self.path.name}.lock"),
            os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
        )
        try:
            # Whoever is rotating now does it for all; a stopped process must not stop the others.
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._too_big(coming):
                    self._rotate()
        finally:
            os.close(lock)

    def _too_big(self, coming: int) -> bool:
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return False
        return size > 0 and size + coming > self._max_bytes

    def _rotate(self) -> None:
        for number in range(self._keep, 0, -1):
            younger = self._rotated(number - 1) if number > 1 else self.path
            with suppress(FileNotFoundError):
                younger.replace(self._rotated(number))


def _to_line(entry: LogEntry) -> bytes:
    data = {
        "at": time_to_text(entry.at),
        "level": entry.level.value,
        "message": visible(entry.message)[:_LONGEST],
        "environment": visible(entry.environment),
        "user": visible(entry.user),
        "provider": visible(entry.provider)[:_LONGEST],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def _from_line(line: bytes) -> LogEntry | None:
    """The entry in a line; None when it is empty or damaged."""
    try:
        data = json.loads(line)
        texts = [visible(data[name]) for name in ("message", "environment", "user", "provider")]
        return LogEntry(time_from_text(data["at"]), Level(data["level"]), *texts)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file from its end, read block by block; none when it cannot be read."""
    try:
        with path.open("rb") as file:
            left, rest = file.seek(0, os.SEEK_END), b""
            while left > 0:
                size = min(_BLOCK, left)
                left -= size
                file.seek(left)
                rest, *lines = (file.read(size) + rest).split(b"\n")
                yield from reversed(lines)
            yield rest
    except OSError:
        return
