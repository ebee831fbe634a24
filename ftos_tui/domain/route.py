"""By which way a provider's messages leave: SMTP, SendGrid's Web API or an HTTP template; derived, never chosen apart.

Service Url and Provider Name decide, appConfig refines; the same function serves the form, which shows the way in a
sentence, and the worker, which goes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from ftos_tui.domain.app_config import top_level
from ftos_tui.domain.checks.hosts import Host, judge_host
from ftos_tui.domain.checks.service_url import DEFAULT_PORTS, target_of
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.http_template import template_secrets
from ftos_tui.domain.provider_kind import ProviderKind, provider_kind
from ftos_tui.domain.record import Values
from ftos_tui.domain.visible import shortened

TIMEOUT_S: Final = 30.0
"""Seconds to wait for an answer where appConfig has no `timeout`."""

LONGEST_TIMEOUT_S: Final = 300.0
LONGEST_UPLOAD_S: Final = 600.0
"""Seconds in which the whole of a message must have left; 30 MB then need half a megabit a second."""

CONNECTIONS: Final = 10
"""Connections at once where appConfig has no `max_connections`."""

_SENDGRID_HOSTS: Final = {"eu": "api.eu.sendgrid.com", "global": "api.sendgrid.com"}
_SEND_PATH: Final = "/v3/mail/send"


class TransportKind(StrEnum):
    """The ways there are."""

    SMTP = "SMTP"
    SENDGRID = "SendGrid"
    HTTP = "HTTP"


class Tls(StrEnum):
    """How a connection is encrypted."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class NoRoute(Failure):
    """The record as it stands names no way for a message; the sentence says what to correct.

    Attributes:
        field_id: The field to correct: `app_config`, or `service_url`.
    """

    def __init__(self, message: str, field_id: str = "app_config") -> None:
        super().__init__(message)
        self.field_id = field_id


@dataclass(frozen=True, slots=True)
class Route:
    """Where and how messages leave.

    Attributes:
        kind: The way.
        host: Canonical, IPv6 without brackets.
        port: 1 to 65535.
        tls: How the connection is encrypted.
        url: The full URL to post to; empty for SMTP.
        user: The user to sign in with; empty for none.
        proxy: The URL of a proxy to connect through; empty for none. Other proxies are never used.
        ca_file: A file of authorities trusted instead of the system's; empty for the system's.
        timeout_s: Seconds to wait for each answer.
        max_connections: How many connections the provider takes at once.
        config: appConfig at its top level, known keys by their canonical name.
    """

    kind: TransportKind
    host: str
    port: int
    tls: Tls
    url: str
    user: str
    proxy: str
    ca_file: str
    timeout_s: float
    max_connections: int
    config: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Host and port as a person writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine by its very name."""
        return host_named(self.host).loopback

    @property
    def longest_send_s(self) -> float:
        """Seconds after which a try has ended whatever the other side does; a lease must outlast them.

        Eighteen waits at most: look-up, addresses, greeting, TLS, sign-in, envelope, and four times one for the reply.
        """
        return 20 * self.timeout_s + LONGEST_UPLOAD_S

    @property
    def sentence(self) -> str:
        """The way in an operator's words, for example `SMTP with STARTTLS at mail.example.com:587`."""
        encrypted = {Tls.IMPLICIT: "with TLS", Tls.STARTTLS: "with STARTTLS", Tls.NONE: "without encryption"}[self.tls]
        what = {
            TransportKind.SMTP: "SMTP",
            TransportKind.SENDGRID: "SendGrid's Web API",
            TransportKind.HTTP: "HTTP template",
        }[self.kind]
        by = f" through the proxy {shortened(_without_user(self.proxy), 80)}" if self.proxy else ""
        return f"{what} {encrypted} at {shortened(self.place, 120)}{by}"


def host_named(host: str) -> Host:
    """A host of a route, judged; IPv6 stands there without brackets."""
    return judge_host(f"[{host}]" if ":" in host else host)


def route_of(values: Values) -> Route:
    """The way by which a record's messages leave.

    Args:
        values: Canonical plain values.

    Raises:
        NoRoute: Service Url or appConfig does not lead anywhere.
    """
    config = config_of(values)
    url = str(values.get("service_url") or "")
    target = target_of(url)
    if target is None:
        raise NoRoute("Enter a Service Url: it says where messages go.", "service_url")
    scheme = target.scheme
    kind = _kind(values, scheme, config)
    host, port = _text(config, "host") or target.host, _port(config) or target.port
    if kind is TransportKind.SMTP:
        url = ""
        tls = _smtp_tls(config, scheme, host)
    else:
        tls = Tls.IMPLICIT if scheme == "https" else Tls.NONE
        url, host, port, tls = _posted_to(kind, config, url, host, port, tls)
    judged = judge_host(host)
    if not judged.name and ":" in host:
        judged = host_named(host)
    if not judged.name:
        raise NoRoute(f"Correct the host in appConfig: {shortened(host, 60)} is no host name.")
    if config.get("verify") is False:
        raise NoRoute("Remove verify from appConfig: certificates are always verified; name an authority in ca_file.")
    proxy = _text(config, "proxy")
    if proxy and kind is TransportKind.SMTP:
        raise NoRoute("Remove proxy from appConfig: SMTP goes through no proxy here.")
    return Route(
        kind=kind,
        host=judged.name,
        port=port,
        tls=tls,
        url=url,
        user=_text(config, "user") or str(values.get("app_user") or ""),
        proxy=proxy,
        ca_file=_text(config, "ca_file"),
        timeout_s=_number(config, "timeout", TIMEOUT_S, LONGEST_TIMEOUT_S),
        max_connections=int(_number(config, "max_connections", CONNECTIONS, 1000)),
        config=config,
    )


