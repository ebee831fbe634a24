"""A line between a TCP client and a server: it counts round trips, and can be cut, frozen or made to lose answers."""

import contextlib
import socket
import threading
from types import TracebackType

_PATIENCE_S = 60.0
_LONGEST_WORD = 64


class Line:
    """A proxy on 127.0.0.1; a context manager.

    Round trips are counted by what the client says: one for each time it asks for the answers of all it said so far.
    When the pieces of it arrive, and when the server begins to answer, does not matter.

    Args:
        host: The server.
        port: Its port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.trips = 0
        self.losing = False
        """Whether the connection is cut as soon as the server answers, its answer lost."""
        self.lose_at = b""
        """What the client says when `losing` begins: the answer to that is the first one lost."""
        self.once_said = b""
        """What the client has to say first, before `lose_at` and `cut_at` count; empty again once it did."""
        self.cut_at = b""
        """What the client may not send: the connection is cut before the server gets it."""
        self.frozen = False
        """Whether the server's answers are swallowed, the connection left open."""
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Line":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Ends every connection at once."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        _end(*sockets)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server, timeout=_PATIENCE_S)
            except OSError:
                return
            for each in (client, server):
                each.settimeout(None)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets += [client, server]
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        said = _Said()
        before = b""
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                trips = said.trips_of(data)
                with self._lock:
                    self.trips += trips
                lately, before = before + data, data[-_LONGEST_WORD:]
                if self.once_said in lately:
                    self.once_said = b""
                if self.lose_at and not self.once_said and self.lose_at in lately:
                    self.losing = True
                if self.cut_at and not self.once_said and self.cut_at in lately:
                    break
                server.sendall(data)
        _end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if self.losing:
                    break
                if not self.frozen:
                    client.sendall(data)
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


_PROTOCOL = b"\0\3"
"""The major version that a start-up message begins with behind its length; requests of TLS and GSS do not."""

_ASKS = b"QSH"
"""Query, Sync and Flush; a Flush right behind a Sync asks for nothing more."""


class _Said:
    """Takes the messages of one client apart (PostgreSQL, "Message Formats")."""

    def __init__(self) -> None:
        self._rest = b""
        self._started = False
        self._before = b""

    def trips_of(self, data: bytes) -> int:
        """How many of the messages that are whole with this ask for answers."""
        self._rest += data
        trips = 0
        while message := self._next():
            kind = message[:1]
            trips += kind in _ASKS and not (kind == b"H" and self._before == b"S")
            self._before = kind
        return trips

    def _next(self) -> bytes:
        """The next whole message, or nothing; those before the session's start have no kind."""
        head = 1 if self._started else 0
        if len(self._rest) < head + 4:
            return b""
        end = head + int.from_bytes(self._rest[head : head + 4], "big")
        if len(self._rest) < end:
            return b""
        message, self._rest = self._rest[:end], self._rest[end:]
        if not self._started:
            self._started = message[4:6] == _PROTOCOL
            return b"?"
        return message
