"""Scripts of letters: which mixtures pass one word off as another (after Unicode UTS 39, restriction levels)."""

import re
import unicodedata
from functools import lru_cache

_TOGETHER = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)
"""Scripts that one word may mix: UTS 39, "Highly Restrictive"."""

_LOOK_ALIKE = frozenset(
    "асԁеһіјӏорԗԛѕԝхуъЬҽпгѵѡкмтвнзАВЕКМНОРСТХУЅІЈԌԚԜӀЗ"  # Cyrillic
    "αικνρυωηοτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
    "զհյոսւօցՍՕԼ"  # Armenian
)
"""Letters of other scripts that are read as Latin ones; Chromium's IDN spoof checker has the lower-case ones."""

_WORD = re.compile(r"[^\W\d_]+")
_NAMED = {"CJK": "Han", "IDEOGRAPHIC": "Han", "KANGXI": "Han"}


@lru_cache(4096)
def script_of(character: str) -> str:
    """The script of one letter, for example `Latin`; empty for digits, signs and marks, which any script uses."""
    if not unicodedata.category(character).startswith("L") or unicodedata.category(character) == "Lm":
        return ""
    plain = unicodedata.normalize("NFKC", character)[:1]
    word = unicodedata.name(plain, "").partition(" ")[0]
    return _NAMED.get(word, word.partition("-")[0].capitalize())


def scripts_of(text: str) -> tuple[str, ...]:
    """The scripts of a text's letters, in order of appearance."""
    return tuple(dict.fromkeys(script for script in map(script_of, text) if script))


@lru_cache(1024)
def deceptive_scripts(text: str) -> str:
    """Says how a text's letters may deceive a reader.

    Args:
        text: Any text; each word is judged on its own, so that a bilingual name passes.

    Returns:
        `Latin and Cyrillic mixed` where one word mixes scripts that do not belong together, `Cyrillic letters that
        look like Latin` where a word of two letters or more has no other; empty where neither is so.
    """
    if text.isascii():
        return ""
    for word in _WORD.findall(text):
        scripts = scripts_of(word)
        if len(scripts) > 1 and not any(together.issuperset(scripts) for together in _TOGETHER):
            return f"{' and '.join(scripts)} letters mixed in one word"
        if len(word) > 1 and _LOOK_ALIKE.issuperset(word):
            return f"{scripts[0]} letters that look like Latin ones"
    return ""
