"""A line to a server that is far away: what is sent arrives after a while, and is counted."""

import contextlib
import queue
import socket
import threading
import time
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16


class Distance:
    """A proxy on 127.0.0.1; a context manager.

    Args:
        host: The server.
        port: Its port.
        round_trip_s: Seconds that a question and its answer spend on the line together.

    Attributes:
        port: The port to connect to.
        bytes: How many bytes went either way.
    """

    def __init__(self, host: str, port: int, round_trip_s: float = 0.0) -> None:
        self._server = (host, port)
        self._one_way_s = round_trip_s / 2
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.bytes = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listener, *self._sockets):
            _end(each)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, target in ((client, server), (server, client)):
                    way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                    threading.Thread(target=self._take, args=(source, way), daemon=True).start()
                    threading.Thread(target=_give, args=(way, target), daemon=True).start()

    def _take(self, source: socket.socket, way: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
        data = b"."
        while data:
            try:
                data = source.recv(_CHUNK)
            except OSError:
                data = b""
            self.bytes += len(data)
            way.put((time.monotonic() + self._one_way_s, data))


def _give(way: "queue.SimpleQueue[tuple[float, bytes]]", target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            at, data = way.get()
            time.sleep(max(0.0, at - time.monotonic()))
            if not data:
                break
            target.sendall(data)
    _end(target)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
