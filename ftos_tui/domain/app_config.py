"""appConfig: the keys this program knows, and which of them say where the secrets go.

The vendor publishes no keys; these are ours. A key of any name that speaks of a host, a port, TLS, a proxy, a URL or a
user takes part in the destination, however deep it stands: rather one key too many than a secret sent astray.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

DEEPEST: Final = 64
"""How many levels appConfig may nest; far from where Python's own parser gives up."""


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One known key of appConfig.

    Attributes:
        name: As written in the object, in any case.
        description: What it does.
    """

    name: str
    description: str

    @property
    def destination(self) -> bool:
        """Whether it takes part in where the secrets go."""
        return is_destination_key(self.name)


_KEYS: Final = (
    ConfigKey("host", "Connects to this host instead of the one of Service Url."),
    ConfigKey("port", "Connects to this port instead of the one of Service Url."),
    ConfigKey("tls", "TLS mode: implicit, starttls or none."),
    ConfigKey(
        "verify", "Whether the server's certificate is verified: it always is, and false is refused when sending."
    ),
    ConfigKey("ca_file", "A file of certificate authorities to trust instead of the system's."),
    ConfigKey("proxy", "A proxy to connect through, as a URL."),
    ConfigKey("url", "The full URL to post to, instead of Service Url."),
    ConfigKey("base_url", "What Service Url stands for in a vendor's own file."),
    ConfigKey("endpoint", "The path or URL of the sending call."),
    ConfigKey("region", "Where the provider keeps data, for example eu; it picks the host."),
    ConfigKey("user", "The user to log in with, instead of App user."),
    ConfigKey("method", "The HTTP method of a template: POST or PUT."),
    ConfigKey("headers", "HTTP headers of a template, an object of texts."),
    ConfigKey("key_header", "The header that carries App Key; Ocp-Apim-Subscription-Key where none is named."),
    ConfigKey("body", "The JSON body of a template, an object with placeholders such as {to} and {text}."),
    ConfigKey("answers", "What the statuses of an HTTP template's answers mean."),
    ConfigKey("timeout", "Seconds to wait for an answer."),
    ConfigKey("max_connections", "How many connections the provider takes at once."),
    ConfigKey("sandbox", "true lets the provider check messages without sending them."),
    ConfigKey("categories", "Categories of SendGrid, a list of texts."),
    ConfigKey("reply_to", "The address that answers go to."),
    ConfigKey("template_id", "The provider's own template."),
    ConfigKey("ip_pool_name", "SendGrid's pool of sending addresses."),
    ConfigKey("sender_id", "The sender that an SMS shows."),
    ConfigKey("event_public_key", "The key that SendGrid's Event Webhook signs with, a text; several in a list."),
    ConfigKey("encoding", "The encoding of an SMS: gsm7 or ucs2."),
)

KNOWN_KEYS: Final[dict[str, ConfigKey]] = {key.name: key for key in _KEYS}
"""The keys that the top level of appConfig may have without a warning, by name."""

_PART = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# fmt: off
_WORDS: Final = frozenset({
    "host", "hostname", "hosts", "server", "servers", "port", "ports", "tls", "ssl", "starttls", "proxy", "url",
    "uri", "urls", "endpoint", "endpoints", "user", "username", "login", "address", "addr", "ip", "dns",
    "resolver", "relay", "gateway", "domain", "region", "ca", "cafile", "cacert", "cert", "certificate",
    "fingerprint", "trust", "insecure", "socket", "socks", "tunnel", "scheme", "protocol", "redirect",
    "redirects", "smtp"
})
# fmt: on
_WITHIN: Final = ("host", "url", "proxy", "endpoint", "server", "tls", "ssl", "verif", "certif", "insecure", "username")
_NOT: Final = frozenset({"ippoolname"})
_SECRET: Final = re.compile(
    r"(^|_)(password|passwd|pwd|secret|token|apikey|api_key|app_key|access_key|private_key|authorization|credentials?)($|_)"
)


@lru_cache(1024)
def is_destination_key(name: str) -> bool:
    """Whether a key says where, how or as whom to connect, in whatever case and spelling (`baseUrl`, `SMTP-Host`)."""
    snake = _snake(name)
    joined = snake.replace("_", "")
    if joined in _NOT:
        return False
    return not _WORDS.isdisjoint(snake.split("_")) or joined in _WORDS or any(part in joined for part in _WITHIN)


@lru_cache(1024)
def is_secret_key(name: str) -> bool:
    """Whether a key names a secret, which has no place in appConfig."""
    return bool(_SECRET.search(_snake(name)))


def known_key(name: str) -> ConfigKey | None:
    """The known key of this name, in whatever case and spelling; None where there is none."""
    return KNOWN_KEYS.get(_snake(name))


def top_level(text: str) -> dict[str, Any]:
    """The top level of an appConfig, known keys by their canonical name; empty where it is no object.

    Args:
        text: JSON, in canonical form or not.
    """
    try:
        config = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(config, dict):
        return {}
    return {(known.name if (known := known_key(key)) else key): value for key, value in config.items()}


def canonical_json(value: Any) -> str:
    """The one way this program writes JSON: keys sorted, so that another order is no difference."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(", ", ": "))


def entries(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The path and value of every key and every item of a list, however deep.

    Args:
        value: A JSON value that nests at most `DEEPEST` levels.
        path: Where it stands; the caller leaves it out.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), inner
            yield from entries(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield (*path, str(place)), inner
            yield from entries(inner, (*path, str(place)))


def destination_entries(text: str) -> list[list[Any]]:
    """The part of appConfig that says where the secrets go: paths and values, sorted.

    Args:
        text: appConfig in canonical form.

    Returns:
        `[path, value]` for the outermost key of each that takes part; empty where none does.

    Raises:
        ValueError: The text is not JSON (what a check accepted always is).
    """
    found: dict[tuple[str, ...], Any] = {}
    for path, value in entries(json.loads(text)):
        if is_destination_key(path[-1]) and not any(path[:length] in found for length in range(1, len(path))):
            found[path] = value
    return [[list(path), found[path]] for path in sorted(found)]


def _snake(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return _PART.sub("_", _CAMEL.sub("_", plain).lower()).strip("_")
