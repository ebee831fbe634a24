"""What every way out has in common, and the choice of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ftos_tui.domain.delivery.outcome import Outcome
from ftos_tui.domain.record import Values
from ftos_tui.domain.route import NoRoute, Route, TransportKind, route_of, way_in_words
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.rendered import Rendered

__all__ = ["Attempt", "NoRoute", "Reach", "Route", "Transport", "TransportKind", "choose_transport", "way_in_words"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a try says about itself on the wire.

    Attributes:
        message_id: Our id of the message, a UUID.
        number: 1 for the first try.
        environment: The environment's name; events of another one are not ours.
    """

    message_id: str
    number: int = 1
    environment: str = "local"


@dataclass(frozen=True, slots=True)
class Reach:
    """What the environment lets a connection reach.

    Attributes:
        allowed_hosts: The only hosts that may be reached; empty for any.
        allow_http: Whether http:// to other hosts than loopback is permitted.
    """

    allowed_hosts: frozenset[str] = field(default_factory=frozenset)
    allow_http: bool = False


class Transport(Protocol):
    """One provider's way out, with connections that are used again. Used within one event loop, by many tasks."""

    @property
    def route(self) -> Route:
        """Where it leads."""
        ...

    async def open(self) -> Outcome | None:
        """Connects and signs in once ahead of the first message.

        Returns:
            None when that worked; else why no message would go.
        """
        ...

    async def send(self, message: Rendered, attempt: Attempt) -> Outcome:
        """Sends one message; never raises for what a provider or the network does.

        A cancellation is the caller's own act: whether the message went is then unknown where bytes had left.
        """
        ...

    async def close(self) -> None:
        """Closes all connections; the transport may be used again afterwards."""
        ...


def choose_transport(values: Values, secrets: Mapping[str, Secret], reach: Reach) -> Transport:
    """The way out of a provider; nothing is connected yet.

    Args:
        values: Canonical plain values of the version that is to send.
        secrets: App Password and App Key by field id, as far as they are set.
        reach: What the environment permits.

    Raises:
        NoRoute: The record leads nowhere; the sentence says what to correct.
    """
    route = route_of(values)
    if route.kind is TransportKind.SMTP:
        from ftos_tui.transports.smtp import SmtpTransport

        return SmtpTransport(route, secrets.get("app_password"), reach)
    if route.kind is TransportKind.SENDGRID:
        from ftos_tui.transports.sendgrid import SendGridTransport

        return SendGridTransport(route, secrets.get("app_key"), reach)
    from ftos_tui.transports.http_gateway import HttpGateway

    return HttpGateway(route, secrets, reach)
