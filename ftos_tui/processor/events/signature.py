"""The signature of a post: ECDSA with P-256 and SHA-256 over the timestamp's text and the raw body."""

import base64
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"

AHEAD_S: Final = 300.0
"""By how many seconds the provider's clock may be ahead of ours."""

_STAMP: Final = re.compile("[0-9]{1,12}")
_ALGORITHM: Final = ec.ECDSA(Prehashed(hashes.SHA256()))


def signing_key(keys: Iterable[str], signature: str, timestamp: str, body: bytes) -> str | None:
    """Which of several public keys a signature was made with.

    Args:
        keys: As `event_keys.key_in` gives them.
        signature: Base64 of its DER form.
        timestamp: The timestamp, as the header has it.
        body: The raw bytes of the body.

    Returns:
        The key; None where the signature is no base64, or of none of them.
    """
    try:
        der = base64.b64decode(signature.encode("ascii"), validate=True)
        hashed = hashes.Hash(hashes.SHA256())
        hashed.update(timestamp.encode("ascii"))
    except ValueError:
        return None
    hashed.update(body)
    digest = hashed.finalize()
    return next((key for key in keys if _verifies(key, der, digest)), None)


def is_fresh(timestamp: str, now_s: float, oldest_s: float) -> bool:
    """Whether a post may be that old.

    The vendor has no rule for it, and whether a repeated post is signed anew is not known: what comes twice is found by
    its content, so this only bounds how far back.

    Args:
        timestamp: Unix seconds as text, as the header has it.
        now_s: The time, Unix seconds.
        oldest_s: The age up to which it is taken, seconds.
    """
    if not _STAMP.fullmatch(timestamp):
        return False
    return now_s - oldest_s <= int(timestamp) <= now_s + AHEAD_S


def _verifies(key: str, der: bytes, digest: bytes) -> bool:
    try:
        _loaded(key).verify(der, digest, _ALGORITHM)
    except (InvalidSignature, ValueError):  # a point that is not on the curve
        return False
    return True


@lru_cache(64)
def _loaded(key: str) -> ec.EllipticCurvePublicKey:
    loaded = load_der_public_key(base64.b64decode(key))
    if not isinstance(loaded, ec.EllipticCurvePublicKey):
        raise ValueError("no elliptic curve key")
    return loaded
