"""Reads a document out of YAML, event by event: tags, anchors and aliases refused, no type guessed.

A scalar stays the text it is, so that the check gives the verdict it gives for the same text typed into the form:
`no` is not false and `9:00:00` no number. Only `null`, `~` and nothing at all are nothing.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from ftos_tui.studio.files.entries import (
    MOST_PROVIDERS,
    Entry,
    Header,
    duplicate_key,
    no_document,
    too_many,
)
from ftos_tui.studio.files.source import FileRefused, Source

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 80
_MOST_EVENTS: Final = 50_000
"""Of one provider; five hundred statuses have some six thousand."""

_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_JSON_SCALAR: Final = re.compile(r"true|false|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_GUESSED: Final = re.compile(
    r"(?i:yes|no|on|off|y|n|true|false)|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?(0[xob]?[0-9a-fA-F_]+|[0-9][0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|="
)


class YamlDocument:
    """A document in YAML; see `Document`.

    Args:
        source: Its text.
    """

    def __init__(self, source: Source) -> None:
        self.header = Header()
        self._source = source
        self._events = 0

    def __iter__(self) -> Iterator[Entry]:
        """The providers, in the order of the file."""
        try:
            self._parser = _LOADER(self._source)
            yield from self._document()
        except yaml.YAMLError as error:
            raise _refusal(error) from None

    def _document(self) -> Iterator[Entry]:
        self._event()  # the stream's start
        if not isinstance(self._event(), yaml.DocumentStartEvent):
            raise no_document()
        if not isinstance(self._event(), yaml.MappingStartEvent):
            raise no_document()
        providers = False
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            key, line = self._key(event), _line(event)
            if key in self.header.values or (key == "providers" and providers):
                raise duplicate_key(key, line)
            if key == "providers":
                providers = True
                yield from self._providers()
            else:
                self.header.take(key, self._value(self._event(), 1, typed=False), line)
        self._event()  # the document's end
        event = self._event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise FileRefused(_line(event), "file_documents", "Keep one document in the file: another one begins here.")
        self.header.complete(providers)

    def _providers(self) -> Iterator[Entry]:
        event = self._event()
        if not isinstance(event, yaml.SequenceStartEvent):
            raise FileRefused(_line(event), "file_no_providers", "Write providers as a list: each one behind a dash.")
        number = 0
        while not isinstance(event := self._event(), yaml.SequenceEndEvent):
            self._events = 0
            number += 1
            if number > MOST_PROVIDERS:
                raise too_many(_line(event))
            if not isinstance(event, yaml.MappingStartEvent):
                raise FileRefused(_line(event), "file_no_provider", "Write a provider as fields with values: name: ….")
            yield self._entry(_line(event))

    def _entry(self, line: int) -> Entry:
        record: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            key = self._key(event)
            if key in record:
                raise duplicate_key(key, _line(event))
            lines[key] = _line(event)
            record[key] = self._value(self._event(), 3, typed=key == "app_config")
        return Entry(line, record, lambda key: lines.get(key, line))

    def _value(self, event: Any, depth: int, *, typed: bool) -> Any:
        """A value as Python has it.

        Args:
            event: What it begins with.
            depth: How deep it stands.
            typed: Whether it is part of appConfig written as an object, whose scalars are typed as in JSON.
        """
        if depth > _DEEPEST:
            raise FileRefused(_line(event), "file_too_deep", "Nest less deeply: a provider has few levels.")
        if isinstance(event, yaml.ScalarEvent):
            # An appConfig that is one scalar is its text; only what stands inside an object is typed.
            return _typed(event) if typed and depth > 3 else _text(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := self._event(), yaml.SequenceEndEvent):
                items.append(self._value(inner, depth + 1, typed=typed))
            return items
        found: dict[str, Any] = {}
        while not isinstance(inner := self._event(), yaml.MappingEndEvent):
            key = self._key(inner)
            if key in found:
                raise duplicate_key(key, _line(inner))
            found[key] = self._value(self._event(), depth + 1, typed=typed)
        return found

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise FileRefused(_line(event), "file_key", "Write keys as plain words: no list or object is one.")
        key = str(event.value)
        if key == "<<" and event.implicit[0]:
            raise FileRefused(_line(event), "yaml_merge", "Write the fields out: << merges are not followed.")
        return key

    def _event(self) -> Any:
        event = self._parser.get_event()
        self._source.progressed()
        self._events += 1
        if self._events > _MOST_EVENTS:
            raise FileRefused(_line(event), "file_item_too_large", "One provider has too many parts.")
        if isinstance(event, yaml.AliasEvent):
            raise FileRefused(_line(event), "yaml_alias", "Write the value out: aliases (*) are not followed.")
        if getattr(event, "anchor", None) is not None:
            raise FileRefused(_line(event), "yaml_anchor", "Remove the anchor (&): aliases are not followed.")
        if getattr(event, "tag", None) is not None:
            raise FileRefused(_line(event), "yaml_tag", "Remove the tag (!): every value is what it is written as.")
        return event


def _text(event: Any) -> str | None:
    return None if event.implicit[0] and event.value in _NOTHING else str(event.value)


def _typed(event: Any) -> Any:
    """A scalar of appConfig: what JSON would make of it; what YAML programs disagree about is refused."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in _NOTHING:
        return None
    if _JSON_SCALAR.fullmatch(text) and len(text) < 300:
        return json.loads(text)
    if _GUESSED.fullmatch(text):
        message = "Put this value in quotes, or write it as JSON does: YAML programs disagree what it is."
        raise FileRefused(_line(event), "yaml_guess", message)
    return text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refusal(error: yaml.YAMLError) -> FileRefused:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return FileRefused(0, "file_not_yaml", "The file is neither YAML nor JSON.")
    problem = str(getattr(error, "problem", "") or "something else was expected here")
    return FileRefused(mark.line + 1, "file_not_yaml", f"Column {mark.column + 1} is not YAML: {problem}.")
