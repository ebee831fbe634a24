"""An HTTP/1.1 server for tests that answers, or does not, as it is told, and keeps every request raw."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.serving import DROP, HANG, RESET, Server, hang, reset


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came.

    Attributes:
        method: Its method.
        target: Its path and query.
        headers: By lower-case name.
        body: Its bytes.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Attributes:
        status: Its status.
        body: Its bytes.
        headers: Beside Content-Length.
        slow_s: Seconds between its first and its second half; None for at once.
        cut: Whether the connection ends before the body does.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow_s: float | None = None
    cut: bool = False


Action = Response | str
"""An answer, or one of the signs of `serving`."""

Handler = Callable[[Request], Action]


class HttpServer(Server):
    """Answers by its handler.

    Args:
        handler: What it answers; an empty 200 where there is none.
        **options: As for every server.

    Attributes:
        requests: What came, in order.
    """

    limit = 2**16

    def __init__(self, handler: Handler | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.requests: list[Request] = []
        self._handler = handler
        self._next: list[Action] = []
        self._before_body: list[Action] = []

    def once(self, *actions: Action) -> None:
        """What it answers the next times."""
        self._next.extend(actions)

    def once_before_body(self, action: Action) -> None:
        """What it answers the next time to the head alone, without reading the body."""
        self._before_body.append(action)

    def answer(self, request: Request) -> Action:
        """What it answers to a request."""
        return self._handler(request) if self._handler else Response()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; requests one after another."""
        while head := await _head(reader):
            line, *fields = head.decode("latin-1").split("\r\n")
            method, target, _ = line.split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (part.partition(":") for part in fields)}
            if self._before_body:
                await self._act(writer, self._before_body.pop(0))
                return
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(method, target, headers, body)
            self.requests.append(request)
            if not await self._act(writer, self._next.pop(0) if self._next else self.answer(request)):
                return

    async def _act(self, writer: asyncio.StreamWriter, action: Action) -> bool:
        """Whether the connection goes on."""
        if action == HANG:
            await hang()
        if action == RESET:
            reset(writer)
        if isinstance(action, str):
            if action not in (DROP, RESET):
                writer.write(action.encode())
                await writer.drain()
            return False
        head = [f"HTTP/1.1 {action.status} Because"]
        head += [f"{name}: {value}" for name, value in action.headers.items()]
        if action.status >= 200 and action.status != 204:
            head.append(f"Content-Length: {len(action.body)}")
        half = len(action.body) // 2 if action.slow_s is not None or action.cut else len(action.body)
        writer.write("\r\n".join([*head, "", ""]).encode() + action.body[:half])
        await writer.drain()
        if action.cut:
            return False
        if action.slow_s is not None:
            await asyncio.sleep(action.slow_s)
            writer.write(action.body[half:])
            await writer.drain()
        return True


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n\r\n"))[:-4]
    except asyncio.IncompleteReadError:
        return b""
