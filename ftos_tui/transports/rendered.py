"""A message in the form in which it goes over the wire, made once, when it is queued."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from ftos_tui.domain.record import Values
from ftos_tui.domain.route import TransportKind, route_of

_FORM: Final = "1"
"""Of the rendering itself; another form of the bytes gets another number, so that waiting messages are made anew."""

_SHAPING: Final = (
    "provider_name",
    "communication_channel",
    "app_user",
    "app_config",
    "from_address",
    "from_display_name",
    "open_setting",
    "click_setting",
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready for the wire.

    Attributes:
        kind: The way out it was made for.
        key: `rendering_key` of the provider's version it was made from; when that differs, it is made anew.
        sender: The envelope sender; empty for HTTP.
        recipient: The envelope recipient.
        message_id: The Message-ID with its angle brackets, the same on every try.
        smtputf8: Whether an address needs a server that takes international addresses.
        payload: The bytes: a MIME message, the SendGrid body but for its end, or the parts of a filled template.
    """

    kind: TransportKind
    key: str
    sender: str
    recipient: str
    message_id: str
    smtputf8: bool
    payload: bytes

    def envelope(self) -> str:
        """All but the payload, as text to be stored beside it."""
        return json.dumps(
            [self.kind, self.key, self.sender, self.recipient, self.message_id, self.smtputf8], ensure_ascii=False
        )

    @classmethod
    def from_stored(cls, envelope: str, payload: bytes) -> "Rendered":
        """What was stored, again.

        Raises:
            ValueError: The text is not what `envelope` wrote.
        """
        kind, key, sender, recipient, message_id, smtputf8 = json.loads(envelope)
        return cls(TransportKind(kind), key, sender, recipient, message_id, smtputf8, payload)


def rendering_key(values: Values) -> str:
    """A short name of everything of a provider that shapes its rendered messages.

    Args:
        values: Canonical plain values.

    Raises:
        NoRoute: The record leads nowhere.
    """
    shaping = [_FORM, route_of(values).kind, *(values.get(field_id) for field_id in _SHAPING)]
    return hashlib.blake2b(json.dumps(shaping).encode(), digest_size=12).hexdigest()
