"""A bad line between a TCP client and a server: it is cut after so many bytes, halves what it carries, or is slow."""

import contextlib
import socket
import struct
import threading
import time
from types import TracebackType

_PATIENCE_S = 60.0


class BadLine:
    """A proxy on 127.0.0.1; a context manager.

    Args:
        port: The server's port on 127.0.0.1; may be changed later, for connections to come.

    Attributes:
        sent: Bytes that went to the server since `count`.
        answered: Bytes that came from it since then.
        cut_sent: How many more bytes reach the server before the line is cut, once; None for no cut.
        cut_answered: The same of what reaches the client.
        losing: Whether the lines are cut as soon as the server answers on one, its answer lost.
        abrupt: Whether a cut resets the connections rather than ending them.
        halved: Whether what is carried arrives in two pieces.
        frozen: Whether nothing is carried in either direction, without a word; unfreezing lets it go on.
        down: Whether new connections are refused.
        delay_s: Seconds by which each piece is late.
    """

    def __init__(self, port: int) -> None:
        self.server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sent = self.answered = 0
        self.cut_sent: int | None = None
        self.cut_answered: int | None = None
        self.abrupt = self.halved = self.down = self.losing = False
        self.delay_s = 0.0
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "BadLine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._flowing.set()
        self.cut()

    @property
    def frozen(self) -> bool:
        """Whether nothing is carried."""
        return not self._flowing.is_set()

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        if frozen:
            self._flowing.clear()
        else:
            self._flowing.set()

    def count(self) -> None:
        """Counts bytes from here on."""
        self.sent = self.answered = 0

    def cut(self) -> None:
        """Ends every connection at once."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for each in sockets:
            with contextlib.suppress(OSError):
                if self.abrupt:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Whoever waits for bytes there has to wake up, or closing it closes nothing.
                each.shutdown(socket.SHUT_RD if self.abrupt else socket.SHUT_RDWR)
        for each in sockets:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self.down:
                    raise OSError
                server = socket.create_connection(("127.0.0.1", self.server_port), timeout=_PATIENCE_S)
            except OSError:
                client.close()
                continue
            for each in (client, server):
                each.settimeout(None)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets += [client, server]
            threading.Thread(target=self._carry, args=(client, server, "sent"), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, "answered"), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, way: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._flowing.wait()
                if self.delay_s:
                    time.sleep(self.delay_s)
                data, cut = self._allowed(data, way)
                half = len(data) // 2 if self.halved else 0
                for piece in (data[:half], data[half:]):
                    if piece:
                        target.sendall(piece)
                if cut:
                    self.cut()
        if not self.abrupt:
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _allowed(self, data: bytes, way: str) -> tuple[bytes, bool]:
        """What of some bytes is carried before the line is cut, and whether it is."""
        if self.losing and way == "answered":
            return b"", True
        with self._lock:
            left: int | None = getattr(self, f"cut_{way}")
            cut = left is not None and left <= len(data)
            if cut:
                data = data[:left]
                self.cut_sent = self.cut_answered = None
            elif left is not None:
                setattr(self, f"cut_{way}", left - len(data))
            setattr(self, way, getattr(self, way) + len(data))
            return data, cut
