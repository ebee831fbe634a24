"""Rules for every text: type, length, characters that must not be stored, outer spaces, placeholders."""

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.rules import Outcome, Rule
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import FieldSpec
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.record import Value
from ftos_tui.domain.scripts import deceptive_scripts
from ftos_tui.domain.visible import code_point, is_safe, is_unsafe, shortened

SPACES: Final = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""The space and no-break space, and every other of Unicode's category Zs."""

LARGEST_SHOWN: Final = 10**18
"""Whole numbers beyond this are not turned into text; Python refuses some 4,300 digits, and nobody reads them."""

_PLACEHOLDER = re.compile(
    r"[\[<({*]+\s*(?:redacted|hidden|masked|filtered|removed|unchanged|encrypted|not shown|secret)\s*[\]>)}*]+"
    r"|secret\((?:…|\.\.\.)\)|secretstr\(.*\)",
    re.IGNORECASE,
)
_SENDGRID_KEY = re.compile(r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}")


class Taken(NamedTuple):
    """A text that passed the general rules, and what was put right in it."""

    text: str
    fixes: tuple[Finding, ...]


def take_text(spec: FieldSpec, raw: Raw, *, trim: bool = True) -> Taken | Outcome:
    """Applies the rules that hold for every text field.

    Args:
        spec: The field.
        raw: Its value as it came in, any JSON type.
        trim: Whether outer spaces are dropped and reported as fixed.

    Returns:
        The text for further rules, or the outcome where it is already decided.
    """
    if raw is None or raw == "":
        return empty(spec)
    if not isinstance(raw, str):
        return Outcome(typed_text(raw), (rules.VALUE_TYPE(spec.id, f"Write {spec.label} as text in quotes."),))
    key = key_in_clear(spec, raw)
    if key:  # before the other rules, whose outcomes keep what was given
        return Outcome(None, (key,))
    if len(raw) > spec.max_length:
        return Outcome(raw, (too_long(spec, len(raw)),))
    unsafe = unsafe_character(spec.id, raw)
    if unsafe:
        return Outcome(raw, (unsafe,))
    text = raw.strip(SPACES)
    if not text:
        return empty(spec)
    if is_placeholder(text):
        message = f"Enter the value itself: {shortened(text, 30)} only stands in its place."
        return Outcome(raw, (rules.PLACEHOLDER(spec.id, message),))
    if not trim or text == raw:
        return Taken(raw, ())
    return Taken(text, (rules.OUTER_SPACE(spec.id, f"Spaces around {spec.label} were dropped."),))


def empty(spec: FieldSpec) -> Outcome:
    """The outcome of a field that holds nothing."""
    if not spec.mandatory:
        return Outcome(None)
    example = f", for example {spec.example}" if spec.example else ""
    return Outcome(None, (rules.REQUIRED(spec.id, f"Enter {spec.label}{example}."),))


def too_long(spec: FieldSpec, length: int) -> Finding:
    """The finding for a text of more characters than the field takes."""
    over = length - spec.max_length
    message = f"Shorten {spec.label} by {over:,} to at most {spec.max_length:,} characters."
    return rules.TOO_LONG(spec.id, message)


def unsafe_character(field_id: str, text: str, rule: Rule = rules.UNSAFE_CHARACTER) -> Finding | None:
    """The finding for the first character that must not be stored; names its code point and place."""
    if is_safe(text):
        return None
    place, character = next((place, character) for place, character in enumerate(text, 1) if is_unsafe(character))
    names = {"\t": "U+0009 TAB", "\n": "U+000A LINE FEED", "\r": "U+000D CARRIAGE RETURN", "\x00": "U+0000 NULL"}
    named = names.get(character) or code_point(character)
    return rule(field_id, f"Remove {named} at character {place}: it cannot be shown or would break a line.")


def key_in_clear(spec: FieldSpec, text: str) -> Finding | None:
    """The finding for a text that holds a SendGrid key (`SG.` and two parts), though the field is not secret."""
    if not _SENDGRID_KEY.search(text):
        return None
    message = f"Put the SendGrid key into App Key or App Password: {spec.label} is stored and shown in the clear."
    return rules.SECRET_IN_CLEAR(spec.id, message)


