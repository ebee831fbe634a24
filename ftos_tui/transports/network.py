"""Names, addresses, sockets and TLS: what comes before a provider is spoken to.

A name is looked up once, every address is judged, and the connection goes to an address that was judged: between the
check and the connection a name server cannot put another one.
"""

import asyncio
import errno
import socket
import ssl
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.hosts import is_allowed, is_blocked_address, is_loopback_address
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.route import Route, Tls, TransportKind, host_named
from ftos_tui.domain.visible import shortened
from ftos_tui.transports.protocol import Reach

Address = IPv4Address | IPv6Address

CONNECT_S: Final = 10.0
"""The longest wait for one address to take a connection; never longer than the route's timeout."""


class Fault(Exception):
    """Why nothing was sent.

    Attributes:
        cause: What kind of trouble it is.
        said: One sentence in plain words, without full stop at its end where more follows.
        code: The provider's own code; empty for none.
    """

    def __init__(self, cause: Cause, said: str, code: str = "") -> None:
        super().__init__(said)
        self.cause = cause
        self.said = said
        self.code = code

    @property
    def outcome(self) -> Outcome:
        """It as the outcome of a try."""
        return Outcome(OutcomeKind.PROVIDER_WIDE, self.code, self.said, reason=self.cause)


def check_permitted(route: Route, reach: Reach) -> None:
    """Judges a destination before anything is looked up.

    Raises:
        Fault: The environment does not permit it.
    """
    host = host_named(route.host)
    if not is_allowed(host, reach.allowed_hosts):
        raise Fault(Cause.CONFIGURATION, f"This environment does not allow the host {shortened(route.host, 80)}.")
    if any(remark.rule is rules.URL_HOST_BLOCKED for remark in host.remarks):
        raise Fault(Cause.CONFIGURATION, f"{shortened(route.host, 80)} is reserved for the network itself.")
    if route.tls is Tls.NONE and not host.loopback and not (route.kind is not TransportKind.SMTP and reach.allow_http):
        raise Fault(Cause.CONFIGURATION, "Without encryption only this machine itself may be reached: use https://.")


async def resolve(route: Route, reach: Reach) -> tuple[Address, ...]:
    """The addresses of a route's host.

    Raises:
        Fault: The destination is not permitted, the name has no address, or one of them is reserved.
    """
    check_permitted(route, reach)
    shown = shortened(route.host, 80)
    try:
        async with asyncio.timeout(route.timeout_s):
            found = await asyncio.get_running_loop().getaddrinfo(
                route.host, route.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
    except TimeoutError:
        raise Fault(Cause.NETWORK, f"No name server told the address of {shown} in time.") from None
    except (OSError, UnicodeError):
        raise Fault(Cause.NETWORK, f"{shown} has no address: check the host in Service Url.") from None
    addresses = tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
    for address in addresses:
        if is_blocked_address(address):
            message = f"{shown} leads to {address}, which is reserved for the network itself: nothing is sent there."
            raise Fault(Cause.CONFIGURATION, message)
        if route.tls is Tls.NONE and route.loopback and not is_loopback_address(address):
            message = f"{shown} leads to {address}, not to this machine: nothing is sent there without encryption."
            raise Fault(Cause.CONFIGURATION, message)
    return addresses


async def connect(route: Route, addresses: tuple[Address, ...]) -> socket.socket:
    """A connected socket that does not block, to the first address that takes it.

    Raises:
        Fault: None of them does; the last one's reason.
    """
    failed: Fault | None = None
    for address in addresses:
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(min(CONNECT_S, route.timeout_s)):
                await asyncio.get_running_loop().sock_connect(sock, (str(address), route.port))
        except (OSError, TimeoutError) as error:
            sock.close()
            failed = Fault(Cause.NETWORK, connect_words(error, str(address), route.port))
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed or Fault(Cause.NETWORK, f"{shortened(route.host, 80)} has no address.")


def connect_words(error: BaseException, address: str, port: int) -> str:
    """Why an address took no connection, in plain words."""
    where = f"{address} port {port}"
    if isinstance(error, TimeoutError) and getattr(error, "errno", None) is None:
        return f"{where} does not answer: a firewall may be in between."
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return f"{where} refuses connections: nothing listens there."
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f"{where} cannot be reached from this network."
    return f"{where} takes no connection: {getattr(error, 'strerror', None) or 'the connection broke'}."


@lru_cache(16)
def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """What a connection is verified with: certificate and name, TLS 1.2 at least. Reads files; call it in a thread.

    Args:
        ca_file: A file of authorities trusted instead of the system's; empty for the system's.

    Raises:
        Fault: The file cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError):
        shown = shortened(ca_file, 120)
        raise Fault(Cause.CONFIGURATION, f"ca_file in appConfig cannot be used: no certificates in {shown}.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def tls_context_of(route: Route) -> ssl.SSLContext:
    """`tls_context` for a route, made beside the event loop.

    Raises:
        Fault: As there.
    """
    return await asyncio.to_thread(tls_context, route.ca_file)


def tls_words(error: BaseException, route: Route) -> str:
    """Why TLS did not come about, in plain words.

    Args:
        error: What the TLS library or the connection raised.
        route: Where it was to lead.
    """
    host = shortened(route.host, 80)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_words(error, host)
    reason = str(getattr(error, "reason", "") or "")
    if reason in ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"):
        if route.kind is TransportKind.SMTP and route.tls is Tls.IMPLICIT:
            return f"Port {route.port} wants STARTTLS: write smtp:// in Service Url instead of smtps://."
        return f"{host} port {route.port} answers without TLS."
    if reason in ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"):
        return f"{host} speaks only TLS older than 1.2."
    if isinstance(error, TimeoutError):
        return f"{host} did not finish the TLS handshake in time."
    return f"TLS with {host} failed: {reason.replace('_', ' ').lower() or 'the connection broke'}."


def _certificate_words(error: ssl.SSLCertVerificationError, host: str) -> str:
    number, reason = error.verify_code, shortened(error.verify_message or "it is not valid", 160)
    if number == 62 or "Hostname mismatch" in reason or "IP address mismatch" in reason:
        return f"The certificate is for another name, not {host}: check the host in Service Url."
    if number == 10:
        return f"The certificate of {host} has expired."
    if number == 9:
        return f"The certificate of {host} is not valid yet: check both clocks."
    if number in (18, 19):
        return f"The certificate of {host} is signed by itself: name its authority in ca_file of appConfig."
    if number in (2, 20, 21):
        return f"The certificate of {host} is signed by an unknown authority: name it in ca_file of appConfig."
    return f"The certificate of {host} is refused: {reason}."
