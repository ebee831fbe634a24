"""A line between a TCP client and a server: it counts round trips, and can be cut, frozen or made to lose answers."""

import contextlib
import socket
import threading
from types import TracebackType

_PATIENCE_S = 60.0


class Line:
    """A proxy on 127.0.0.1; a context manager.

    Round trips are counted by who speaks: one for each time the client speaks after the server did. While the server's
    answers are held back, all that a client sends without waiting for them belongs to the same trip.

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
            turn = _Turn()
            threading.Thread(target=self._forward, args=(client, server, turn), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client, turn), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, turn: "_Turn") -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                with self._lock:
                    if turn.answered:
                        turn.answered = False
                        self.trips += 1
                if self.cut_at and self.cut_at in data:
                    break
                server.sendall(data)
        _end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket, turn: "_Turn") -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if self.losing:
                    break
                if self.frozen:
                    continue
                # The server answers a pipeline with ReadyForQuery ("Z", length 5) at its end only: what it says before
                # that is held back, so that whatever the client sends meanwhile was sent without waiting.
                turn.held += data
                if turn.held[-6:-1] != b"Z\0\0\0\5" and turn.ready:
                    continue
                turn.ready = turn.ready or turn.held[-6:-1] == b"Z\0\0\0\5"
                with self._lock:
                    turn.answered = True
                held, turn.held = turn.held, b""
                client.sendall(held)
        _end(client, server)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class _Turn:
    """Who spoke last on one connection."""

    answered = True
    ready = False
    """Whether the session is set up: before that the server asks and the client answers."""
    held = b""
