"""HTTP requests whose end is known: whether the whole body may have reached the server, and what it answered.

No redirect is followed, no proxy of the environment is used, certificates are verified, answers are read up to a limit
and a time. The connection goes to an address that was judged; name and certificate are still those of the URL.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2

from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.route import LONGEST_UPLOAD_S, Route
from ftos_tui.domain.visible import shortened
from ftos_tui.transports.network import CONNECT_S, Address, Fault, connect_words, resolve, tls_context_of, tls_words
from ftos_tui.transports.protocol import Reach

LONGEST_BODY: Final = 64 * 1024
"""Bytes that are read of an answer."""

_CHUNK: Final = 64 * 1024
_IDLE_S: Final = 15.0
"""Seconds an idle connection is kept: servers close theirs later, so that a request rarely meets a closing one."""

_LOOK_UP_EVERY_S: Final = 60.0


class InDoubt(Exception):
    """The whole request had left when the connection broke or time ran out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: The HTTP status.
        headers: By lower-case name.
        body: The first `LONGEST_BODY` bytes as text.
    """

    status: int
    headers: Mapping[str, str]
    body: str


class _Body:
    """A request's body that knows whether its last part was handed over."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        last = max(0, (len(self._content) - 1) // _CHUNK * _CHUNK)
        for start in range(0, last + 1, _CHUNK):
            self.complete = start == last
            yield self._content[start : start + _CHUNK]


class HttpClient:
    """Connections to one destination.

    Args:
        route: Where it leads.
        reach: What the environment permits.
    """

    def __init__(self, route: Route, reach: Reach) -> None:
        self.route = route
        self._reach = reach
        self._client: httpx2.AsyncClient | None = None
        self._addresses: tuple[Address, ...] = ()
        self._looked_up = 0.0
        self._opening = asyncio.Lock()

    async def request(self, method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> Answer:
        """Sends one request and reads the answer.

        Args:
            method: The HTTP method.
            url: On the route's host.
            headers: Beside those that follow from the request.
            content: The body; empty for none.

        Raises:
            Fault: The server did not get the whole request.
            InDoubt: It may have, and there is no answer.
        """
        client = await self._opened()
        failed: Fault | None = None
        for target, host, extensions in self._targets(url):
            body = _Body(content)
            request = client.build_request(
                method,
                target,
                headers={**headers, "Host": host, "Content-Length": str(len(content))}
                if content
                else {**headers, "Host": host},
                content=body if content else None,
                extensions=extensions,
            )
            try:
                return await self._answer(client, request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failed = Fault(Cause.NETWORK, self._connect_words(error, target))
            except (httpx2.HTTPError, TimeoutError) as error:
                if content and body.complete and not isinstance(error, httpx2.PoolTimeout | httpx2.ProxyError):
                    words = f"{self.route.place} gave no answer after the whole message was sent."
                    raise InDoubt(words) from None
                raise Fault(Cause.NETWORK, self._lost_words(error)) from None
        raise failed or Fault(Cause.NETWORK, f"{shortened(self.route.host, 80)} has no address.")

    async def close(self) -> None:
        """Closes all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _opened(self) -> httpx2.AsyncClient:
        async with self._opening:
            if not self.route.proxy and time.monotonic() >= self._looked_up:
                self._addresses = await resolve(self.route, self._reach)
                self._looked_up = time.monotonic() + _LOOK_UP_EVERY_S
            if self._client is None:
                self._client = await self._made()
            return self._client

    async def _made(self) -> httpx2.AsyncClient:
        timeout_s = self.route.timeout_s
        limits = httpx2.Limits(
            max_connections=self.route.max_connections,
            max_keepalive_connections=self.route.max_connections,
            keepalive_expiry=_IDLE_S,
        )
        try:
            return httpx2.AsyncClient(
                verify=await tls_context_of(self.route),
                trust_env=False,
                follow_redirects=False,
                proxy=self.route.proxy or None,
                timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s), pool=None),
                limits=limits,
                headers={"User-Agent": "ftos-tui", "Accept-Encoding": "identity"},
            )
        except (ValueError, httpx2.InvalidURL):
            message = "Correct the proxy in appConfig: write its URL, for example http://proxy.example.com:3128."
            raise Fault(Cause.CONFIGURATION, message) from None

    def _targets(self, url: str) -> list[tuple[httpx2.URL, str, dict[str, str]]]:
        """The URL at each address that was judged; through a proxy the URL itself, for the proxy looks it up."""
        named = httpx2.URL(url)
        host = named.netloc.decode("ascii")
        if self.route.proxy:
            return [(named, host, {})]
        return [
            (named.copy_with(host=str(address)), host, {"sni_hostname": self.route.host}) for address in self._addresses
        ]

    async def _answer(self, client: httpx2.AsyncClient, request: httpx2.Request) -> Answer:
        async with asyncio.timeout(LONGEST_UPLOAD_S + self.route.timeout_s):
            response = await client.send(request, stream=True)
        # From here on the answer is definite, however slowly its body comes or how early it breaks off.
        content = bytearray()
        try:
            with suppress(httpx2.HTTPError, httpx2.StreamError, TimeoutError):
                async with asyncio.timeout(self.route.timeout_s):
                    async for part in response.aiter_raw():
                        content += part
                        if len(content) >= LONGEST_BODY:
                            break
        finally:
            with suppress(httpx2.HTTPError):
                await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(content[:LONGEST_BODY]).decode("utf-8", "replace"))

    def _connect_words(self, error: Exception, target: httpx2.URL) -> str:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return tls_words(cause, self.route)
            if isinstance(cause, OSError) and cause.errno is not None and not isinstance(cause, TimeoutError):
                break
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx2.ConnectTimeout):
            cause = TimeoutError()
        return connect_words(cause or error, target.host, self.route.port)

    def _lost_words(self, error: Exception) -> str:
        if isinstance(error, httpx2.ProxyError):
            return "The proxy in appConfig refuses the connection."
        late = (
            "did not answer in time"
            if isinstance(error, httpx2.TimeoutException | TimeoutError)
            else "closed the connection"
        )
        return f"{self.route.place} {late} before it had the whole message."
