"""Makes a message ready for the wire, once, when it is queued: building it costs more than sending it."""

import base64
import json
import re
import secrets as random_names
from typing import Any, Final

from ftos_tui.domain.delivery.message import Message
from ftos_tui.domain.http_template import PLACEHOLDER, SECRET_PLACEHOLDERS, template_of
from ftos_tui.domain.record import Values
from ftos_tui.domain.route import TransportKind, config_of, route_of
from ftos_tui.transports.mime import NotRenderable, message_id, mime_bytes, one_line, own_headers, wire_address
from ftos_tui.transports.rendered import Rendered, rendering_key

__all__ = ["NotRenderable", "render", "rendering_key"]

_PARAMS: Final = "params."


def render(message: Message, values: Values) -> Rendered:
    """The message as this provider's way out takes it.

    Args:
        message: What is queued; checked before.
        values: Canonical plain values of the provider.

    Raises:
        NoRoute: The provider leads nowhere; the sentence says what to correct there.
        NotRenderable: The message, or the provider's template, cannot be put on the wire.
    """
    kind = route_of(values).kind
    if kind is TransportKind.HTTP:
        return _for_template(message, values)
    sender = _sender(values)
    recipient = wire_address(message.recipient)
    if kind is TransportKind.SMTP:
        reply_to = config_of(values).get("reply_to")
        name = str(values.get("from_display_name") or "")
        headers = own_headers(_params(message))
        payload = mime_bytes(message, sender, name, reply_to if isinstance(reply_to, str) else "", headers)
    else:
        payload = _for_sendgrid(message, values, sender, recipient)
    international = not (recipient + sender).isascii() or not all(map(str.isascii, _locals(message)))
    return Rendered(
        kind=kind,
        key=rendering_key(values),
        sender=sender,
        recipient=recipient,
        message_id=message_id(message.id, sender),
        smtputf8=kind is TransportKind.SMTP and international,
        payload=payload,
    )


def _locals(message: Message) -> list[str]:
    """The local parts of the addresses that headers name; their domains are written in ASCII."""
    return [address.rpartition("@")[0] for address in (*message.to, *message.cc)]


def _sender(values: Values) -> str:
    address = values.get("from_address")
    if not isinstance(address, str) or not address:
        raise NotRenderable("Enter a From Address: no message goes without one.")
    return wire_address(address)


def _for_sendgrid(message: Message, values: Values, sender: str, recipient: str) -> bytes:
    """The body of Mail Send but for its end, which names the try: see `sendgrid.body_of`."""
    config = config_of(values)
    name = one_line(str(values.get("from_display_name") or "")).strip()
    bodies = [("text/plain", message.text), ("text/html", message.html)]
    body: dict[str, Any] = {
        "from": {"email": sender, "name": name} if name else {"email": sender},
        "subject": one_line(message.subject),
        "content": [{"type": kind, "value": _sound(text)} for kind, text in bodies if text],
        "headers": {**own_headers(_params(message)), "Message-ID": message_id(message.id, sender)},
        "tracking_settings": {
            "click_tracking": {"enable": values.get("click_setting") is True, "enable_text": False},
            "open_tracking": {"enable": values.get("open_setting") is True},
        },
    }
    if message.attachments:
        body["attachments"] = [
            {
                "content": base64.b64encode(attachment.content).decode("ascii"),
                "filename": one_line(attachment.name),
                "type": attachment.content_type,
                "disposition": "attachment",
            }
            for attachment in message.attachments
        ]
    body |= _account_settings(config)
    personal: dict[str, Any] = {"to": [{"email": recipient}]}
    params = _params(message)
    if isinstance(params.get("dynamic_template_data"), dict):
        personal["dynamic_template_data"] = params["dynamic_template_data"]
    head = {**body, "personalizations": [{**personal, "custom_args": {"ftos_msg": message.id}}]}
    if not head["content"]:
        del head["content"]
    return _json(head).removesuffix(b"}}]}")


def _account_settings(config: dict[str, Any]) -> dict[str, Any]:
    """What appConfig says to SendGrid beyond the record."""
    given: dict[str, Any] = {}
    if isinstance(reply_to := config.get("reply_to"), str) and reply_to:
        given["reply_to"] = {"email": wire_address(reply_to)}
    if isinstance(categories := config.get("categories"), list) and categories:
        given["categories"] = list(dict.fromkeys(str(category)[:255] for category in categories))[:10]
    for key in ("template_id", "ip_pool_name"):
        if isinstance(text := config.get(key), str) and text:
            given[key] = text
    if config.get("sandbox") is True:
        given["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return given


def _for_template(message: Message, values: Values) -> Rendered:
    """The filled template, cut where secrets go when it is sent."""
    config = config_of(values)
    try:
        template = template_of(config)
    except ValueError as fault:
        raise NotRenderable(str(fault)) from None
    sender = str(values.get("from_address") or "")
    known = {
        "to": message.recipient,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "from": sender,
        "from_name": str(values.get("from_display_name") or ""),
        "message_id": message_id(message.id, sender),
        "id": message.id,
        "sender_id": str(config.get("sender_id") or ""),
        "app_user": str(values.get("app_user") or ""),
    }
    for key, value in _params(message).items():
        known[_PARAMS + key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = random_names.token_hex(16)  # no text of a message can hold it
    filled = _json(_filled(template.body, known, cut)).decode()
    parts = re.split(f"{cut}([a-z_]+);", filled)
    return Rendered(
        kind=TransportKind.HTTP,
        key=rendering_key(values),
        sender="",
        recipient=message.recipient,
        message_id=known["message_id"],
        smtputf8=False,
        payload=_json(parts),
    )


def _filled(value: Any, known: dict[str, str], cut: str) -> Any:
    """A JSON value with the placeholders of its texts replaced; appConfig nests within Python's stack."""
    if isinstance(value, dict):
        return {key: _filled(inner, known, cut) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, known, cut) for inner in value]
    if not isinstance(value, str):
        return value
    return PLACEHOLDER.sub(
        lambda match: f"{cut}{match[1]};" if match[1] in SECRET_PLACEHOLDERS else _sound(known.get(match[1], "")),
        value,
    )


def _params(message: Message) -> dict[str, Any]:
    params = json.loads(message.params or "{}")
    return params if isinstance(params, dict) else {}


def _sound(text: str) -> str:
    """A text that UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
