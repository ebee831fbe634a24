"""Opens a file and tells whether it is YAML or JSON; spreadsheets are turned away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from ftos_tui.domain.fields import FIELD_IDS
from ftos_tui.domain.visible import shortened
from ftos_tui.studio.failures import Failure
from ftos_tui.studio.files.entries import Document
from ftos_tui.studio.files.source import FileRefused, Source

_CSV_STARTS: Final = tuple(
    f"{quote}{field_id}{quote}{sign}" for field_id in FIELD_IDS for quote in ("", '"') for sign in ",;\t"
)


class Unreadable(Failure):
    """A file cannot be opened."""


def document_in(source: Source, name: str = "") -> Document:
    """The document in a text: JSON where it begins with a bracket, otherwise YAML.

    Args:
        source: The text.
        name: The file's name; one that ends in `.csv` is turned away.

    Raises:
        FileRefused: It is a spreadsheet, or begins with what no text may hold.
    """
    head = source.head().lstrip(" \t\r\n")
    if name.lower().endswith(".csv") or head.lower().startswith(_CSV_STARTS):
        message = "CSV is for spreadsheets only and loses what a record needs: import YAML or JSON."
        raise FileRefused(0, "file_csv", message)
    if head.startswith(("{", "[")) and not name.lower().endswith((".yaml", ".yml")):
        from ftos_tui.studio.files.json_document import JsonDocument

        return JsonDocument(source)
    from ftos_tui.studio.files.yaml_document import YamlDocument

    return YamlDocument(source)


@contextmanager
def opened(path: str, standard_input: BinaryIO | None = None) -> Iterator[Source]:
    """The text of a file.

    Args:
        path: The file; `-` for standard input where that is given.
        standard_input: What `-` reads.

    Raises:
        Unreadable: It cannot be opened or read.
    """
    if path == "-" and standard_input is not None:
        yield Source(standard_input)
        return
    try:
        with Path(path).expanduser().open("rb") as file:
            status = os.fstat(file.fileno())
            yield Source(file, status.st_size)
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: Exception) -> Unreadable:
    """The failure of a file that the operating system does not give."""
    reason = getattr(error, "strerror", None) or "this is not a file's name"
    return Unreadable(f"The file {shortened(path, 200)} cannot be read: {reason}.")
