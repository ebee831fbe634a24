"""The way out by SendGrid's Web API v3: one request for each message, its answers read by SendGrid's own rules."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.route import Route
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.http_answers import outcome_of_status
from ftos_tui.transports.http_client import Answer, HttpClient, InDoubt
from ftos_tui.transports.network import Fault
from ftos_tui.transports.protocol import Attempt, Reach
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.said import Cleaner

_OURS: Final = (
    "mail_settings",
    "tracking_settings",
    "template_id",
    "ip_pool_name",
    "categories",
    "reply_to",
    "headers",
    "asm",
)
"""Fields that come from the provider's record, not from a message: a fault there holds for every message."""

_CREDITS: Final = re.compile(r"maximum credits exceeded|insufficient credits", re.IGNORECASE)
_SENDER: Final = re.compile(r"sender identity|from address does not match", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error of an answer.

    Attributes:
        message: What SendGrid says.
        field: The field it is about; empty for none.
    """

    message: str
    field: str


class SendGridTransport:
    """Sends through SendGrid.

    Args:
        route: Where it leads.
        key: App Key; None where none is set.
        reach: What the environment permits.
    """

    def __init__(self, route: Route, key: Secret | None, reach: Reach) -> None:
        self._route = route
        self._key = key
        self._clean = Cleaner((key,))
        self._client = HttpClient(route, reach)

    @property
    def route(self) -> Route:
        """Where it leads."""
        return self._route

    async def open(self) -> Outcome | None:
        """Nothing is done ahead: the first request connects and shows the key."""
        return None

    async def send(self, message: Rendered, attempt: Attempt) -> Outcome:
        """Posts one message to Mail Send."""
        try:
            headers = authorization(self._key) | {"Content-Type": "application/json"}
            answer = await self._client.request("POST", self._route.url, headers, body_of(message, attempt))
        except Fault as fault:
            return fault.outcome
        except InDoubt as doubt:
            return Outcome(OutcomeKind.IN_DOUBT, "", str(doubt))
        return outcome_of_answer(answer, self._clean, sandbox=self._route.config.get("sandbox") is True)

    async def close(self) -> None:
        """Closes all connections."""
        await self._client.close()


def authorization(key: Secret | None) -> dict[str, str]:
    """The header that shows App Key.

    Raises:
        Fault: None is set, or a header cannot carry it.
    """
    if not key:
        raise Fault(Cause.AUTHENTICATION, "Enter App Key: SendGrid takes no message without it.")
    text = key.reveal()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise Fault(Cause.AUTHENTICATION, "Enter App Key again: it holds characters that no key has.")
    return {"Authorization": f"Bearer {text}"}


def body_of(message: Rendered, attempt: Attempt) -> bytes:
    """The body of one try: what was rendered, ended by the custom arguments that name environment and try."""
    environment = json.dumps(attempt.environment, ensure_ascii=False).encode()
    return b'%s,"ftos_env":%s,"ftos_try":"%d"}}]}' % (message.payload, environment, attempt.number)


def outcome_of_answer(answer: Answer, clean: Cleaner, *, sandbox: bool = False) -> Outcome:
    """What an answer of Mail Send means.

    Args:
        answer: What came.
        clean: Takes the key out of it.
        sandbox: Whether SendGrid was asked only to check; then 200 says that the message is right.
    """
    status, code = answer.status, str(answer.status)
    errors = errors_of(answer)
    said = clean("; ".join(error.message for error in errors) or answer.body or f"HTTP {status}")
    if status == 202 or (status == 200 and sandbox):
        found = answer.headers.get("x-message-id", "")
        words = "Checked in the sandbox, sent to nobody." if status == 200 else "Accepted by SendGrid."
        known = found if _MESSAGE_ID.fullmatch(found) else None
        return Outcome(OutcomeKind.ACCEPTED, code, words, provider_message_id=known)
    cause = _cause(status, errors)
    if cause is not None:
        return Outcome(OutcomeKind.PROVIDER_WIDE, code, said, reason=cause)
    return outcome_of_status(answer, said, clean)


def errors_of(answer: Answer) -> tuple[ApiError, ...]:
    """The errors that an answer lists; none where it is not SendGrid's JSON (empty, HTML of a proxy)."""
    try:
        document: Any = json.loads(answer.body)
        listed = document["errors"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    if not isinstance(listed, list):
        return ()
    return tuple(
        ApiError(str(error.get("message") or ""), str(error.get("field") or ""))
        for error in listed[:20]
        if isinstance(error, dict)
    )


def _cause(status: int, errors: tuple[ApiError, ...]) -> Cause | None:
    if status in (401, 403) and any(_CREDITS.search(error.message) for error in errors):
        return Cause.CREDITS
    if status not in (400, 403):
        return None
    if any(error.field.split(".")[0] == "from" or _SENDER.search(error.message) for error in errors):
        return Cause.SENDER_IDENTITY
    if status == 400 and errors and all(error.field.split(".")[0] in _OURS for error in errors):
        return Cause.CONFIGURATION
    return None
