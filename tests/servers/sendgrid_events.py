"""SendGrid's Event Webhook as it posts: signed over the raw bytes, CRLF behind each event, batches by time and size."""

import base64
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LARGEST_BATCH = 768 * 1024
"""Bytes after which SendGrid posts."""

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


class EventSigner:
    """Makes posts as SendGrid does, with a key of its own.

    Attributes:
        public_key: What its account page shows: base64 of the DER form, without PEM lines.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key = base64.b64encode(der).decode("ascii")

    def headers(self, body: bytes, timestamp: str | None = None) -> dict[str, str]:
        """The headers of a post.

        Args:
            body: Its raw bytes.
            timestamp: Unix seconds as text; now where none is given.
        """
        stamp = timestamp if timestamp is not None else str(int(time.time()))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "User-Agent": "SendGrid Event API",
            "Content-Type": "application/json;charset=utf-8",
            "Accept-Encoding": "gzip",
            SIGNATURE: base64.b64encode(signature).decode("ascii"),
            TIMESTAMP: stamp,
        }


def body_of(events: Sequence[dict[str, Any]]) -> bytes:
    """A post's body as it is signed: an array, keys sorted, CRLF behind each event."""
    lines = ",\r\n".join(json.dumps(event, sort_keys=True, separators=(",", ":")) for event in events)
    return f"[{lines}]\r\n".encode()


def batches(events: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """Bodies of at most `LARGEST_BATCH` bytes, in order."""
    waiting: list[dict[str, Any]] = []
    size = 0
    for event in events:
        length = len(json.dumps(event)) + 3
        if waiting and size + length > LARGEST_BATCH:
            yield body_of(waiting)
            waiting, size = [], 0
        waiting.append(event)
        size += length
    if waiting:
        yield body_of(waiting)


def event(name: str, ours: str, **fields: Any) -> dict[str, Any]:
    """One event about a message of ours.

    Args:
        name: SendGrid's name of it: processed, delivered, bounce, open …
        ours: Our id of the message, which came back as a custom argument.
        **fields: What else it says; a field given as None is left out.
    """
    given = {
        "email": "ana@example.org",
        "event": name,
        "timestamp": int(time.time()),
        "sg_event_id": base64.urlsafe_b64encode(f"{name}-{ours}".encode()).decode().rstrip("="),
        "sg_message_id": f"{ours[:22]}.recvd-abc-1-2",
        "smtp-id": f"<{ours}@bank.example.com>",
        "ftos_msg": ours,
        "ftos_env": "local",
        "ftos_try": "1",
        **fields,
    }
    return {key: value for key, value in given.items() if value is not None}
