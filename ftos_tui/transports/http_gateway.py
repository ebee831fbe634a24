"""The way out by an HTTP template: gateways that take a JSON body, among them those for SMS."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.http_template import PLACEHOLDER, SECRET_PLACEHOLDERS, HttpTemplate, template_of, value_at
from ftos_tui.domain.route import Route
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.http_answers import asked_wait, outcome_of_status
from ftos_tui.transports.http_client import Answer, HttpClient, InDoubt
from ftos_tui.transports.network import Fault
from ftos_tui.transports.protocol import Attempt, Reach
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.said import Cleaner

_KINDS = {
    "accepted": OutcomeKind.ACCEPTED,
    "throttled": OutcomeKind.THROTTLED,
    "temporary": OutcomeKind.REFUSED_TEMPORARY,
    "permanent": OutcomeKind.REFUSED_PERMANENT,
}


class HttpGateway:
    """Sends through one gateway.

    Args:
        route: Where it leads.
        secrets: App Password and App Key by field id, as far as they are set.
        reach: What the environment permits.
    """

    def __init__(self, route: Route, secrets: Mapping[str, Secret], reach: Reach) -> None:
        self._route = route
        self._secrets = secrets
        self._clean = Cleaner(secrets.values(), route.user)
        self._client = HttpClient(route, reach)

    @property
    def route(self) -> Route:
        """Where it leads."""
        return self._route

    async def open(self) -> Outcome | None:
        """Nothing is connected ahead; None, or what is wrong with the template."""
        try:
            self.template()
        except Fault as fault:
            return fault.outcome
        return None

    async def send(self, message: Rendered, attempt: Attempt) -> Outcome:
        """Posts one message."""
        try:
            template = self.template()
            content = self._content(message.payload)
            answer = await self._client.request(template.method, self._route.url, self.headers(template), content)
        except Fault as fault:
            return fault.outcome
        except InDoubt as doubt:
            return Outcome(OutcomeKind.IN_DOUBT, "", str(doubt))
        return outcome_of_answer(answer, template, self._clean)

    async def close(self) -> None:
        """Closes all connections."""
        await self._client.close()

    def template(self) -> HttpTemplate:
        """The template in appConfig.

        Raises:
            Fault: There is none, or it has faults.
        """
        try:
            return template_of(self._route.config)
        except ValueError as fault:
            raise Fault(Cause.CONFIGURATION, str(fault)) from None

    def headers(self, template: HttpTemplate) -> dict[str, str]:
        """The headers of a request, secrets filled in.

        Raises:
            Fault: A secret that is needed is not set, or a header cannot carry it.
        """
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        headers |= {
            name: PLACEHOLDER.sub(
                lambda match: self._route.user if match[1] == "app_user" else self._secret(match[1]), value
            )
            for name, value in template.headers.items()
        }
        if template.key_header and self._secrets.get("app_key"):
            headers[template.key_header] = self._secret("app_key")
        for name, value in headers.items():
            if not value.isascii() or not (value.isprintable() or not value):
                message = f"The header {name} cannot carry App user, App Password or App Key: they hold other letters."
                raise Fault(Cause.AUTHENTICATION, message)
        return headers

    def _content(self, payload: bytes) -> bytes:
        """The body with secrets where the rendering left their places: every second part names one."""
        parts: list[str] = json.loads(payload)
        filled = [
            json.dumps(self._secret(part), ensure_ascii=False)[1:-1]
            if place % 2 and part in SECRET_PLACEHOLDERS
            else part
            for place, part in enumerate(parts)
        ]
        return "".join(filled).encode()

    def _secret(self, name: str) -> str:
        field_id = "app_password" if name == "basic_auth" else name
        secret = self._secrets.get(field_id)
        if not secret:
            label = {"app_password": "App Password", "app_key": "App Key"}[field_id]
            raise Fault(Cause.AUTHENTICATION, f"Enter {label}: the template in appConfig sends it.")
        if name == "basic_auth":
            return base64.b64encode(f"{self._route.user}:{secret.reveal()}".encode()).decode("ascii")
        return secret.reveal()


def outcome_of_answer(answer: Answer, template: HttpTemplate, clean: Cleaner) -> Outcome:
    """What an answer means by the template, and by what is usual where that says nothing.

    Args:
        answer: What came.
        template: What its statuses mean.
        clean: Takes secrets out of it.
    """
    code, document = str(answer.status), _document(answer.body)
    reason = value_at(document, template.answers.error_path)
    said = clean(reason or answer.body or f"HTTP {answer.status}")
    meaning = template.answers.meaning(answer.status)
    uncertain = answer.status in (502, 504) and not template.answers.says(answer.status)
    if not meaning or uncertain:
        return outcome_of_status(answer, said, clean)
    kind = _KINDS[meaning]
    if kind is OutcomeKind.ACCEPTED:
        own_id = clean(value_at(document, template.answers.id_path))[:128]
        return Outcome(kind, code, said, provider_message_id=own_id or None)
    wait_s = None if kind is OutcomeKind.REFUSED_PERMANENT else asked_wait(answer.headers)
    return Outcome(kind, code, said, wait_s=wait_s)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
