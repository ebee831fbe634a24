"""Reads a document out of JSON, one provider after another, without holding the file in memory."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ftos_tui.studio.files.entries import MOST_PROVIDERS, Entry, Header, duplicate_key, no_document, too_many
from ftos_tui.studio.files.source import PIECE, FileRefused, Source

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)
_TRIM: Final = 1 << 20
_LONGEST_CUT: Final = 64
"""The longest part of JSON, in characters, that means nothing until it is whole: an escape, `false`."""


class JsonDocument:
    """A document in JSON; see `Document`.

    Args:
        source: Its text.
    """

    def __init__(self, source: Source) -> None:
        self.header = Header()
        self._source = source
        self._text = ""
        self._at = 0
        self._first_line = 1
        self._counted = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_constant)

    def __iter__(self) -> Iterator[Entry]:
        """The providers, in the order of the file."""
        if self._next() != "{":
            raise no_document()
        providers = False
        for key, line in self._members():
            if key in self.header.values or (key == "providers" and providers):
                raise duplicate_key(key, line)
            if key == "providers":
                providers = True
                yield from self._providers()
            else:
                self.header.take(key, self._value(), line)
        if self._next():
            raise self._not_json("nothing may follow the closing bracket")
        self.header.complete(providers)

    def _members(self) -> Iterator[tuple[str, int]]:
        """The keys of the document's own object, each with its line; their values are read in between."""
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        while True:
            if self._next() != '"':
                raise self._not_json("a key in double quotes belongs here")
            line = self._line()
            key = self._value()
            if self._next() != ":":
                raise self._not_json("a colon belongs behind a key")
            self._at += 1
            yield key, line
            if self._closed("}"):
                return

    def _providers(self) -> Iterator[Entry]:
        if self._next() != "[":
            raise FileRefused(self._line(), "file_no_providers", "Write providers as a list: [ … ].")
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        number = 0
        while True:
            number += 1
            found = self._next()
            if number > MOST_PROVIDERS:
                raise too_many(self._line())
            if found != "{":
                raise FileRefused(self._line(), "file_no_provider", 'Write a provider as an object: {"name": …}.')
            line = self._line()
            record = self._value()
            # Kept for as long as the entry is looked at; lines are counted only where something is to be said.
            yield Entry(line, record, _line_finder(self._text, self._value_at, self._at, line))
            if self._closed("]"):
                return

    def _closed(self, bracket: str) -> bool:
        """Whether a list or object ends here; otherwise goes on behind the comma."""
        sign = self._next()
        if sign not in (",", bracket):
            raise self._not_json(f"a comma or {bracket} belongs here")
        self._at += 1
        if sign == "," and self._next() == bracket:
            raise self._not_json("no comma before a closing bracket")
        return sign == bracket

    def _next(self) -> str:
        """The next sign that is no white space; empty at the end of the file."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # matches always
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Reads on; what was understood is let go of."""
        if self._at > _TRIM:
            self._first_line = self._line()
            self._text, self._at, self._counted = self._text[self._at :], 0, 0
        piece = self._source.read()
        self._text += piece
        return bool(piece)

    def _value(self) -> Any:
        """The value that begins here."""
        self._next()
        # A number at the end of a piece may go on in the next one.
        while len(self._text) - self._at < PIECE and self._more():
            pass
        self._value_at = self._at
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._cut_off(error) or not self._more():
                    line, column = self._place(error.pos)
                    raise FileRefused(
                        line, "file_not_json", f"Column {column} is not JSON: {_reason(error)}."
                    ) from None
                self._value_at = self._at
            except _DuplicateKey as duplicate:
                raise duplicate_key(duplicate.key, self._line_of_duplicate(duplicate.key)) from None
            except _NoConstant:
                raise FileRefused(self._line(), "file_number", "Remove NaN and Infinity: JSON has neither.") from None
            except RecursionError:
                message = "Nest less deeply: a provider has few levels."
                raise FileRefused(self._line(), "file_too_deep", message) from None
            except ValueError:  # the interpreter's limit on the digits of a whole number
                raise FileRefused(self._line(), "file_number", "Write smaller numbers.") from None
            else:
                self._source.progressed()
                return value

    def _cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether an error may only mean that the value goes on in the next piece."""
        return error.msg.startswith("Unterminated string") or error.pos + _LONGEST_CUT > len(self._text)

    def _line(self) -> int:
        """The line of the present place; counts on from where it counted last."""
        if self._at < self._counted:
            return self._first_line - self._text.count("\n", self._at, self._counted)
        self._first_line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._first_line

    def _place(self, position: int) -> tuple[int, int]:
        line = self._line() + self._text.count("\n", self._at, position)
        return line, position - self._text.rfind("\n", 0, position)

    def _line_of_duplicate(self, key: str) -> int:
        """The line of the second of two keys in one object of the value that begins here."""
        stack: list[set[str]] = []
        before = ""
        for match in _TOKEN.finditer(self._text, self._at):
            mark = match[0]
            if mark in "{[":
                stack.append(set())
            elif mark in "}]":
                stack.pop()
            elif mark == ":" and before == key and key in stack[-1]:
                return self._place(match.start())[0]
            elif mark == ":":
                stack[-1].add(before)
            before = _unquoted(mark)
        return self._line()

    def _not_json(self, reason: str) -> FileRefused:
        line, column = self._place(self._at)
        return FileRefused(line, "file_not_json", f"Column {column} is not JSON: {reason}.")


def _line_finder(text: str, start: int, end: int, line: int) -> Callable[[str], int]:
    """Finds the line of a key of the object that stands from `start` to `end` and begins in `line`."""

    def line_of(key: str) -> int:
        depth, before = 0, ""
        for match in _TOKEN.finditer(text, start, end):
            mark = match[0]
            depth += (mark in "{[") - (mark in "}]")
            if mark == ":" and depth == 1 and before == key:
                return line + text.count("\n", start, match.start())
            before = _unquoted(mark)
        return line

    return line_of


def _unquoted(mark: str) -> str:
    return str(json.loads(mark)) if mark.startswith('"') else mark


class _DuplicateKey(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


class _NoConstant(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKey(key)
            seen.add(key)
    return found


def _no_constant(name: str) -> Any:
    raise _NoConstant(name)


def _reason(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
