"""Keys as operators know them: `^S` for ctrl+s, `/` for slash."""

from collections.abc import Iterable

_NAMES = {
    "slash": "/",
    "question_mark": "?",
    "escape": "Esc",
    "enter": "Enter",
    "insert": "Ins",
    "delete": "Del",
    "space": "Space",
    "tab": "Tab",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_name(key: str) -> str:
    """One key, for example `^S` for `ctrl+s`, `F1` for `f1`, `?` for `question_mark`."""
    head, _, last = key.rpartition("+")
    name = _NAMES.get(last, last)
    if last.startswith("f") and last[1:].isdigit():
        name = last.upper()
    if head == "ctrl":
        return f"^{name.upper() if len(name) == 1 else name}"
    return f"{head.title()}+{name}" if head else name


def key_names(keys: Iterable[str]) -> str:
    """Several keys, a space between."""
    return " ".join(map(key_name, keys))
