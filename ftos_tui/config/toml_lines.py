"""Where in a TOML text each key stands, so that a mistake is reported with its line: tomllib keeps no lines."""

import tomllib
from collections.abc import Mapping
from typing import Any

KeyPath = tuple[str, ...]


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line of every table and of every key that is written as a statement.

    Args:
        text: A text that tomllib has accepted.

    Returns:
        Line numbers from 1 on, by the key's full path. A key inside an inline table has no entry of its own: the
        statement's line is that of the nearest path above it, see `line_of`.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    number = 1
    for statement in _statements(text):
        stripped = _without_leading_blank(statement)
        line = number + statement[: len(statement) - len(stripped)].count("\n")
        number += statement.count("\n")
        if stripped.startswith("["):
            table = _path(stripped.strip("[] \t\r\n"))
            path = table
        elif stripped:
            path = table + _path(stripped)
        else:
            continue
        for depth in range(1, len(path) + 1):
            lines.setdefault(path[:depth], line)
    return lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or that of the nearest key above it; None when even that is not in the text."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _statements(text: str) -> list[str]:
    """The text cut behind each statement's last line; white space and comments go with what follows them."""
    found: list[str] = []
    start = position = depth = 0
    in_header = False
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = _after_string(text, position)
            continue
        if character == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        if character == "[" and depth == 0 and not text[start:position].strip(" \t\r\n") and not in_header:
            in_header = True
        elif not in_header:
            depth += (character in "[{") - (character in "]}")
        position += 1
        if character == "\n" and depth == 0:
            found.append(text[start:position])
            start, in_header = position, False
    found.append(text[start:])
    return found


def _after_string(text: str, position: int) -> int:
    """The position behind the string that starts here."""
    quote = text[position]
    fence = quote * 3 if text.startswith(quote * 3, position) else quote
    position += len(fence)
    while position < len(text):
        if quote == '"' and text[position] == "\\":
            position += 2
        elif text.startswith(fence, position):
            position += len(fence)
            while len(fence) == 3 and text.startswith(quote, position):  # """a"""" ends in a quote of its own
                position += 1
            return position
        else:
            position += 1
    return position


def _without_leading_blank(statement: str) -> str:
    """The statement without the empty lines and comments before it."""
    rest = statement.lstrip(" \t\r\n")
    while rest.startswith("#"):
        rest = rest.partition("\n")[2].lstrip(" \t\r\n")
    return rest


def _path(written: str) -> KeyPath:
    """The path that a header, or the key of a statement, names; quoted parts may hold dots and equals signs."""
    position = 0
    while position < len(written) and written[position] not in "=\n#]":
        position = _after_string(written, position) if written[position] in "\"'" else position + 1
    node: Any = tomllib.loads(f"{written[:position]} = 0")
    path: list[str] = []
    while isinstance(node, dict):
        [(key, node)] = node.items()
        path.append(key)
    return tuple(path)