def way_in_words(values: Values) -> str:
    """`Route.sentence`, or what keeps the record from having a way; for the form."""
    try:
        return route_of(values).sentence
    except NoRoute as fault:
        return str(fault)


def secrets_used(route: Route) -> frozenset[str]:
    """The ids of the secrets that messages by a route take along: only these have to be at hand for a test.

    Args:
        route: The route; of an HTTP template without a body nothing is sent.
    """
    if route.kind is TransportKind.SMTP:
        return frozenset({"app_password"} if route.user else ())
    if route.kind is TransportKind.SENDGRID:
        return frozenset({"app_key"})
    return template_secrets(route.config)


def config_of(values: Values) -> dict[str, Any]:
    """The top level of a record's appConfig, known keys by their canonical name; empty where it is no object."""
    return top_level(str(values.get("app_config") or ""))


def _kind(values: Values, scheme: str, config: Mapping[str, Any]) -> TransportKind:
    name, channel = values.get("provider_name"), values.get("communication_channel")
    if scheme in ("smtp", "smtps"):
        if channel == "sms":
            raise NoRoute("Use https:// in Service Url: SMTP carries no SMS.", "service_url")
        return TransportKind.SMTP
    kind = provider_kind(str(name or ""), str(channel or ""))
    if kind is ProviderKind.SMTP:
        wanted = "Use smtp:// or smtps:// in Service Url for the provider SMTP, or correct Provider Name."
        raise NoRoute(wanted, "service_url")
    if kind is ProviderKind.SENDGRID and "body" not in config:
        return TransportKind.SENDGRID
    return TransportKind.HTTP


def _smtp_tls(config: Mapping[str, Any], scheme: str, host: str) -> Tls:
    """STARTTLS is required but on this machine itself, where nobody listens in between."""
    written = _text(config, "tls").lower()
    loopback = host_named(host).loopback
    if not written:
        return Tls.IMPLICIT if scheme == "smtps" else Tls.NONE if loopback else Tls.STARTTLS
    if written not in frozenset(Tls):
        raise NoRoute("Write implicit, starttls or none for tls in appConfig.")
    if written == Tls.NONE and not loopback:
        raise NoRoute("Write starttls or implicit for tls in appConfig: without it anybody on the way reads the mail.")
    return Tls(written)


def _posted_to(
    kind: TransportKind, config: Mapping[str, Any], url: str, host: str, port: int, tls: Tls
) -> tuple[str, str, int, Tls]:
    """The full URL of the sending call and what it says of host, port and TLS."""
    base = next((text for key in ("url", "base_url") if (text := _text(config, key))), url)
    endpoint = _text(config, "endpoint")
    if "://" in endpoint:
        base, endpoint = endpoint, ""
    if base != url:
        target = target_of(base)
        if target is None or target.scheme not in ("https", "http"):
            raise NoRoute("Write a URL that begins https:// in appConfig, or leave it out.")
        host, port, tls = target.host, target.port, Tls.IMPLICIT if target.scheme == "https" else Tls.NONE
    parts = urlsplit(base)
    path = parts.path
    if kind is TransportKind.SENDGRID:
        region = _text(config, "region").lower()
        if host in _SENDGRID_HOSTS.values() and region in _SENDGRID_HOSTS:
            host = _SENDGRID_HOSTS[region]
        path = path.rstrip("/").removesuffix(_SEND_PATH).removesuffix("/v3") + _SEND_PATH
    elif endpoint:
        path = endpoint if endpoint.startswith("/") else f"{path.rstrip('/')}/{endpoint}"
    scheme = "https" if tls is Tls.IMPLICIT else "http"
    authority = f"[{host}]" if ":" in host else host
    if port != DEFAULT_PORTS[scheme]:
        authority += f":{port}"
    query = f"?{parts.query}" if parts.query and "?" not in path else ""
    return f"{scheme}://{authority}{path or '/'}{query}", host, port, tls


def _text(config: Mapping[str, Any], key: str) -> str:
    value = config.get(key)
    return value.strip() if isinstance(value, str) else ""


def _port(config: Mapping[str, Any]) -> int:
    value = config.get("port")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 5:
        value = int(value)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_535:
        raise NoRoute("Write a port from 1 to 65535 for port in appConfig, or leave it out.")
    return value


def _number(config: Mapping[str, Any], key: str, default: float, most: float) -> float:
    value = config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise NoRoute(f"Write a number above 0 for {key} in appConfig, or leave it out.")
    return min(float(value), most) if key == "timeout" else max(1, min(int(value), int(most)))


def _without_user(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
