"""What a worker counts, for whoever asks over HTTP on this host: Prometheus metrics and a word about its health."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from ftos_tui.domain.delivery.outcome import OutcomeKind

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_BATCH: Final = (1, 2, 5, 10, 20, 50, 100, 200, 400, 800)


class Meter(Protocol):
    """What is counted."""

    def claimed(self, provider: str, number: int) -> None:
        """A step was claimed."""
        ...

    def tried(self, provider: str, kind: OutcomeKind, seconds: float) -> None:
        """A try is over."""
        ...

    def lost(self, provider: str) -> None:
        """Somebody else took a message over."""
        ...

    def committed(self, number: int) -> None:
        """Marks and outcomes were committed."""
        ...

    def stands(self, in_hand: int, stopped: Iterable[tuple[str, bool]]) -> None:
        """How many messages are in hand, and which providers' breakers are open."""
        ...


class NoMeter:
    """Counts nothing."""

    def claimed(self, provider: str, number: int) -> None:
        """Nothing."""

    def tried(self, provider: str, kind: OutcomeKind, seconds: float) -> None:
        """Nothing."""

    def lost(self, provider: str) -> None:
        """Nothing."""

    def committed(self, number: int) -> None:
        """Nothing."""

    def stands(self, in_hand: int, stopped: Iterable[tuple[str, bool]]) -> None:
        """Nothing."""


class PrometheusMeter:
    """Counts for Prometheus, in a registry of its own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        of: Any = {"registry": self.registry, "namespace": "ftos", "subsystem": "processor"}
        self._claimed = Counter("claimed", "Messages claimed.", ["provider"], **of)
        self._tries = Counter("tries", "Tries by what they came to.", ["provider", "outcome"], **of)
        self._seconds = Histogram("try_seconds", "How long tries took.", ["provider"], buckets=_SECONDS, **of)
        self._lost = Counter("lost", "Messages that another worker took over.", ["provider"], **of)
        self._batch = Histogram("commit_size", "Marks and outcomes in one commit.", buckets=_BATCH, **of)
        self._in_hand = Gauge("in_hand", "Messages in hand.", **of)
        self._stopped = Gauge("stopped", "1 where the provider's breaker is open.", ["provider"], **of)

    def claimed(self, provider: str, number: int) -> None:
        """A step was claimed."""
        self._claimed.labels(provider).inc(number)

    def tried(self, provider: str, kind: OutcomeKind, seconds: float) -> None:
        """A try is over."""
        self._tries.labels(provider, kind).inc()
        self._seconds.labels(provider).observe(max(0.0, seconds))

    def lost(self, provider: str) -> None:
        """Somebody else took a message over."""
        self._lost.labels(provider).inc()

    def committed(self, number: int) -> None:
        """Marks and outcomes were committed."""
        self._batch.observe(number)

    def stands(self, in_hand: int, stopped: Iterable[tuple[str, bool]]) -> None:
        """How many messages are in hand, and which providers' breakers are open."""
        self._in_hand.set(in_hand)
        for provider, is_stopped in stopped:
            self._stopped.labels(provider).set(is_stopped)


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""


class MetricsServer:
    """Answers GET /metrics and GET /health.

    Args:
        host: An address of this host.
        port: The port; 0 for a free one.
        meter: What is counted.
        health: Whether the worker is well, and what there is to say.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self, host: str, port: int, meter: PrometheusMeter, health: Callable[[], tuple[bool, dict[str, Any]]]
    ) -> None:
        from prometheus_client import make_wsgi_app

        self._metrics = make_wsgi_app(meter.registry)
        self._health = health
        server = type("Server", (WSGIServer,), {"address_family": _family(host)})
        self._server: WSGIServer = server((host, port), _Quiet)
        self._server.set_app(self._answer)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def _answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start)
            return answer
        status, body = "404 Not Found", {"error": "There is /metrics and /health."}
        if path == "/health":
            well, body = self._health()
            status = "200 OK" if well else "503 Service Unavailable"
        start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [json.dumps(body).encode() + b"\n"]


def _family(host: str) -> int:
    import socket

    return socket.AF_INET6 if ":" in host else socket.AF_INET
