"""Makes control, bidirectional and invisible characters visible where a value becomes text to show.

Stored text is hostile until shown: an ESC in a name must reach no terminal. Each unsafe character becomes exactly
one harmless character one cell wide, so that positions in a value and on the screen stay the same.
"""

import unicodedata
from functools import lru_cache

# Zero-width and bidirectional controls; unicodedata calls most of them Cf, but so it does harmless ones.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u200f"
    "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069"
    "\u206a\u206b\u206c\u206d\u206e\u206f\u3164\ufeff\uffa0\ufff9\ufffa\ufffb"
)


@lru_cache(4096)
def _shown(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "�" if is_unsafe(character) else character


def is_unsafe(character: str) -> bool:
    """Whether one character must not reach a terminal as it is.

    True for C0 and C1 controls, lone surrogates, bidirectional and zero-width characters, variation selectors beyond
    the first sixteen, tags and noncharacters.
    """
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return False
    if character in _INVISIBLE or 0xE0000 <= code <= 0xE0FFF or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return True
    return unicodedata.category(character) in ("Cc", "Cs", "Cf", "Zl", "Zp")


def is_safe(text: str) -> bool:
    """Whether a text may be shown as it is."""
    return (text.isascii() and text.isprintable()) or not any(map(is_unsafe, text))


def visible(text: str) -> str:
    """The text with every unsafe character replaced by one visible sign; control pictures for C0, � for the rest.

    Args:
        text: Any text, one line; newlines become ␊.

    Returns:
        A text of the same length that cannot move a cursor, reorder or hide anything.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def code_point(character: str) -> str:
    """How a message names a character that cannot be shown, for example `U+200B ZERO WIDTH SPACE`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def shortened(text: str, width: int) -> str:
    """The visible text cut in the middle to at most `width` characters, `…` standing for what was left out."""
    shown = visible(text)
    if len(shown) <= width:
        return shown
    if width <= 1:
        return "…"[:width]
    head = width // 2
    return f"{shown[:head]}…{shown[len(shown) - (width - head - 1) :]}"
