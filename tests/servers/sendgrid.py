"""A stand-in for SendGrid's Web API v3: its rules, its very error bodies, and its bad days.

As a process of its own: `python -m tests.servers.sendgrid --port 8080`.
"""

import argparse
import json
import re
import secrets
from collections import Counter
from enum import StrEnum
from typing import Any

from tests.servers.http import Action, HttpServer, Request, Response
from tests.servers.serving import run_forever


class Key(StrEnum):
    """What an API key is good for."""

    GOOD = "good"
    REVOKED = "revoked"
    NO_SCOPE = "no scope"
    NO_CREDITS = "no credits"
    UNVERIFIED_FROM = "unverified from"
    BLOCKED = "blocked"


_SENDER = (
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. "
    "Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity "
    "requirements"
)
_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#"
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


def error(message: str, field: str | None = None, help_: str | None = None) -> bytes:
    """An error body, to the byte."""
    return json.dumps({"errors": [{"message": message, "field": field, "help": help_}]}, separators=(",", ":")).encode()


TO_REQUIRED = error(
    "The to array is required for all personalization objects, and must have at least one email object with a valid "
    "email address.",
    "personalizations.0.to",
    f"{_HELP}message.personalizations.to",
)
REVOKED = error("The provided authorization grant is invalid, expired, or revoked")
NO_CREDITS = error("Maximum credits exceeded")
NO_SCOPE = error("Authenticated user is not authorized to send mail")
UNVERIFIED = error(_SENDER, "from")
FORBIDDEN = error("access forbidden")
TOO_MANY = b'{"errors":[{"field":null,"message":"too many requests"}]}'
AUTHORIZATION_REQUIRED = b'{"errors":[{"field":null,"message":"authorization required"}]}'


class SendGridServer(HttpServer):
    """Takes messages as SendGrid does.

    Args:
        keys: What each API key is good for.
        **options: As for every server.

    Attributes:
        accepted: The bodies of the messages that were taken, in order.
    """

    def __init__(self, keys: dict[str, Key] | None = None, **options: Any) -> None:
        super().__init__(None, **options)
        self.keys = keys or {"SG.good": Key.GOOD}
        self.accepted: list[Any] = []

    def by_message(self) -> Counter[str]:
        """How often each message was taken, by our own custom argument."""
        return Counter(mail["personalizations"][0]["custom_args"]["ftos_msg"] for mail in self.accepted)

    def by_message_id(self) -> Counter[str]:
        """How often each message was taken, by Message-ID."""
        return Counter(mail["headers"]["Message-ID"] for mail in self.accepted)

    def take(self, request: Request) -> None:
        """Takes the message of a request, whatever becomes of the answer."""
        self.accepted.append(request.json)

    def answer(self, request: Request) -> Action:
        """What SendGrid answers."""
        key = self.keys.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if request.target == "/v3/scopes" and request.method == "GET":
            return self._scopes(key)
        if request.target != "/v3/mail/send":
            return _answered(404, error("Not Found"))
        if request.method != "POST":
            return _answered(405, error("method not allowed"))
        refused = _refused_key(key)
        if refused is not None:
            return refused
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            return _answered(415, error("Content-Type should be application/json."))
        if len(request.body) > 30_000_000:
            return _answered(413, error("content too large"))
        return self._mail(request)

    def _scopes(self, key: Key | None) -> Response:
        if key in (None, Key.REVOKED):
            return _answered(401, AUTHORIZATION_REQUIRED)
        scopes = ["2fa_required"] if key is Key.NO_SCOPE else ["2fa_required", "mail.batch.create", "mail.send"]
        return _answered(200, json.dumps({"scopes": scopes}).encode())

    def _mail(self, request: Request) -> Response:
        try:
            mail = request.json
        except ValueError:
            return _answered(400, error("Bad Request"))
        fault = fault_of(mail)
        if fault is not None:
            return _answered(400, fault)
        headers = {"X-Message-Id": secrets.token_urlsafe(16)}
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable") is True:
            return _answered(200, b"", headers)
        self.take(request)
        return _answered(202, b"", headers)


