"""What reading a document yields: one provider after another, with the lines its parts stand in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ftos_tui.domain.exchange import FORMAT, MARK
from ftos_tui.domain.visible import shortened
from ftos_tui.studio.files.source import FileRefused

MOST_PROVIDERS: Final = 200_000
"""The most providers in one file: a plan of all of them is held in memory."""

HEADER_KEYS: Final = (MARK, "environment", "plan")
"""What may stand beside `providers`; `plan` only in a plan."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider as the file writes it.

    Attributes:
        line: Where it begins, from 1 on.
        record: Its keys and values: texts as YAML writes them, JSON types as JSON does.
        line_of: The line of one of its keys; its own where the key is not there.
    """

    line: int
    record: Mapping[str, Any]
    line_of: Callable[[str], int]


@dataclass(slots=True)
class Header:
    """What a document says of itself.

    Attributes:
        values: What stands beside `providers`, by key.
        lines: Where, by key.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def take(self, key: str, value: Any, line: int) -> None:
        """Takes in one key of the document.

        Raises:
            FileRefused: There is no such key, or the value is not one of its own.
        """
        if key not in HEADER_KEYS:
            message = f"Remove the key {shortened(key, 40)}: a document has {MARK}, environment and providers."
            raise FileRefused(line, "file_unknown_key", message)
        if key == MARK and value not in (FORMAT, str(FORMAT)):
            raise FileRefused(
                line, "file_format", f"Write {MARK}: {FORMAT}; another number is another program's format."
            )
        if key == "environment" and not isinstance(value, str):
            raise FileRefused(line, "file_environment", "Write the name of the environment as a text.")
        if key == "plan" and not isinstance(value, dict):
            raise FileRefused(line, "file_plan", "This is no plan that ftos-tui wrote.")
        self.values[key] = value
        self.lines[key] = line

    def complete(self, providers: bool) -> None:
        """Checks at the end of the file that everything was there.

        Args:
            providers: Whether there was a list of providers.

        Raises:
            FileRefused: Something is missing.
        """
        if MARK not in self.values:
            raise FileRefused(
                1, "file_no_document", f"Begin the file with {MARK}: {FORMAT}; it is no document of providers."
            )
        if not providers:
            raise FileRefused(1, "file_no_providers", "The file has no list of providers.")

    @property
    def environment(self) -> str:
        """The environment it was exported from; empty where it does not say."""
        return str(self.values.get("environment", ""))


class Document(Protocol):
    """A document being read.

    Attributes:
        header: What it says of itself; whole once all entries were read.
    """

    header: Header

    def __iter__(self) -> Iterator[Entry]:
        """The providers, in the order of the file.

        Raises:
            FileRefused: The file cannot be read on.
        """
        ...


def duplicate_key(key: str, line: int) -> FileRefused:
    """The refusal of a key that stands twice in one object."""
    return FileRefused(line, "file_duplicate_key", f"Remove one of the two keys {shortened(key, 40)}.")


def too_many(line: int) -> FileRefused:
    """The refusal of a file with more providers than a plan can hold."""
    return FileRefused(line, "file_too_many", f"Split the file: it has more than {MOST_PROVIDERS:,} providers.")


def no_document() -> FileRefused:
    """The refusal of a file that holds something else."""
    message = f"Begin the file with {MARK}: {FORMAT} and a list of providers; it is no document of providers."
    return FileRefused(1, "file_no_document", message)
