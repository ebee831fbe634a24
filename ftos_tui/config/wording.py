"""How messages about settings name what was written."""

import difflib
from collections.abc import Iterable
from typing import Final

from ftos_tui.domain.visible import shortened

_KINDS: Final[dict[type, str]] = {bool: "true or false", int: "a number", float: "a number", str: "a text"}


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean X?` for the known name nearest to a mistyped one; what is known when none is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name.lower()[:100], names, 1, 0.6)
    if close:
        return f": did you mean {close[0]}?"
    return f": known are {', '.join(names)}" if len(names) <= 20 else ""


def quoted(text: str) -> str:
    """A text as a message repeats it: visible, not too long, in quotes."""
    return f'"{shortened(text, 60)}"'


def kind_of(value: object) -> str:
    """What kind of TOML value it is, in words."""
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    return _KINDS.get(type(value), "a date or time")
