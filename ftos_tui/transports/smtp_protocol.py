"""aiosmtplib's protocol and client, with what an honest outcome needs.

Whether the final dot had left, whether something came unasked before TLS, and replies to commands that were sent
together.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Final

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPReadTimeoutError, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.protocol import MAX_RESPONSE_LENGTH, SMTPProtocol
from aiosmtplib.response import SMTPResponse

from ftos_tui.domain.route import LONGEST_UPLOAD_S

_CHUNK: Final = 64 * 1024
_LONE_END: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")


class SmtpProtocol(SMTPProtocol):
    """aiosmtplib's protocol, with an eye on what came unasked and on what has left."""

    trailing = False
    """Whether the last reply came with more bytes behind it."""

    complete = False
    """Whether the final dot of a message was handed to the connection."""

    grouped = False
    """Whether several commands were sent at once, so that replies may come while an earlier one is being read."""

    def data_received(self, data: bytes) -> None:
        """Takes what came; aiosmtplib drops what follows a reply, which is right unless commands were grouped."""
        if not self.grouped:
            super().data_received(data)
            return
        self._buffer.extend(data)
        self._deliver()
        if len(self._buffer) > MAX_RESPONSE_LENGTH and self.transport is not None:
            self.transport.close()

    async def next_reply(self, timeout_s: float) -> SMTPResponse:
        """The reply to the next of the commands that were grouped."""
        self._deliver()
        return await self.read_response(timeout=timeout_s)

    async def read_response(self, timeout: float | None = None) -> SMTPResponse:
        """The next reply. Unlike asyncio.wait_for of Python 3.11, it loses no cancellation that comes with one."""
        waiter = self._response_waiter
        if waiter is None:
            raise SMTPServerDisconnected("Connection lost")
        self._response_pending = True
        try:
            if waiter.done():  # of commands that were grouped: a timeout costs more than all the rest
                return waiter.result()
            async with asyncio.timeout(timeout):
                return await waiter
        except TimeoutError:
            raise SMTPReadTimeoutError("Timed out waiting for server response") from None
        finally:
            self._response_pending = False
            self._response_waiter = None if self.transport is None else self._loop.create_future()

    def _deliver(self) -> None:
        waiter = self._response_waiter
        if waiter is None or waiter.done():
            return
        try:
            response = self._read_response_from_buffer()
        except SMTPResponseException as error:
            self._set_response_exception(waiter, error)
        else:
            if response is not None:
                waiter.set_result(response)

    def _read_response_from_buffer(self) -> SMTPResponse | None:
        response = super()._read_response_from_buffer()
        self.trailing = bool(self._buffer)
        return response

    async def transmit(self, payload: bytes, timeout_s: float, final_timeout_s: float) -> SMTPResponse:
        """Sends a message's data and its final dot, and waits for the reply.

        The last part leaves only when all before it has left, so that a connection that breaks earlier proves that
        the server did not get the whole message.
        """
        self._response_pending = True  # a server may refuse before the end
        *first, last = _parts(payload)
        if first:
            try:
                await self._upload(first, timeout_s)
            except ConnectionError:
                waiter = self._response_waiter
                if waiter is not None and waiter.done() and waiter.exception() is None:
                    return waiter.result()
                raise
        self.complete = True
        self.write(last)
        return await self.read_response(timeout=final_timeout_s)

    async def _upload(self, parts: Iterable[bytes], timeout_s: float) -> None:
        async with asyncio.timeout(LONGEST_UPLOAD_S):
            for part in parts:
                self.write(part)
                async with asyncio.timeout(timeout_s):
                    await self._drain_helper()


class SmtpClient(SMTP):
    """aiosmtplib's client over a socket that is connected already."""

    async def _create_connection(self, timeout: float | None) -> SMTPResponse:
        loop = asyncio.get_running_loop()
        protocol = SmtpProtocol(loop=loop, connection_lost_callback=self._on_connection_lost)
        self.transport, _ = await loop.create_connection(
            lambda: protocol,
            sock=self.sock,
            ssl=self.tls_context if self.use_tls else None,
            server_hostname=self.hostname if self.use_tls else None,
            ssl_handshake_timeout=timeout if self.use_tls else None,
        )
        self.protocol = protocol
        return await protocol.read_response(timeout=timeout)


def _parts(payload: bytes) -> Iterator[bytes]:
    """The message for the wire: dots doubled at the start of lines, ended by the final dot, in parts."""
    if not payload.count(b"\n") == payload.count(b"\r\n") == payload.count(b"\r"):
        payload = _LONE_END.sub(b"\r\n", payload)  # a lone end is read as the end of data by some servers
    body = payload.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    body += b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]
