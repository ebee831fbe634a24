"""Runs the endpoint of events until it is told to stop, and tells systemd how it stands."""

import asyncio
import contextlib
import ipaddress
import signal
import ssl
from collections.abc import Callable

from ftos_tui.domain.failure import Failure
from ftos_tui.processor.events.http_server import HttpServer, Limits
from ftos_tui.processor.events.listening import Listening
from ftos_tui.processor.events.webhook import Webhook
from ftos_tui.processor.notify import Notifier


class CannotListen(Failure):
    """The endpoint cannot be opened as it was asked for."""


def tls_context(listening: Listening) -> ssl.SSLContext | None:
    """The server's side of TLS, 1.2 at least; None for plain HTTP.

    Raises:
        CannotListen: Certificate and key are not to be had or do not fit, or other machines would be served plainly.
    """
    if listening.certificate is None:
        if not listening.behind_proxy and not _is_loopback(listening.host):
            raise CannotListen(
                f"Plain HTTP is served on this machine only, not on {listening.host}: give --tls-cert and --tls-key, "
                "or --behind-proxy where a reverse proxy ends TLS before it."
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, listening)
    return context


async def serve(
    webhook: Webhook,
    listening: Listening,
    notifier: Notifier,
    told: Callable[[str], None],
    limits: Limits | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT; SIGHUP has certificate and key read again.

    Args:
        webhook: Answers the posts.
        listening: Where.
        notifier: The service manager.
        told: Told the address, once it listens, and what became of a SIGHUP.
        limits: What each connection may take.

    Raises:
        CannotListen: The address, the certificate or the key is not to be had.
    """
    context = tls_context(listening)
    server = HttpServer(webhook, limits or Limits(), context)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    try:
        port = await server.start(listening.host, listening.port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        raise CannotListen(f"{listening.host}:{listening.port} cannot be listened on: {reason}.") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, _renew, context, listening, told)
    host = f"[{listening.host}]" if ":" in listening.host else listening.host
    told(f"Events are taken at {'https' if context else 'http'}://{host}:{port}/events/<provider name>")
    notifier.ready(f"Listening on {host}:{port}")
    alive = asyncio.create_task(_say_alive(notifier))
    try:
        await stop.wait()
    finally:
        notifier.stopping()
        alive.cancel()
        await server.stop()
        await loop.run_in_executor(None, webhook.close)


async def _say_alive(notifier: Notifier) -> None:
    while notifier.watchdog_s:
        notifier.alive()
        await asyncio.sleep(notifier.watchdog_s / 3)


def _renew(context: ssl.SSLContext | None, listening: Listening, told: Callable[[str], None]) -> None:
    """A certificate that was renewed serves the connections from now on."""
    if context is None:
        return
    try:
        _load(context, listening)
    except CannotListen as fault:
        told(f"The certificate in use stays: {fault}")
    else:
        told("The certificate was read again.")


def _load(context: ssl.SSLContext, listening: Listening) -> None:
    try:
        # An encrypted key would be asked for at the terminal; the empty password has it refused instead.
        context.load_cert_chain(str(listening.certificate), str(listening.key or listening.certificate), password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        words = reason or "they are no certificate and its key in PEM"
        raise CannotListen(f"{listening.certificate} and its key cannot be used: {words}.") from error


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
