"""Key names in the settings file, and which remapped keys clash."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Protocol

EVERYWHERE = "everywhere"

_NAMED = frozenset(
    [
        "enter",
        "escape",
        "tab",
        "space",
        "backspace",
        "delete",
        "insert",
        "home",
        "end",
        "pageup",
        "pagedown",
        "up",
        "down",
        "left",
        "right",
    ]
) | {f"f{number}" for number in range(1, 25)}

# The terminal layer names a character key by its Unicode name, but for these.
_CHARACTER_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_MODIFIERS = re.compile(r"^(?:(?:ctrl|shift|alt)\+)*")


class Remappable(Protocol):
    """What has to be known of an action to remap it."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys it has unless remapped."""
        ...

    @property
    def where(self) -> str:
        """The screen it belongs to, or `everywhere`."""
        ...


def key_name(written: str) -> str | None:
    """The canonical name of a key: `?` is `question_mark`, `Ctrl+S` is `ctrl+s`.

    Args:
        written: What the operator wrote.

    Returns:
        The name as the terminal layer knows it; None when it names no key.
    """
    text = written.strip()
    if len(text) == 1:
        return _character_name(text)
    text = text.lower()
    found = _MODIFIERS.match(text)
    modifiers, base = text[: found.end() if found else 0], text[found.end() if found else 0 :]
    if len(base) == 1:
        named = _character_name(base)
        return modifiers + named if named else None
    return modifiers + base if base in _NAMED or base in _character_names() else None


def _character_name(character: str) -> str | None:
    if not character.isprintable() or character.isspace():
        return "space" if character == " " else None
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _CHARACTER_NAMES.get(name, name) or None


def _character_names() -> frozenset[str]:
    printable = (chr(code) for code in range(0x21, 0x7F))
    return frozenset(name for character in printable if (name := _character_name(character)) and len(name) > 1)


def known_keys() -> tuple[str, ...]:
    """The names of keys that are more than one character long, for a message that names the nearest."""
    return tuple(sorted(_NAMED | _character_names()))


def clashes(actions: Mapping[str, Remappable], remapped: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, str]]:
    """The pairs of actions that one key would call on the same screen.

    Args:
        actions: Every action, by name.
        remapped: The keys the operator gave, by action name.

    Yields:
        The remapped action, and a sentence that names the other one and the key. A clash that the shipped keys bring
        along is not the operator's and is not reported.
    """
    reported: set[frozenset[str]] = set()
    for name in remapped:
        for other, action in actions.items():
            pair = frozenset((name, other))
            if other == name or pair in reported or not _meet(actions[name].where, action.where):
                continue
            shared = sorted(set(remapped[name]) & set(remapped.get(other, action.keys)))
            if shared:
                reported.add(pair)
                yield name, f"{name} and {other} would both be {shared[0]}: give one of them another key"


def _meet(one: str, other: str) -> bool:
    return one == other or EVERYWHERE in (one, other)
