"""The HTTP template in appConfig: what is posted to a gateway that takes JSON, and what its answers mean.

```json
{"method": "POST",
 "headers": {"Accept": "application/json"},
 "key_header": "Ocp-Apim-Subscription-Key",
 "body": {"to": "{to}", "text": "{text}", "from": "{sender_id}"},
 "answers": {"accepted": ["2xx"], "throttled": [429], "temporary": [408, "5xx"], "permanent": ["4xx"],
             "id": "messages.0.id", "error": "error.message"}}
```

A placeholder stands inside a JSON text and is replaced inside it: what a message holds can never become structure.
Secrets (`{app_password}`, `{app_key}`) are filled in only when the message is sent, never where it is stored.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ftos_tui.domain.app_config import entries
from ftos_tui.domain.visible import shortened

DEFAULT_KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
"""The header of Azure API Management, behind which the vendor's services stand; inferred for this service."""

METHODS: Final = ("POST", "PUT")
MESSAGE_PLACEHOLDERS: Final = frozenset(
    {"to", "subject", "text", "html", "from", "from_name", "message_id", "id", "sender_id", "app_user"}
)
SECRET_PLACEHOLDERS: Final = frozenset({"app_password", "app_key", "basic_auth"})
"""Filled in when a message is sent; `basic_auth` is App user and App Password as HTTP Basic has them (RFC 7617)."""

PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
"""`{name}`; `{params.name}` is a value of the message's Channel Provider Params."""

MEANINGS: Final = ("accepted", "throttled", "temporary", "permanent")
_STATUS_CLASS: Final = re.compile("[1-5]xx")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
_PATH: Final = re.compile(r"[^\s.]{1,60}(\.[^\s.]{1,60}){0,9}")
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type", "expect"})
"""Headers that follow from the request itself."""


