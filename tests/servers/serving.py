"""What the servers of the tests share: a port, connections that end with the server, and a thread to run in."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

DROP = "\0drop"
"""Instead of an answer: the connection is closed."""

RESET = "\0reset"
"""Instead of an answer: the connection is reset."""

HANG = "\0hang"
"""Instead of an answer: nothing, until the server stops."""


class Server:
    """A server on a free port of this machine, within the event loop that starts it.

    Attributes:
        port: Where it listens, once it is started.
        connections: How many connections were made to it.
    """

    limit = 2**26
    """Bytes it reads ahead."""

    def __init__(self, *, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.connections = 0
        self._context = context
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._context, limit=self.limit, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes everything."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Any:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; to be written by each server."""
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError
            ):
                await self.talk(reader, writer)
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(Exception):
                writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Breaks a connection off without a farewell."""
    writer.transport.abort()


async def hang() -> None:
    """Waits until the server stops."""
    await asyncio.get_running_loop().create_future()


_S = TypeVar("_S", bound=Server)


@contextlib.contextmanager
def in_thread(server: _S) -> Iterator[_S]:
    """Runs a server in a thread of its own, for tests of other processes and of code without an event loop."""
    started, loop = threading.Event(), asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.start())
        started.set()
        loop.run_forever()
        loop.run_until_complete(server.stop())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)


@contextlib.asynccontextmanager
async def serving(server: _S) -> AsyncIterator[_S]:
    """Runs a server within the event loop of a test."""
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def run_forever(server: Server) -> None:
    """Runs a server as a process of its own; writes its port as the first line."""

    async def main() -> None:
        await server.start()
        print(server.port, flush=True)
        await hang()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
