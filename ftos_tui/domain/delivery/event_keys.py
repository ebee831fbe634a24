"""The public keys that a provider signs its events with, as appConfig holds them.

SendGrid shows its key as base64 of the DER form of a P-256 SubjectPublicKeyInfo (RFC 5480), without PEM lines. Several
may stand in a list while one is exchanged for another.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

EVENT_KEY: Final = "event_public_key"
MOST_KEYS: Final = 5

_P256: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""What every such key begins with: the algorithm, the curve, and that the point is not compressed."""

_LENGTH: Final = len(_P256) + 64
_PEM: Final = re.compile(r"-----(BEGIN|END) PUBLIC KEY-----")


def key_in(text: str) -> str:
    """The key in a text, PEM lines and spaces left out.

    Raises:
        ValueError: The text is no P-256 public key.
    """
    bare = "".join(_PEM.sub("", text).split())
    der = base64.b64decode(bare.encode("ascii", "strict"), validate=True)
    if len(der) != _LENGTH or not der.startswith(_P256):
        raise ValueError("no P-256 public key")
    return base64.b64encode(der).decode("ascii")


def event_keys(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys in an appConfig, in its order; what is none is left out.

    Args:
        config: The top level of appConfig, known keys by their canonical name.
    """
    found = []
    for text in _texts(config.get(EVENT_KEY)):
        try:
            found.append(key_in(text))
        except ValueError:
            continue
    return tuple(found)


def event_key_faults(config: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the keys in an appConfig, a sentence each."""
    if EVENT_KEY not in config:
        return
    given = config[EVENT_KEY]
    texts = list(_texts(given))
    if not texts or len(texts) > MOST_KEYS or (isinstance(given, list) and len(texts) < len(given)):
        yield f"Write one text, or a list of 1 to {MOST_KEYS} texts, for {EVENT_KEY} in appConfig."
        return
    for place, text in enumerate(texts, 1):
        try:
            key_in(text)
        except ValueError:
            which = f"Key {place} of {EVENT_KEY}" if len(texts) > 1 else EVENT_KEY
            yield f"{which} in appConfig is no P-256 public key: copy the Verification Key of the Event Webhook."


def _texts(given: Any) -> Iterator[str]:
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, str):
            yield one
