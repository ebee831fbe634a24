"""*Test connection* and *send a test message*: each step as it is done, with its time and plain words.

The connection test goes the very way that messages go and stops before one: it sends nothing but the sign-in.
"""

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from ftos_tui.domain.connection_step import Step
from ftos_tui.domain.delivery.message import Message, Role
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.record import Values
from ftos_tui.domain.route import NoRoute, Route, Tls, TransportKind, route_of
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.certificate import SOON_DAYS, Certificate, certificate_of, unverified_context
from ftos_tui.transports.network import Address, Fault, connect, resolve, tls_context_of, tls_words
from ftos_tui.transports.protocol import Attempt, Reach, choose_transport
from ftos_tui.transports.rendering import NotRenderable, render
from ftos_tui.transports.said import Cleaner
from ftos_tui.transports.smtp_connection import Refused, SmtpConnection

SUBJECT: Final = "Test message"
TEXT: Final = "This message was sent to test a channel provider. Nothing needs to be done."


class _Clock:
    """Times steps."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def step(self, name: str, said: str, *, ok: bool = True, warning: bool = False, cause: Cause | None = None) -> Step:
        """A step that ends now."""
        now = time.perf_counter()
        since, self._since = self._since, now
        return Step(name, ok, (now - since) * 1000, said, warning, cause)


async def check_connection(values: Values, secrets: Mapping[str, Secret], reach: Reach) -> AsyncGenerator[Step, None]:
    """Goes the way of a message up to the sign-in.

    Args:
        values: Canonical plain values, saved or not.
        secrets: App Password and App Key by field id, as far as they are known.
        reach: What the environment permits.

    Yields:
        The steps as they are done; the first that fails is the last.
    """
    clock = _Clock()
    try:
        route = route_of(values)
    except NoRoute as fault:
        yield clock.step("Way", str(fault), ok=False, cause=Cause.CONFIGURATION)
        return
    yield clock.step("Way", f"{route.sentence}.")
    name = "Resolve"
    try:
        if not route.proxy:
            addresses = await resolve(route, reach)
            shown = ", ".join(map(str, addresses[:3])) + (", …" if len(addresses) > 3 else "")
            yield clock.step("Resolve", f"{route.host} is {shown}.")
        else:
            addresses = ()
        name = "Connect"
        steps = _smtp_steps(clock, route, addresses, secrets.get("app_password"))
        if route.kind is not TransportKind.SMTP:
            steps = _http_steps(clock, route, addresses, secrets, reach)
        async for step in steps:
            name = step.name
            yield step
    except _Failed as failed:
        yield clock.step(failed.name, failed.said, ok=False, cause=failed.cause)
    except Fault as fault:
        yield clock.step(name, fault.said, ok=False, cause=fault.cause)


async def send_test_message(
    values: Values, secrets: Mapping[str, Secret], reach: Reach, recipient: str, environment: str
) -> AsyncGenerator[Step, None]:
    """Sends one message to one address.

    Args:
        values: Canonical plain values, saved or not.
        secrets: App Password and App Key by field id, as far as they are known.
        reach: What the environment permits.
        recipient: An address or telephone number that passed its check.
        environment: The environment's name.

    Yields:
        The way, then what became of the message.
    """
    clock = _Clock()
    message = _test_message(recipient)
    try:
        route = route_of(values)
        rendered = render(message, values)
        transport = choose_transport(values, secrets, reach)
    except (NoRoute, NotRenderable) as fault:
        yield clock.step("Way", str(fault), ok=False, cause=Cause.CONFIGURATION)
        return
    yield clock.step("Way", f"{route.sentence}.")
    try:
        outcome = await transport.send(rendered, Attempt(message.id, 1, environment))
    finally:
        await transport.close()
    yield clock.step("Send", outcome_in_words(outcome), ok=outcome.accepted, cause=outcome.reason)


def outcome_in_words(outcome: Outcome) -> str:
    """What became of a message, for an operator who waits for it."""
    said = f": {outcome.said}" if outcome.said else "."
    return {
        OutcomeKind.ACCEPTED: "Accepted",
        OutcomeKind.REFUSED_TEMPORARY: "Refused for now",
        OutcomeKind.REFUSED_PERMANENT: "Refused",
        OutcomeKind.THROTTLED: "Refused for now, too much at once",
        OutcomeKind.PROVIDER_WIDE: "Not sent",
        OutcomeKind.IN_DOUBT: "Nobody can tell whether it was sent",
        OutcomeKind.NOT_SENT: "Not sent",
    }[outcome.kind] + said


class _Failed(Exception):
    """A step failed; carries its name, the words and what kind of trouble it is."""

    def __init__(self, name: str, said: str, cause: Cause | None) -> None:
        super().__init__(name)
        self.name = name
        self.said = said
        self.cause = cause


async def _smtp_steps(
    clock: _Clock, route: Route, addresses: tuple[Address, ...], password: Secret | None
) -> AsyncIterator[Step]:
    sock = await connect(route, addresses)
    yield clock.step("Connect", f"{sock.getpeername()[0]} port {route.port} takes connections.")
    context = None if route.tls is Tls.NONE else await tls_context_of(route)
    connection = SmtpConnection(route, Cleaner((password,), route.user))
    first = "TLS" if route.tls is Tls.IMPLICIT else "Greeting"
    try:
        with _named(first):
            await connection.greet(sock, context)
        if route.tls is not Tls.IMPLICIT:
            yield clock.step("Greeting", "The server speaks SMTP.")
        if route.tls is Tls.STARTTLS and context is not None:
            with _named("TLS"):
                await connection.start_tls(context)
        if connection.tls_object is not None:
            yield _certificate_step(clock, certificate_of(connection.tls_object))
        with _named("Sign in"):
            await connection.sign_in(password)
        signed_in = bool(route.user and password)
        said = f"{route.user} may sign in." if signed_in else "Nobody signs in: App user or App Password is empty."
        yield clock.step("Sign in", Cleaner((password,))(said), warning=not signed_in)
    except _Failed as failed:
        raise await _with_names(failed, route, addresses) from None
    finally:
        await connection.quit()


async def _http_steps(
    clock: _Clock, route: Route, addresses: tuple[Address, ...], secrets: Mapping[str, Secret], reach: Reach
) -> AsyncIterator[Step]:
    if addresses:
        sock = await connect(route, addresses)
        yield clock.step("Connect", f"{sock.getpeername()[0]} port {route.port} takes connections.")
        if route.tls is Tls.NONE:
            sock.close()
        else:
            try:
                certificate = await _shown_certificate(route, sock, await tls_context_of(route))
            except (OSError, TimeoutError) as error:
                failed = _Failed("TLS", tls_words(error, route), Cause.NETWORK)
                raise await _with_names(failed, route, addresses) from None
            finally:
                sock.close()
            yield _certificate_step(clock, certificate)
    if route.kind is TransportKind.SENDGRID:
        async for step in _sendgrid_steps(clock, route, secrets.get("app_key"), reach):
            yield step
        return
    from ftos_tui.transports.http_gateway import HttpGateway

    with _named("Template"):
        gateway = HttpGateway(route, secrets, reach)
        gateway.headers(gateway.template())
    said = "The template is complete. The gateway judges user and key only with a message: send a test message."
    yield clock.step("Template", said)


async def _sendgrid_steps(clock: _Clock, route: Route, key: Secret | None, reach: Reach) -> AsyncIterator[Step]:
    from ftos_tui.transports.http_client import HttpClient, InDoubt
    from ftos_tui.transports.sendgrid import authorization, errors_of

    client, clean = HttpClient(route, reach), Cleaner((key,))
    try:
        with _named("Key"):
            answer = await client.request("GET", _scopes_url(route), authorization(key))
    except InDoubt as doubt:  # pragma: no cover (a request without body is never in doubt)
        raise _Failed("Key", str(doubt), Cause.NETWORK) from None
    finally:
        await client.close()
    if answer.status in (401, 403):
        said = clean("; ".join(error.message for error in errors_of(answer)) or answer.body)
        refused = f"SendGrid does not take the key: enter App Key again ({said})."
        raise _Failed("Key", refused, Cause.AUTHENTICATION)
    if 300 <= answer.status <= 399:
        where = clean(answer.headers.get("location", "another address"))
        elsewhere = f"Service Url leads on to {where}: enter the right one; the key was not sent there."
        raise _Failed("Key", elsewhere, Cause.CONFIGURATION)
    if answer.status != 200:
        other = f"Service Url is not SendGrid's: it answers HTTP {answer.status} ({clean(answer.body)})."
        raise _Failed("Key", other, Cause.CONFIGURATION)
    scopes = _scopes(answer.body)
    if scopes is None:
        other = f"Service Url is not SendGrid's: its answer is no list of scopes ({clean(answer.body)})."
        raise _Failed("Key", other, Cause.CONFIGURATION)
    yield clock.step("Key", "SendGrid takes the key.")
    if "mail.send" not in scopes:
        barred = "The key is accepted but may not send: give it the Mail Send scope."
        raise _Failed("Permission", barred, Cause.AUTHENTICATION)
    yield clock.step("Permission", "The key may send mail.")


def _scopes_url(route: Route) -> str:
    parts = urlsplit(route.url)
    return urlunsplit(parts._replace(path=parts.path.removesuffix("/mail/send") + "/scopes", query=""))


def _scopes(body: str) -> list[Any] | None:
    try:
        scopes = json.loads(body)["scopes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return scopes if isinstance(scopes, list) else None


async def _shown_certificate(route: Route, sock: Any, context: ssl.SSLContext) -> Certificate | None:
    """What the server shows in a TLS handshake over a socket; nothing else is sent."""
    timeout_s = route.timeout_s
    transport, _ = await asyncio.get_running_loop().create_connection(
        asyncio.Protocol, sock=sock, ssl=context, server_hostname=route.host, ssl_handshake_timeout=timeout_s
    )
    try:
        return certificate_of(transport.get_extra_info("ssl_object"))
    finally:
        transport.abort()


def _certificate_step(clock: _Clock, certificate: Certificate | None) -> Step:
    now = datetime.now(UTC)
    if certificate is None:
        return clock.step("TLS", "TLS, without a certificate.", warning=True)
    return clock.step("TLS", certificate.in_words(now), warning=certificate.days_left(now) < SOON_DAYS)


async def _with_names(failed: _Failed, route: Route, addresses: tuple[Address, ...]) -> _Failed:
    """The failure of a certificate for another name, with the names that it is for: one more look, unverified."""
    if "for another name" not in failed.said:
        return failed
    certificate: Certificate | None = None
    with suppress(Fault, Refused, OSError, TimeoutError):
        if route.tls is Tls.STARTTLS:
            connection = SmtpConnection(route, Cleaner(()))
            try:
                await connection.greet(await connect(route, addresses), None)
                await connection.start_tls(unverified_context())
                certificate = certificate_of(connection.tls_object) if connection.tls_object else None
            finally:
                connection.abort()
        else:
            sock = await connect(route, addresses)
            try:
                certificate = await _shown_certificate(route, sock, unverified_context())
            finally:
                sock.close()
    if certificate is None:
        return failed
    words = f"The certificate is for {certificate.shown_names}, not {route.host}: check the host in Service Url."
    return _Failed(failed.name, words, failed.cause)


class _named:  # noqa: N801 (a context manager, read as a word)
    """Gives what fails within it the name of a step."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Fault):
            raise _Failed(self._name, error.said, error.cause) from None
        if isinstance(error, Refused):
            raise _Failed(self._name, _refusal_words(error), error.outcome.reason) from None


def _refusal_words(refused: Refused) -> str:
    said = refused.outcome.said
    if refused.outcome.reason is Cause.AUTHENTICATION:
        return f"The server refuses App user or App Password: {said}"
    return f"The server refuses at {refused.stage}: {said}"


def _test_message(recipient: str) -> Message:
    return Message(
        id=str(uuid.uuid4()),
        group_id=str(uuid.uuid4()),
        provider_id="",
        recipient=recipient,
        role=Role.TO,
        to=(recipient,),
        cc=(),
        subject=SUBJECT,
        text=TEXT,
        html="",
        attachments=(),
        due=datetime.now(UTC),
        not_after=None,
        params="{}",
        dedupe_key="",
    )
