"""What the server lets nobody have: time, memory, connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ftos_tui.processor.events.http_server import Head, HttpServer, Limits, Reply
from tests.servers.certificates import Authority

SMALL = Limits(body=1000, head=2000)
QUICK = Limits(body=1000, head_s=1, body_s=0.3)


class Echo:
    """Answers with the length of what came; `/slow` once it is let go, `/no` at once."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self.waiting = asyncio.Event()

    def admit(self, head: Head) -> Reply | None:
        """Refuses /no."""
        return Reply(404, "no") if head.path == "/no" else None

    async def answer(self, head: Head, body: bytes) -> Reply:
        """The body's length."""
        if head.path == "/slow":
            self.waiting.set()
            await self.waits.wait()
        return Reply(200, f"{head.method} {len(body)}")


class Client:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        """Sends bytes."""
        self.writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        async with asyncio.timeout(30):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            return int(head.split(b" ")[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """What still comes until the end."""
        async with asyncio.timeout(30):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def ended(self) -> bool:
        """Whether the server ends the connection without another byte."""
        return await self.rest() == b""


@asynccontextmanager
async def serving(
    limits: Limits = SMALL, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[HttpServer, Echo, int]]:
    echo = Echo()
    server = HttpServer(echo, limits, context)
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, echo, port
    finally:
        await server.stop()


@asynccontextmanager
async def connected(port: int, context: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


def post(length: int, path: str = "/", *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", *more, "", ""]
    return "\r\n".join(lines).encode()


async def test_requests_one_after_another_on_one_connection() -> None:
    async with serving() as (_, _, port), connected(port) as client:
        client.send(post(3) + b"abc" + post(0, "/?q") + post(4))
        assert await client.answer() == (200, b"POST 3\n")
        assert await client.answer() == (200, b"POST 0\n")
        client.send(b"abcd")
        assert await client.answer() == (200, b"POST 4\n")
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert await client.answer() == (200, b"POST 5\n")
        client.send(post(2, "/", "Expect: 100-continue"))
        assert await client.answer() == (100, b"")
        client.send(b"ab")
        assert await client.answer() == (200, b"POST 2\n")
        client.send(post(0, "/", "Connection: close"))
        assert await client.answer() == (200, b"POST 0\n")
        assert await client.ended()


async def test_a_head_alone_may_decide() -> None:
    async with serving() as (_, _, port), connected(port) as client:
        client.send(post(100, "/no"))
        assert await client.answer() == (404, b"no\n")
        client.send(b"x" * 100)
        assert await client.ended()


async def test_too_much_is_refused_said_or_not() -> None:
    async with serving() as (_, _, port):
        for sent in (post(1001), post(10**15, "/", "Expect: 100-continue")):
            async with connected(port) as client:
                client.send(sent)
                assert (await client.answer())[0] == 413
                client.send(b"x" * 500_000)
                assert await client.ended()
        async with connected(port) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
            assert (await client.answer())[0] == 413
        async with connected(port) as client:
            client.send(b"POST / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 3000)
            assert (await client.answer())[0] == 431


async def test_what_is_no_http_is_refused() -> None:
    async with serving() as (_, _, port):
        for sent, status in (
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
            (post(5, "/", "Content-Length: 6"), 400),
            (post(5, "/", "Transfer-Encoding: gzip"), 501),
            (b"POST / HTTP/1.1\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ):
            async with connected(port) as client:
                client.send(sent)
                assert (await client.answer())[0] == status, sent
                assert await client.ended()


async def test_bytes_now_and_then_hold_no_connection() -> None:
    async with serving(QUICK) as (_, _, port):
        async with connected(port) as silent:
            assert await silent.ended()
        async with connected(port) as slow:
            drip = asyncio.create_task(_drip(slow, post(10)[:-4]))
            assert (await slow.answer())[0] == 408
            drip.cancel()
        async with connected(port) as slow:
            slow.send(post(1000))
            drip = asyncio.create_task(_drip(slow, b"x" * 1000))
            assert (await slow.answer())[0] == 408
            drip.cancel()
        async with connected(port) as gone:
            gone.send(post(1000) + b"x")
            gone.writer.write_eof()
            assert (await gone.answer())[0] == 400
            assert await gone.ended()


async def _drip(client: Client, data: bytes) -> None:
    for place in range(len(data)):
        client.send(data[place : place + 1])
        await asyncio.sleep(0.05)


async def test_who_reads_no_answer_is_left() -> None:
    async with serving(Limits(answer_s=0.2, body=2**22)) as (server, echo, port):
        echo.answer = _huge  # type: ignore[method-assign]
        async with connected(port) as client:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            client.send(post(0))
            async with asyncio.timeout(30):
                while not server._tasks:
                    await asyncio.sleep(0)
                await asyncio.gather(*server._tasks)


async def _huge(head: Head, body: bytes) -> Reply:
    return Reply(200, "x" * 50_000_000)


async def test_no_more_connections_than_there_may_be() -> None:
    limits = Limits(connections=1, head_s=30)
    async with serving(limits) as (_, echo, port), connected(port) as first:
        first.send(post(0, "/slow"))
        await echo.waiting.wait()
        async with connected(port) as second:
            assert (await second.answer())[0] == 503
            async with connected(port) as third:
                rest = await third.rest()
                assert rest == b"" or rest.startswith(b"HTTP/1.1 503")
        echo.waits.set()
        assert await first.answer() == (200, b"POST 0\n")


async def test_a_stop_answers_what_is_in_hand_and_drops_who_is_idle() -> None:
    async with serving(Limits(head_s=30)) as (server, echo, port), connected(port) as idle, connected(port) as busy:
        idle.send(post(0))
        assert (await idle.answer())[0] == 200
        busy.send(post(0, "/slow"))
        await echo.waiting.wait()
        stop = asyncio.create_task(server.stop())
        assert await idle.ended()
        assert not stop.done()
        echo.waits.set()
        assert await busy.answer() == (200, b"POST 0\n")
        assert await busy.ended()
        await stop


async def test_a_stop_does_not_wait_for_ever() -> None:
    async with serving(Limits(grace_s=0.1)) as (server, echo, port), connected(port) as busy:
        busy.send(post(0, "/slow"))
        await echo.waiting.wait()
        await server.stop()
        assert await busy.ended()


async def test_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with serving(SMALL, authority.context()) as (_, _, port):
        async with connected(port, trusting) as client:
            client.send(post(3) + b"abc")
            assert await client.answer() == (200, b"POST 3\n")
            client.send(post(2000) + b"x" * 2000)
            assert (await client.answer())[0] == 413
        async with connected(port) as plain:
            plain.send(post(0))
            assert not (await plain.rest()).startswith(b"HTTP")
    async with serving(Limits(handshake_s=0.2), authority.context()) as (_, _, port), connected(port) as silent:
        await silent.rest()
