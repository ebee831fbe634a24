"""Rules for appConfig: one JSON object, strict where Python's parser is lenient, bounded before it is parsed."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ftos_tui.domain.app_config import (
    DEEPEST,
    KNOWN_KEYS,
    canonical_json,
    entries,
    is_destination_key,
    is_secret_key,
    known_key,
)
from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.hosts import is_allowed, judge_host
from ftos_tui.domain.checks.rules import Outcome
from ftos_tui.domain.checks.text import (
    empty,
    is_placeholder,
    key_in_clear,
    too_long,
    typed_text,
    unsafe_character,
    without_keys,
)
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.visible import shortened

_FIELD: Final = "app_config"
_SPEC: Final = FIELD_BY_ID[_FIELD]
_LONGEST_NUMBER: Final = 300
"""Digits of a number; Python refuses to write whole ones of more than 4,300."""

_STRING = r'"(?:[^"\\]|\\.)*(?:"|$)'
_BRACKETS = re.compile(rf"{_STRING}|[\[{{]|[\]}}]", re.DOTALL)
_NOT_NUMBERS = re.compile(rf"{_STRING}|(-?Infinity|NaN)", re.DOTALL)
_HOST_IN_TEXT = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]*://)?(?:[^/@?#]*@)?(\[[^\]]*\]|[^:/?#]+)(?::[0-9]*)?(?:[/?#].*)?", re.DOTALL
)
_BARE_IPV6 = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%.*)?")
_SMALL_NUMBER = re.compile(r"[0-9]{1,5}")
_PASSWORD_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#@:]*:[^/?#@]+@")
_NAMES_HOST = re.compile("host|url|uri|proxy|endpoint|server|relay|gateway|addr|resolver", re.IGNORECASE)


class _Refused(Exception):
    """The text cannot be taken; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def check_app_config(raw: Raw) -> Outcome:
    """The verdict on appConfig, typed as JSON text or brought by a file as an object.

    Returns:
        Canonical JSON text, so that the same content in another order is the same value.
    """
    if raw is None or raw == "":
        return empty(_SPEC)
    try:
        fixes: tuple[Finding, ...] = ()
        if isinstance(raw, str):
            text = raw.removeprefix("\ufeff")
            if text is not raw and text != raw:
                fixes = (rules.CONFIG_BOM(_FIELD, "The byte order mark before the JSON text was dropped."),)
            if not text.strip(" \t\r\n\u00a0"):
                return empty(_SPEC)
            value = _parse(text)
        else:
            value = raw
        _examine(value)
        canonical = canonical_json(value)
    except _Refused as refused:
        holds_key = refused.finding.code == rules.SECRET_IN_CLEAR.code
        # What does not parse may hold a key, too.
        holds_key = holds_key or (isinstance(raw, str) and key_in_clear(_SPEC, raw) is not None)
        return Outcome(None if holds_key else typed_text(raw), (refused.finding,))
    if len(canonical) > _SPEC.max_length:
        return Outcome(typed_text(raw), (too_long(_SPEC, len(canonical)),))
    return Outcome(canonical, (*_warnings(json.loads(canonical)), *fixes))


def check_config_hosts(canonical: str, allowed_hosts: frozenset[str]) -> Iterator[Finding]:
    """Refuses hosts in appConfig that Service Url could not name either: else a key there would lead around its rules.

    Args:
        canonical: appConfig as `check_app_config` gave it.
        allowed_hosts: The hosts the environment names; empty for any.
    """
    for path, value in entries(json.loads(canonical)):
        if not isinstance(value, str) or not any(map(_names_host, path)):
            continue
        if value.startswith("/") and not value.startswith("//"):
            continue  # a path on the host of Service Url
        # Beside the host there may stand a user or a port: only what is plainly a host has to be allowed.
        plainly = _names_host(_key_of(path)) or "://" in value
        if not plainly and _SMALL_NUMBER.fullmatch(value):
            continue
        named = _host_in(value)
        host = judge_host(named)
        disguised = named.startswith("[") and not host.name
        blocked = any(remark.rule in (rules.URL_HOST_BLOCKED, rules.URL_HOST_NUMBER) for remark in host.remarks)
        if disguised or blocked or (plainly and not is_allowed(host, allowed_hosts)):
            where = shortened(".".join(path), 40)
            shown = shortened(named, 60) or "what stands there"
            message = f"Name another host in {where}: {shown} may not be reached from this environment."
            yield rules.CONFIG_HOST(_FIELD, message)


def _names_host(key: str) -> bool:
    return bool(_NAMES_HOST.search(key)) and is_destination_key(key)


def _key_of(path: tuple[str, ...]) -> str:
    """The key that a value stands under; for an item of a list, the key of the list."""
    return next((part for part in reversed(path) if not part.isdecimal()), path[-1])


def _host_in(value: str) -> str:
    """The host that a text names, bare, with a port or in a URL; IPv6 in brackets; empty where there is none."""
    text = value.strip().replace("\\", "/").lstrip("/")
    if _BARE_IPV6.fullmatch(text):
        return f"[{text}]"
    match = _HOST_IN_TEXT.fullmatch(text)
    return match[1] if match else ""


