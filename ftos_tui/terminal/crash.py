"""The crash report: where it went wrong, without a single value.

Textual's own prints the local variables of every frame on the terminal, passwords among them.
"""

import os
import stat
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ftos_tui import __version__
from ftos_tui.domain.secret import MASK
from ftos_tui.domain.visible import shortened, visible

_LONGEST_MESSAGE: Final = 300
_MOST_LINKS: Final = 20
_QUOTING: Final = frozenset({"psycopg", "sqlalchemy", "pydantic_core", "httpx2", "httpcore2", "aiosmtplib"})
"""Libraries whose messages quote rows, parameters, inputs, URLs or what a server said: only the type is told."""


def report_lines(error: BaseException, redact: Iterable[str] = ()) -> Iterator[str]:
    """A traceback without locals: types, frames, and messages made visible, cut and redacted.

    Args:
        error: What was raised; its causes come first, as in Python's own tracebacks.
        redact: Texts that no message may hold, such as what stands in the secret fields.

    Yields:
        Lines without their newline.
    """
    secrets = sorted((text for text in redact if text), key=len, reverse=True)
    for link in _chain(error):
        for entry in traceback.format_tb(link.__traceback__):
            yield from map(visible, entry.rstrip("\n").split("\n"))
        message = _message(link)
        for secret in secrets:
            message = message.replace(secret, MASK)
        name = f"{type(link).__module__}.{type(link).__qualname__}".removeprefix("builtins.")
        yield f"{name}: {shortened(message, _LONGEST_MESSAGE)}".removesuffix(": ")


def _message(error: BaseException) -> str:
    if type(error).__module__.partition(".")[0] in _QUOTING:
        return ""
    try:
        return str(error)
    except Exception:
        return "(a message that cannot be made)"


def _chain(error: BaseException) -> list[BaseException]:
    """The error after all that led to it, each once."""
    links: list[BaseException] = []
    todo: list[BaseException] = [error]
    while todo and len(links) < _MOST_LINKS:
        link = todo.pop()
        if any(link is other for other in links):
            continue
        links.append(link)
        if isinstance(link, BaseExceptionGroup):
            todo.extend(link.exceptions)
        earlier = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
        if earlier is not None:
            todo.append(earlier)
    return links[::-1]


def write_report(error: BaseException, path: Path, redact: Iterable[str] = ()) -> bool:
    """Appends a crash report to a file that only its owner reads.

    Args:
        error: What was raised.
        path: The file; made with mode 0600, its folder with 0700. A link or anything but a file of the operator's own
            is left alone.
        redact: Texts that no message may hold.

    Returns:
        Whether it was written.
    """
    head = f"{datetime.now(UTC).isoformat(timespec='seconds')} ftos-tui {__version__}"
    text = "\n".join([head, *report_lines(error, redact), "", ""])
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
                return False
            os.fchmod(fd, 0o600)
            file.write(text)
    except OSError:
        return False
    return True