_DEFAULT_MEANINGS: Final[Mapping[str, str]] = {
    "2xx": "accepted",
    "429": "throttled",
    "408": "temporary",
    "5xx": "temporary",
    "400": "permanent",
    "413": "permanent",
    "422": "permanent",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the statuses of an answer mean; a number goes before its class, appConfig before what is usual.

    Attributes:
        given: The meanings that appConfig has, by status (`200`) or class (`2xx`).
        id_path: Where an answer has the gateway's id of the message, keys and places parted by dots; empty for none.
        error_path: Where it has the reason of a refusal; empty for none.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    id_path: str = ""
    error_path: str = ""

    def says(self, status: int) -> bool:
        """Whether appConfig itself has a meaning for a status."""
        return str(status) in self.given or f"{status // 100}xx" in self.given

    def meaning(self, status: int) -> str:
        """`accepted`, `throttled`, `temporary` or `permanent`; empty for a status nobody gave a meaning."""
        for meanings in (self.given, _DEFAULT_MEANINGS):
            for written in (str(status), f"{status // 100}xx"):
                if written in meanings:
                    return meanings[written]
        return ""


@dataclass(frozen=True, slots=True)
class HttpTemplate:
    """A template that passed its checks.

    Attributes:
        method: POST or PUT.
        headers: Header names and values; values may hold placeholders of user and secrets.
        key_header: The header that carries App Key; empty for none.
        body: A JSON value with placeholders in its texts.
        answers: What answers mean.
    """

    body: Any
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    key_header: str = DEFAULT_KEY_HEADER
    answers: Answers = field(default_factory=Answers)


def template_faults(config: Mapping[str, Any]) -> Iterator[str]:
    """Everything wrong with the template in an appConfig, a sentence each.

    Args:
        config: The top level of appConfig, known keys by their canonical name.
    """
    method = config.get("method", "POST")
    if not isinstance(method, str) or method.upper() not in METHODS:
        yield "Write POST or PUT for method in appConfig: a message travels in the body."
    yield from _header_faults(config.get("headers", {}), config.get("key_header", DEFAULT_KEY_HEADER))
    if "body" in config:
        yield from _body_faults(config["body"])
    yield from _answer_faults(config.get("answers", {}))


def template_of(config: Mapping[str, Any]) -> HttpTemplate:
    """The template in an appConfig.

    Raises:
        ValueError: There is none, or it has faults; the text is the first of them.
    """
    if "body" not in config:
        raise ValueError("Add a body to appConfig: it says what is posted to the gateway for each message.")
    for fault in template_faults(config):
        raise ValueError(fault)
    given = config.get("answers", {})
    meanings = {str(status).lower(): name for name in MEANINGS for status in given.get(name, ())}
    return HttpTemplate(
        body=config["body"],
        method=str(config.get("method", "POST")).upper(),
        headers=dict(config.get("headers", {})),
        key_header=config.get("key_header", "" if _places_key(config) else DEFAULT_KEY_HEADER),
        answers=Answers(meanings, given.get("id", ""), given.get("error", "")),
    )


def template_secrets(config: Mapping[str, Any]) -> frozenset[str]:
    """The ids of the secrets that the template in an appConfig sends along; none where it is not whole."""
    try:
        template = template_of(config)
    except ValueError:
        return frozenset()
    texts = (value for part in (template.headers, template.body) for _, value in entries(part))
    named = {name for text in texts if isinstance(text, str) for name in PLACEHOLDER.findall(text)}
    named |= {"app_key"} if template.key_header else set()
    return frozenset("app_password" if name == "basic_auth" else name for name in named & SECRET_PLACEHOLDERS)


def _places_key(config: Mapping[str, Any]) -> bool:
    """Whether a header or the body has App Key in a place of its own: then it stands in no other without being told."""
    texts = (value for part in ("headers", "body") for _, value in entries(config.get(part)))
    return any(isinstance(text, str) and "{app_key}" in text for text in texts)


def value_at(document: Any, path: str) -> str:
    """The text or number at a path in a JSON document; empty where there is none."""
    if not path:
        return ""
    for part in path.split("."):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isascii() and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return ""
    return str(document) if isinstance(document, str | int | float) and not isinstance(document, bool) else ""


def _header_faults(headers: Any, key_header: Any) -> Iterator[str]:
    if not isinstance(key_header, str) or (key_header and not _HEADER_NAME.fullmatch(key_header)):
        yield 'Write the name of a header for key_header in appConfig, or "" to send App Key in none.'
    if not isinstance(headers, dict):
        yield "Write an object of texts for headers in appConfig."
        return
    for name, value in headers.items():
        shown = shortened(name, 40)
        if not _HEADER_NAME.fullmatch(name):
            yield f"Correct the header {shown} in appConfig: it is no name of a header."
        elif name.lower() in _OURS:
            yield f"Remove the header {shown} from appConfig: it follows from the request itself."
        elif not isinstance(value, str) or not value.isascii() or not (value.isprintable() or not value):
            yield f"Write a text of ASCII characters for the header {shown} in appConfig."
        else:
            allowed = SECRET_PLACEHOLDERS | {"app_user"}
            yield from _unknown_placeholders(value, allowed, f"the header {shown}", params=False)


def _body_faults(body: Any) -> Iterator[str]:
    if not isinstance(body, dict | list) or not body:
        yield "Write an object for body in appConfig: what is posted, as JSON, for each message."
        return
    known = MESSAGE_PLACEHOLDERS | SECRET_PLACEHOLDERS
    texts = [value for _, value in entries(body) if isinstance(value, str)]
    for text in texts:
        yield from _unknown_placeholders(text, known, "body", params=True)
    used = {name for text in texts for name in PLACEHOLDER.findall(text)}
    if "to" not in used:
        yield "Put {to} into body in appConfig: without it the gateway does not learn whom a message is for."
    if not used & {"text", "html", "subject"} and not any(name.startswith("params.") for name in used):
        yield "Put {text} into body in appConfig: without it every message is empty."


def _unknown_placeholders(text: str, known: frozenset[str], where: str, *, params: bool) -> Iterator[str]:
    for name in PLACEHOLDER.findall(text):
        if name not in known and not (params and name.startswith("params.") and len(name) > len("params.")):
            names = ", ".join(sorted(known))
            yield f"Correct {{{shortened(name, 40)}}} in {where} of appConfig: known are {names}."


def _answer_faults(answers: Any) -> Iterator[str]:
    if not isinstance(answers, dict):
        yield "Write an object for answers in appConfig: what the gateway's statuses mean."
        return
    for name, given in answers.items():
        if name in ("id", "error"):
            if not isinstance(given, str) or (given and not _PATH.fullmatch(given)):
                yield f"Write keys parted by dots for {name} in answers of appConfig, for example messages.0.id."
        elif name not in MEANINGS:
            known = ", ".join((*MEANINGS, "id", "error"))
            yield f"Correct {shortened(name, 40)} in answers of appConfig: known are {known}."
        elif not isinstance(given, list) or not given or not all(map(_is_status, given)):
            yield f'Write a list of statuses such as 200 or "2xx" for {name} in answers of appConfig.'
    yield from _ambiguous(answers)


def _ambiguous(answers: Mapping[str, Any]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in MEANINGS:
        given = answers.get(name)
        for status in given if isinstance(given, list) else ():
            written = str(status).lower()
            if seen.setdefault(written, name) != name:
                both = f"{seen[written]} and {name}"
                yield f"Give {shortened(written, 20)} one meaning in answers of appConfig: it has {both}."


def _is_status(status: Any) -> bool:
    if isinstance(status, str):
        return bool(
            _STATUS_CLASS.fullmatch(status.lower()) or (status.isascii() and re.fullmatch("[1-5][0-9]{2}", status))
        )
    return isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599
