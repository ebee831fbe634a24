"""Writes documents as YAML or JSON, provider by provider, into a file that only its owner may read."""

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from ftos_tui.domain.visible import is_unsafe, shortened
from ftos_tui.studio.failures import Failure

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNSAFE_OR_QUOTED: Final = re.compile(r'["\\]|[^\x20-\x7e]')


class NotWritten(Failure):
    """A file could not be written; what was there is still there."""


def json_text(header: Mapping[str, Any], providers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A document as JSON, in pieces.

    Args:
        header: What stands before the providers.
        providers: The providers, asked for one by one.
    """
    yield "{\n" + "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in header.items())
    yield '  "providers": ['
    sign = "\n"
    for provider in providers:
        yield sign + _indented(json.dumps(provider, indent=2), "    ")
        sign = ",\n"
    yield "\n  ]\n}\n" if sign == ",\n" else "]\n}\n"


def yaml_text(header: Mapping[str, Any], providers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A document as YAML, in pieces. Every text is quoted, so that no reader takes it for something else."""
    yield "".join(f"{key}: {_scalar(value)}\n" for key, value in header.items())
    empty = True
    for provider in providers:
        yield ("providers:\n" if empty else "") + "".join(_provider(provider))
        empty = False
    if empty:
        yield "providers: []\n"


def _provider(provider: Mapping[str, Any]) -> Iterator[str]:
    before = "  - "
    for key, value in provider.items():
        if isinstance(value, list):
            yield f"{before}{key}:{'' if value else ' []'}\n"
            for row in value:
                yield "      - {" + ", ".join(f"{column}: {_scalar(cell)}" for column, cell in row.items()) + "}\n"
        elif isinstance(value, Mapping):
            yield f"{before}{key}:\n"
            for inner, text in value.items():
                written = _block(text) if "\n" in text else _scalar(text)
                yield f"      {inner}: {written}\n"
        else:
            yield f"{before}{key}: {_scalar(value)}\n"
        before = "    "


def _block(text: str) -> str:
    """A text of several lines, such as an armored age file, as it is."""
    return "|-\n" + _indented(text, " " * 8)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if ('"' in value or "\\" in value) and not any(map(is_unsafe, value)):
        return "'" + value.replace("'", "''") + "'"
    return '"' + _UNSAFE_OR_QUOTED.sub(lambda match: _escaped(match[0]), value) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not is_unsafe(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.splitlines())


def is_taken(path: str) -> bool:
    """Whether something is there already that writing would replace; a path that cannot be is not."""
    try:
        return Path(path).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


@contextmanager
def private_file(path: str) -> Iterator[TextIO]:
    """A file that takes its place, 0600, when all of it is written and on disk; on any exception nothing changes.

    Args:
        path: Where it is to be; `~` stands for the home folder.

    Raises:
        NotWritten: The operating system refuses.
    """
    target, interim, descriptor = _interim(path)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), 0o600)
            yield file
            file.flush()
            os.fsync(file.fileno())
        interim.replace(target)
    except OSError as error:
        raise NotWritten(f"The file {shortened(path, 200)} cannot be written: {error.strerror}.") from error
    finally:
        interim.unlink(missing_ok=True)


def _interim(path: str) -> tuple[Path, Path, int]:
    """The file to be, the one beside it that is written first, and its descriptor."""
    try:
        target = Path(path).expanduser()
        if target.exists() and not target.is_file():
            # Taking the place of a device or a folder would harm more than this file.
            message = f"{shortened(path, 200)} is no regular file: name another one, or none for standard output."
            raise NotWritten(message)
        interim = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        return target, interim, os.open(interim, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "this is not a file's name"
        raise NotWritten(f"The file {shortened(path, 200)} cannot be written: {reason}.") from error
