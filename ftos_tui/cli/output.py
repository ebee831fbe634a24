"""Everything the command line writes goes through here: no raw control character reaches the terminal."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TextIO

from ftos_tui.domain.visible import visible

MEASURED_ROWS = 100
"""From how many rows of a table the widths are taken."""


class ReaderGone(Exception):
    """Whoever read our output has stopped reading."""


class OutputLost(Exception):
    """Standard output takes no more: a full disk, a closed descriptor."""


def say(text: str) -> None:
    """Writes one line to standard output; unsafe characters become visible signs."""
    _write(sys.stdout, visible(text) + "\n")


def say_text(text: str) -> None:
    """Writes lines to standard output; unsafe characters but line ends become visible signs."""
    _write(sys.stdout, "\n".join(map(visible, text.replace("\r\n", "\n").split("\n"))))


def complain(text: str) -> None:
    """Writes one line to standard error, at once; unsafe characters become visible signs.

    Nothing is done where that fails: whoever complains has a reason, which must not be lost to another one.
    """
    with suppress(ReaderGone, OutputLost):
        _write(sys.stderr, visible(text) + "\n", flushing=True)


def say_json(value: Any) -> None:
    """Writes a JSON value to standard output, indented."""
    _write(sys.stdout, json_text(value, indent=2) + "\n")


def say_json_line(value: Any) -> None:
    """Writes a JSON value to standard output as one line, at once: for output that is followed."""
    _write(sys.stdout, json_text(value) + "\n")
    flush()


def say_json_array(values: Iterable[Any]) -> None:
    """Writes a JSON array to standard output, each value as it comes."""
    opened = False
    for value in values:
        _write(sys.stdout, (",\n  " if opened else "[\n  ") + json_text(value))
        opened = True
    _write(sys.stdout, "\n]\n" if opened else "[]\n")


def say_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes aligned columns, each row as it comes.

    Args:
        headers: The columns' titles.
        rows: Texts, one for each column; a cell behind the first `MEASURED_ROWS` that is wider than its column pushes
            its row to the right.
    """
    iterator = iter(rows)
    first = [[visible(cell) for cell in row] for row in islice(iterator, MEASURED_ROWS)]
    widths = [max(map(cell_width, column)) for column in zip(headers, *first, strict=True)]
    for row in (headers, *first):
        _write(sys.stdout, _aligned(row, widths))
    for row in iterator:
        _write(sys.stdout, _aligned([visible(cell) for cell in row], widths))


def say_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Writes labels and values in two columns."""
    shown = [(visible(label), visible(value)) for label, value in pairs]
    width = max((cell_width(label) for label, _ in shown), default=0)
    for label, value in shown:
        _write(sys.stdout, _aligned((label, value), (width, 0)))


def flush() -> None:
    """Makes sure that what was written has arrived.

    Raises:
        ReaderGone, OutputLost: It has not.
    """
    _write(sys.stdout, "", flushing=True)


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in printable ASCII: everything else, DEL too, is escaped."""
    return json.dumps(value, indent=indent, ensure_ascii=True)


def cell_width(text: str) -> int:
    """How many cells of a terminal a visible text takes (Unicode Standard Annex #11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(character) in ("Mn", "Me") else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell + " " * (width - cell_width(cell)) for cell, width in zip(row, widths, strict=True)]
    return "  ".join(cells).rstrip() + "\n"


def _write(stream: TextIO, text: str, *, flushing: bool = False) -> None:
    try:
        stream.write(text)
        if flushing:
            stream.flush()
    except BrokenPipeError as error:
        raise ReaderGone from error
    except OSError as error:
        raise OutputLost(error.strerror) from error
