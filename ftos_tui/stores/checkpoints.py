"""Checkpoints of the audit chain, kept outside the store: in a file of JSON lines, or with the system's log.

A checkpoint says how far the chain went at a time, and is signed with the audit key: whoever cuts the chain's tail off,
or writes it anew, would have to reach the checkpoints as well.
"""

import errno
import hmac
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from logging import INFO, LogRecord
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Final, NoReturn

from ftos_tui.stores.protocol import Sign, StoreUnreachable

KIND: Final = "ftos-tui checkpoint"
"""What marks a line as a checkpoint."""

_LONGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the audit chain went.

    Attributes:
        store_id: Of which store.
        environment: What its environment is called.
        sequence: The last entry then; 0 for none.
        mac: The MAC of that entry, hex; empty for none.
        at: When, UTC, ISO 8601 with microseconds.
        who: Who took it.
        signature: HMAC-SHA-256 over all of the above, hex.
    """

    store_id: str
    environment: str
    sequence: int
    mac: str
    at: str
    who: str
    signature: str = ""

    def signed(self, sign: Sign) -> "Checkpoint":
        """The same checkpoint with its signature."""
        return replace(self, signature=self._signature(sign))

    def is_genuine(self, sign: Sign) -> bool:
        """Whether it says what it said when it was signed."""
        return hmac.compare_digest(self.signature.encode(), self._signature(sign).encode())

    def to_line(self) -> str:
        """Its JSON, on one line, in ASCII."""
        return json.dumps({"kind": KIND, **asdict(self)}, separators=(",", ":"))

    def _signature(self, sign: Sign) -> str:
        # Its first bytes tell it from the canonical text of an audit entry, which is a JSON array.
        return sign(replace(self, signature="").to_line().encode("ascii")).hex()


def checkpoint_in(line: str) -> Checkpoint:
    """The checkpoint in a line, whatever the system's log wrote before it.

    Raises:
        ValueError: There is none.
    """
    data = json.loads(line[line.index("{") :])
    kinds = {field.name: int if field.name == "sequence" else str for field in fields(Checkpoint)}
    if not isinstance(data, dict) or data.pop("kind", None) != KIND:
        raise ValueError("no checkpoint")
    if {name: type(value) for name, value in data.items()} != kinds:
        raise ValueError("not what a checkpoint holds")
    return Checkpoint(**data)


def append_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Adds a line to a file; a new one is made 0600. It is on the disk when this returns.

    Raises:
        StoreUnreachable: The system refuses.
    """
    line = checkpoint.to_line().encode("ascii") + b"\n"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line  # what was cut short there must not spoil this line
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not size:
            _sync_folder(path.parent)
    except OSError as error:
        raise StoreUnreachable(
            f"The checkpoint file {path} cannot be written ({error.strerror}): no checkpoint was taken."
        ) from error


def checkpoint_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are marked as checkpoints, with their numbers from 1 on.

    Raises:
        StoreUnreachable: It cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            number = 0
            while line := file.readline(_LONGEST):
                number += 1
                if KIND in line:
                    yield number, line
    except OSError as error:
        raise StoreUnreachable(f"The checkpoint file {path} cannot be read ({error.strerror}).") from error


class _Syslog(SysLogHandler):
    """The standard handler; what it cannot send is an error instead of a traceback on the terminal."""

    def handleError(self, record: LogRecord) -> NoReturn:  # noqa: N802 (as logging names it)
        del record
        raise


def send_checkpoint(address: str, checkpoint: Checkpoint) -> None:
    """Sends a line to the system's log, facility authpriv. A log server over UDP acknowledges nothing.

    Args:
        address: The path of a local socket such as /dev/log, or HOST:PORT for UDP.
        checkpoint: What to send.

    Raises:
        ValueError: That is no address.
        StoreUnreachable: The system refuses.
    """
    where = _address(address)
    try:
        handler = _Syslog(where, SysLogHandler.LOG_AUTHPRIV)
        try:
            handler.ident = "ftos-tui: "
            handler.append_nul = False
            handler.emit(LogRecord("ftos-tui", INFO, "", 0, checkpoint.to_line(), None, None))
        finally:
            handler.close()
    except OSError as error:
        raise StoreUnreachable(
            f"The system log {address} cannot be reached ({error.strerror or error}): no checkpoint was taken."
        ) from error


def _address(written: str) -> str | tuple[str, int]:
    if written.startswith("/"):
        return written
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})", written)
    if found is None or not 0 < int(found[2]) < 65536:
        raise ValueError("write /dev/log or HOST:PORT")
    return found[1].strip("[]"), int(found[2])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
