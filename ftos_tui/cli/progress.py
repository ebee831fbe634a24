"""A line on standard error that says how far something is; only where that is a terminal."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_EVERY_S: Final = 0.1
_BAR: Final = 20


class ProgressLine:
    """Rewrites one line on the terminal, at most ten times a second; takes it away in the end.

    Args:
        what: What is going on.
        share: How much of it is done, 0 to 1; None where that is not known.
    """

    def __init__(self, what: str, share: Callable[[int], float | None] = lambda done: None) -> None:
        self._what = what
        self._share = share
        self._next = 0.0
        self._width = 0

    def __call__(self, done: int) -> None:
        """Shows how many are done, unless it did just now.

        Args:
            done: How many.
        """
        now = time.monotonic()
        if now < self._next or not sys.stderr.isatty():
            return
        self._next = now + _EVERY_S
        text = self._text(done)
        # Spaces rather than an escape sequence: every terminal knows them.
        self._write(f"\r{text.ljust(self._width)}")
        self._width = len(text)

    def of(self, done: int, total: int) -> bool:
        """Shows how many of how many are done; gives back that it may go on.

        Args:
            done: How many.
            total: Of how many.
        """
        self._share = lambda number: number / max(total, 1)
        self(done)
        return True

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            self._write(f"\r{' ' * self._width}\r")

    def _text(self, done: int) -> str:
        share = self._share(done)
        if share is None:
            return f"{self._what} {done:,}"
        full = round(_BAR * min(max(share, 0.0), 1.0))
        return f"{self._what} [{'#' * full}{'.' * (_BAR - full)}] {done:,}"

    @staticmethod
    def _write(text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()
