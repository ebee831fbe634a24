"""A small HTTP/1.1 server for posts from outside: h11 reads the protocol, everything it waits for is bounded.

Who connects is not trusted with anything: not with time (a head, a body and the reading of an answer have deadlines as
a whole, so that a byte now and then does not hold a connection), not with memory, not with connections.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Protocol

import h11

_BLOCK: Final = 65_536
_LINGER_S: Final = 1.0
_LINGER_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one who connects may take.

    Attributes:
        body: Bytes of a body.
        head: Bytes of a request's line and headers.
        head_s: Seconds for a whole head, the wait for it included.
        body_s: Seconds for a whole body.
        answer_s: Seconds for the reading of an answer.
        connections: How many connections there may be at once; further ones are turned away.
        handshake_s: Seconds for TLS.
        grace_s: Seconds that a stop waits for requests in hand.
    """

    body: int = 2 * 1024 * 1024
    head: int = 16 * 1024
    head_s: float = 10.0
    body_s: float = 30.0
    answer_s: float = 10.0
    connections: int = 100
    handshake_s: float = 10.0
    grace_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body.

    Attributes:
        method: Its method.
        path: Its path as it came, without a query.
        headers: Names in lower case, in their order; a name may come twice.
    """

    method: str
    path: str
    headers: Sequence[tuple[str, str]]

    def only(self, name: str) -> str | None:
        """The value of a header that came exactly once, else None."""
        found = [value for key, value in self.headers if key == name]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, a line of text, further headers."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Handler(Protocol):
    """What the server serves."""

    def admit(self, head: Head) -> Reply | None:
        """An answer that the head alone decides; None to have the body read."""
        ...

    async def answer(self, head: Head, body: bytes) -> Reply:
        """The answer to a whole request."""
        ...


class _TooLarge(Exception):
    """The body exceeds the limit."""


class HttpServer:
    """Serves until it is stopped.

    Args:
        handler: Answers requests.
        limits: What each may take.
        context: For TLS; None for plain HTTP.
    """

    def __init__(self, handler: Handler, limits: Limits, context: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._limits = limits
        self._context = context
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self, host: str, port: int) -> int:
        """Listens.

        Returns:
            The port, chosen by the system where 0 was asked for.

        Raises:
            OSError: The address is not to be had.
        """
        handshake = self._limits.handshake_s if self._context else None
        self._server = await asyncio.start_server(
            self._connected, host, port, ssl=self._context, ssl_handshake_timeout=handshake, limit=_BLOCK, backlog=256
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Takes no more; answers what is in hand, then closes everything."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        for task in self._tasks - self._busy:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        there = len(self._tasks)
        if task is None or there >= 2 * self._limits.connections:
            writer.transport.abort()
            return
        full = there >= self._limits.connections
        self._tasks.add(task)
        connection = _Connection(reader, writer, self._limits)
        try:
            with contextlib.suppress(OSError, TimeoutError, h11.LocalProtocolError, asyncio.CancelledError):
                if full:
                    await connection.turn_away()
                else:
                    await self._talk(connection, task)
        finally:
            self._tasks.discard(task)
            self._busy.discard(task)
            writer.transport.abort()

    async def _talk(self, connection: "_Connection", task: asyncio.Task[None]) -> None:
        """Answers one request after another."""
        while not self._stopping:
            head = await connection.head()
            if head is None:
                return
            self._busy.add(task)
            reply = self._handler.admit(head)
            if reply is None:
                try:
                    body = await connection.body(head)
                except _TooLarge:
                    reply = Reply(413, f"At most {self._limits.body:,} bytes.")
                except TimeoutError:
                    reply = Reply(408, "The body took too long.")
                except h11.RemoteProtocolError:
                    reply = Reply(400, "This is no HTTP.")
                else:
                    reply = await self._handler.answer(head, body)
            again = await connection.send(reply, last=self._stopping)
            self._busy.discard(task)
            if not again:
                return


class _Connection:
    """One connection, within the limits.

    Args:
        reader: What comes.
        writer: What goes.
        limits: What it may take.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head)
        self._began = False

    async def head(self) -> Head | None:
        """The next request's head; None where none comes, or none that can be answered."""
        self._began = False
        try:
            async with asyncio.timeout(self._limits.head_s):
                event = await self._event()
        except TimeoutError:
            if self._began:
                await self.send(Reply(408, "The request took too long."), last=True)
            return None
        except h11.RemoteProtocolError as error:
            # h11 hints 431 for a head that is too long, 501 for a transfer encoding it does not know.
            await self.send(Reply(error.error_status_hint, "This is no HTTP that is understood here."), last=True)
            return None
        if not isinstance(event, h11.Request):
            return None
        headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in event.headers]
        path = event.target.decode("ascii").partition("?")[0]
        return Head(event.method.decode("ascii"), path, headers)

    async def body(self, head: Head) -> bytes:
        """The body that follows a head.

        Raises:
            TimeoutError: It took too long.
            _TooLarge: It is larger than the limit, or says so.
            h11.RemoteProtocolError: It is no HTTP, or ends too soon.
        """
        parts: list[bytes] = []
        size = 0
        if int(head.only("content-length") or 0) > self._limits.body:
            raise _TooLarge
        async with asyncio.timeout(self._limits.body_s):
            if self._http.they_are_waiting_for_100_continue:
                self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            while True:
                event = await self._event()
                if isinstance(event, h11.EndOfMessage):
                    return b"".join(parts)
                if not isinstance(event, h11.Data):
                    raise h11.RemoteProtocolError("no body")
                size += len(event.data)
                if size > self._limits.body:
                    raise _TooLarge
                parts.append(bytes(event.data))

    async def send(self, reply: Reply, *, last: bool) -> bool:
        """Sends an answer; whether another request may follow."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return False
        whole = self._http.their_state in (h11.DONE, h11.MUST_CLOSE)
        body = reply.text.encode() + b"\n" if reply.text else b""
        headers = {
            "Date": formatdate(usegmt=True),
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "X-Content-Type-Options": "nosniff",
            **reply.headers,
        }
        if last or not whole:
            headers["Connection"] = "close"
        response = h11.Response(
            status_code=reply.status, reason=HTTPStatus(reply.status).phrase, headers=list(headers.items())
        )
        data = b"".join(self._http.send(event) or b"" for event in (response, h11.Data(data=body), h11.EndOfMessage()))
        async with asyncio.timeout(self._limits.answer_s):
            self._writer.write(data)
            await self._writer.drain()
        if not last and self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._http.start_next_cycle()
            return True
        await self._linger(whole)
        return False

    async def turn_away(self) -> None:
        """Says that there are too many, without reading a request."""
        self._writer.write(
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        await self._linger(False)

    async def _linger(self, whole: bool) -> None:
        """Ends our half, and takes in what is still coming for a moment: a reset would destroy the answer."""
        async with asyncio.timeout(_LINGER_S):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            left = 0 if whole else _LINGER_BYTES
            while left > 0 and (data := await self._reader.read(_BLOCK)):
                left -= len(data)
            self._writer.close()
            await self._writer.wait_closed()

    async def _event(self) -> "h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]":
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._reader.read(_BLOCK)
            self._began = self._began or bool(data)
            self._http.receive_data(data)
        return event