def without_keys(text: str) -> str:
    """The text with [REDACTED] in place of every SendGrid key, for where it is kept or shown though refused."""
    return _SENDGRID_KEY.sub("[REDACTED]", text)


def is_placeholder(text: str) -> bool:
    """Whether a text is what some program shows in place of a secret, such as [REDACTED]."""
    return len(text) < 60 and _PLACEHOLDER.fullmatch(text) is not None


def typed_text(raw: Raw) -> Value:
    """What a refused value is kept as: text as it is, simple JSON types as JSON writes them, None for the rest."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int) and -LARGEST_SHOWN < raw < LARGEST_SHOWN:
        return str(raw)
    if isinstance(raw, float) and math.isfinite(raw):
        return repr(raw)
    return None


def check_option(spec: FieldSpec, raw: Raw) -> Outcome:
    """The verdict on a value of an option set."""
    taken = take_text(spec, raw)
    if isinstance(taken, Outcome):
        return taken
    option = taken.text.casefold()
    if option not in spec.options:
        message = f"Choose {' or '.join(spec.options)} instead of {shortened(taken.text, 30)}."
        return Outcome(raw, (rules.OPTION_UNKNOWN(spec.id, message),))
    if option == taken.text:
        return Outcome(option, taken.fixes)
    return Outcome(option, (*taken.fixes, rules.OPTION_CASE(spec.id, f"{spec.label} is written {option}.")))


_SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def check_bool(spec: FieldSpec, raw: Raw) -> Outcome:
    """The verdict on a switch: true or false, or the words on, off, true, false, yes, no in any case."""
    if isinstance(raw, bool):
        return Outcome(raw)
    if raw is None or (isinstance(raw, str) and not raw.strip(SPACES)):
        message = f"Choose on or off for {spec.label}: nothing is not taken for off."
        return Outcome(None, (rules.REQUIRED(spec.id, message),))
    taken = take_text(spec, raw)
    if isinstance(taken, Outcome):
        if isinstance(raw, str):
            return taken
        return Outcome(taken.value, (rules.VALUE_TYPE(spec.id, f"Write true or false for {spec.label}."),))
    switch = _SWITCH.get(taken.text.casefold())
    if switch is None:
        message = f"Write on or off for {spec.label} instead of {shortened(taken.text, 30)}."
        return Outcome(raw, (rules.BOOL_FORMAT(spec.id, message),))
    return Outcome(switch, taken.fixes)


def check_plain(spec: FieldSpec, raw: Raw) -> Outcome:
    """The verdict on a text that a person reads: Name, Provider Name, From Display Name."""
    taken = take_text(spec, raw)
    if isinstance(taken, Outcome):
        return taken
    deceptive = deceptive_scripts(taken.text)
    if not deceptive:
        return Outcome(taken.text, taken.fixes)
    message = f"Check the spelling of {spec.label}: {deceptive}."
    return Outcome(taken.text, (rules.MIXED_SCRIPTS(spec.id, message), *taken.fixes))


def check_user(spec: FieldSpec, raw: Raw) -> Outcome:
    """The verdict on App user; an outer space may belong to it, so it is kept and warned of."""
    taken = take_text(spec, raw, trim=False)
    if isinstance(taken, Outcome):
        return taken
    if taken.text == taken.text.strip(SPACES):
        return Outcome(taken.text)
    message = "Delete the space before or after App user, unless the provider really gave it so."
    return Outcome(taken.text, (rules.USER_SPACE(spec.id, message),))


LONGEST_CACHED: Final = 4096
"""Longer texts are checked anew each time, so that the caches stay small."""


def cached(check: Callable[[FieldSpec, Raw], Outcome]) -> Callable[[FieldSpec, Raw], Outcome]:
    """Remembers the outcomes of a check that depends on field and value only.

    Called on every key press, a check of the whole record then judges one field anew. `typed` keeps 1, 1.0 and True
    apart. Never use it for secrets: they would stay in memory.
    """
    remembered = lru_cache(maxsize=256, typed=True)(check)

    def check_or_recall(spec: FieldSpec, raw: Raw) -> Outcome:
        if raw is None or isinstance(raw, (int, float)) or (isinstance(raw, str) and len(raw) <= LONGEST_CACHED):
            return remembered(spec, raw)
        return check(spec, raw)

    return check_or_recall
