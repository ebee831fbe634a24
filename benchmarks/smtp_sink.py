"""An SMTP server that takes everything and keeps nothing: smtp-sink of Postfix, or one like it.

Run as a module it is the latter, on the port given.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Final

from benchmarks.terminal import CannotMeasure

HOST: Final = "127.0.0.1"
_PLACES: Final = ":/usr/sbin:/usr/local/sbin"
_PATIENCE_S: Final = 20.0
_NOBODY: Final = "nobody"


class Sink:
    """A sink in a process of its own; a context manager.

    Attributes:
        name: Which one it is.
        port: Where it listens.
    """

    def __init__(self) -> None:
        found = shutil.which("smtp-sink", path=os.environ.get("PATH", os.defpath) + _PLACES)
        self.port = _free_port()
        self.name = "smtp-sink" if found else "own sink"
        as_root = ["-u", _NOBODY] if os.geteuid() == 0 else []
        self._command = (
            [found, *as_root, f"{HOST}:{self.port}", "1000"]
            if found
            else [sys.executable, "-m", __name__, str(self.port)]
        )

    def __enter__(self) -> "Sink":
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return self
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    self._process.kill()
                    raise CannotMeasure(f"the sink for mail does not start: {self._command[0]}") from None
                time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE_S)


class _Taker(asyncio.Protocol):
    """One connection; looks at no more of what comes than where commands and messages end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._rest = b""
        self._in_data = False
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answers what is complete."""
        self._rest += data
        said = []
        while True:
            line, found, rest = self._rest.partition(b"\r\n.\r\n" if self._in_data else b"\r\n")
            if not found:
                break
            self._rest = rest
            said.append(self._answer(line))
        if said:
            self._transport.write(b"".join(said))

    def _answer(self, line: bytes) -> bytes:
        if self._in_data:
            self._in_data = False
            return b"250 2.0.0 Ok\r\n"
        word = line[:4].upper()
        if word == b"DATA":
            self._in_data = True
            return b"354 End data with <CR><LF>.<CR><LF>\r\n"
        if word == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        return b"221 Bye\r\n" if word == b"QUIT" else b"250 2.1.0 Ok\r\n"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Taker, HOST, port, backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