def _refuse(rule: rules.Rule, message: str) -> _Refused:
    return _Refused(rule(_FIELD, message))


def _parse(text: str) -> Any:
    if len(text) > _SPEC.max_length:
        raise _Refused(too_long(_SPEC, len(text)))
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += 1 if match[0] in "[{" else -1 if match[0] in "]}" else 0
        if depth > DEEPEST:
            raise _too_deep()
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda _: _not_a_number(text),
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        message = f"Correct line {error.lineno}, column {error.colno}: {_reason(error, text)}."
        raise _refuse(rules.CONFIG_JSON, message) from None


def _reason(error: json.JSONDecodeError, text: str) -> str:
    at = text[error.pos : error.pos + 1]
    before = text[: error.pos].rstrip()[-1:]
    if at == "'":
        return 'JSON takes double quotes (") only'
    if at in ("#", "/"):
        return "JSON has no comments"
    if before == "," and at in ("}", "]"):
        return "no comma before a closing bracket"
    if error.pos == 0 or not text[: error.pos].strip():
        return "JSON begins with { here"
    if error.msg.startswith("Invalid control character"):
        return "no line break, tab or other control character may stand inside quotes"
    if error.msg == "Extra data":
        return "nothing may follow the closing bracket"
    return error.msg[:1].lower() + error.msg[1:].removesuffix(" at")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, inner in pairs:
        if key in value:
            message = (
                f"Delete one of the two keys {shortened(without_keys(key), 40)}: each may stand once in an object."
            )
            raise _refuse(rules.CONFIG_DUPLICATE, message)
        value[key] = inner
    return value


def _not_a_number(text: str) -> Any:
    place = next((match.start(1) for match in _NOT_NUMBERS.finditer(text) if match[1]), 0)
    line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    raise _refuse(rules.CONFIG_NUMBER, f"Correct line {line}, column {column}: JSON has no NaN and no Infinity.")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _refuse(rules.CONFIG_NUMBER, f"Write a smaller number than {shortened(digits, 20)}.")
    return value


def _int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise _refuse(rules.CONFIG_NUMBER, f"Write a smaller number than {shortened(digits, 20)}.")
    return int(digits)


def _too_deep() -> _Refused:
    return _refuse(rules.CONFIG_DEPTH, f"Nest appConfig at most {DEEPEST} levels deep.")


def _examine(value: Any) -> None:
    """Walks the value without recursion: a file may nest deeper than Python's stack.

    Raises:
        _Refused: It is no object, or holds what JSON or this field cannot.
    """
    if not isinstance(value, dict):
        raise _refuse(rules.CONFIG_OBJECT, "Write an object in braces, {} when the provider needs no configuration.")
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, (dict, list)):
            if depth > DEEPEST:
                raise _too_deep()
            if isinstance(item, dict):
                for key in item:
                    _examine_text(key)
            waiting += ((inner, depth + 1) for inner in (item.values() if isinstance(item, dict) else item))
        else:
            _examine_scalar(item)


def _examine_scalar(item: Any) -> None:
    if isinstance(item, str):
        _examine_text(item)
    elif isinstance(item, float):
        if not math.isfinite(item):
            raise _refuse(rules.CONFIG_NUMBER, "Remove NaN and Infinity: JSON has neither.")
    elif isinstance(item, int):
        if item.bit_length() > _LONGEST_NUMBER * 3:
            raise _refuse(rules.CONFIG_NUMBER, "Write smaller whole numbers.")
    elif item is not None:
        raise _refuse(rules.VALUE_TYPE, "Use only texts, numbers, true, false, null, lists and objects.")


def _examine_text(text: Any) -> None:
    if not isinstance(text, str):
        raise _refuse(rules.VALUE_TYPE, "Write the keys of appConfig as texts.")
    if unsafe := unsafe_character(_FIELD, text):
        raise _refuse(rules.UNSAFE_CHARACTER, f"{unsafe.message.rstrip('.')} (in the text {shortened(text, 30)}).")
    if key := key_in_clear(_SPEC, text):
        raise _Refused(key)
    if is_placeholder(text.strip()):
        message = f"Enter the value itself: {shortened(text, 30)} only stands in its place."
        raise _refuse(rules.PLACEHOLDER, message)


def _warnings(value: Mapping[str, Any]) -> Iterator[Finding]:
    unknown = [key for key in value if known_key(key) is None]
    if unknown:
        shown = ", ".join(shortened(key, 30) or '""' for key in unknown[:3]) + (", …" if len(unknown) > 3 else "")
        message = f"Check the spelling of {shown}: this program knows no such key{_nearest(unknown[0])}."
        yield rules.CONFIG_UNKNOWN_KEY(_FIELD, message)
    for path, inner in entries(value):
        if not isinstance(inner, str) or "{" in inner:
            continue  # a template takes the secret in when a message is sent
        if (is_secret_key(path[-1]) and inner) or _PASSWORD_IN_URL.match(inner):
            where = shortened(".".join(path), 40)
            message = f"Put the value of {where} into App Password or App Key: appConfig is stored in the clear."
            yield rules.CONFIG_SECRET(_FIELD, message)
            return


def _nearest(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key[:40].lower(), KNOWN_KEYS, 1)
    return f", perhaps {near[0]}" if near else ""