def fault_of(mail: Any) -> bytes | None:
    """The error body for a message that SendGrid refuses; None for one that it takes."""
    personal = mail.get("personalizations") if isinstance(mail, dict) else None
    if not isinstance(personal, list) or not personal or not isinstance(personal[0], dict):
        message = "The personalizations field is required and must have at least one personalization."
        return error(message, "personalizations", f"{_HELP}-Personalizations-Errors")
    return _recipient_fault(personal[0]) or _content_fault(mail) or _settings_fault(mail, personal[0])


def _recipient_fault(personal: dict[str, Any]) -> bytes | None:
    to = personal.get("to")
    if not isinstance(to, list) or not to:
        return TO_REQUIRED
    address = to[0].get("email") if isinstance(to[0], dict) else None
    if not address:
        return error("The to email parameter is required.", "personalizations.0.to.0.email")
    if not isinstance(address, str):
        return error("Invalid type. Expected: string, given: array.", "personalizations.0.to.0.email")
    if not _ADDRESS.fullmatch(address):
        return error("Does not contain a valid address.", "personalizations.0.to.0.email")
    named = [one["email"].lower() for part in ("to", "cc", "bcc") for one in personal.get(part, ())]
    if len(set(named)) < len(named):
        message = (
            f"Each email address in the personalization block should be unique between to, cc, and bcc. {named[0]}"
        )
        return error(message, "personalizations.0")
    return None


def _content_fault(mail: dict[str, Any]) -> bytes | None:
    sender = mail.get("from")
    if not isinstance(sender, dict) or not sender.get("email"):
        return error("The from object must be provided for every email send.", "from.email")
    if not sender["email"].isascii():
        return error("The from email does not contain a valid address.", "from.email")
    if not mail.get("subject") and not mail.get("template_id"):
        return error("The subject is required.", "subject")
    content = mail.get("content")
    if not content and not mail.get("template_id"):
        return error("Unless a valid template_id is provided, the content parameter is required.", "content")
    for place, part in enumerate(content or ()):
        if not part.get("value"):
            return error(
                "The content value must be a string at least one character in length.", f"content.{place}.value"
            )
    kinds = [part["type"] for part in content or ()]
    if "text/plain" in kinds and kinds.index("text/plain") > 0:
        return error("If present, text/plain must be first, followed by text/html.", "content")
    return None


_RESERVED = frozenset(
    "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding "  # noqa: SIM905 (as documented)
    "to from subject reply-to cc bcc".split()
)


def _settings_fault(mail: dict[str, Any], personal: dict[str, Any]) -> bytes | None:
    if any(name.lower() in _RESERVED for name in mail.get("headers", {})):
        return error("The headers parameter holds a reserved header.", "headers")
    arguments = {**mail.get("custom_args", {}), **personal.get("custom_args", {})}
    if any(not isinstance(value, str) for value in arguments.values()):
        return error("Invalid type. Expected: string.", "personalizations.0.custom_args")
    if len(json.dumps(arguments)) >= 10_000:
        return error("The custom_args are too large.", "personalizations.0.custom_args")
    enable = mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable", False)
    if not isinstance(enable, bool):
        return error("The sandbox mode enable param should be a boolean value.", "mail_settings.sandbox_mode.enable")
    if len(mail.get("categories", ())) > 10:
        return error("You can only have 10 categories.", "categories")
    return None


def too_many(reset_in: str | None = None) -> Response:
    """429, with or without the headers that say until when."""
    headers = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset_in}
    return _answered(429, TOO_MANY, {name: value for name, value in headers.items() if reset_in and value})


def _refused_key(key: Key | None) -> Response | None:
    match key:
        case None | Key.REVOKED:
            return _answered(401, REVOKED)
        case Key.NO_SCOPE:
            return _answered(401, NO_SCOPE)
        case Key.NO_CREDITS:
            return _answered(401, NO_CREDITS)
        case Key.UNVERIFIED_FROM:
            return _answered(403, UNVERIFIED)
        case Key.BLOCKED:
            return _answered(403, FORBIDDEN)
    return None


def _answered(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    usual = {"Server": "nginx", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}
    if status >= 400:
        usual |= {
            "Access-Control-Allow-Origin": "https://sendgrid.api-docs.io",
            "X-No-CORS-Reason": "https://x.invalid",
        }
    return Response(status, body, {**usual, **(headers or {})})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="SG.good")
    chosen = parser.parse_args()
    run_forever(SendGridServer({chosen.key: Key.GOOD}, port=chosen.port))
