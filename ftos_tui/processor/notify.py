"""Tells systemd how the service stands (sd_notify(3)): a datagram to the socket that the unit names."""

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Tells the service manager; does nothing where there is none.

    Args:
        environ: The process's environment: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are systemd's.
        pid: This process; a watchdog meant for another one is none of ours.
    """

    def __init__(self, environ: Mapping[str, str], pid: int | None = None) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        meant = environ.get("WATCHDOG_PID", "")
        ours = not meant or meant == str(pid or os.getpid())
        wanted = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(wanted) / 1_000_000 if ours and wanted.isdecimal() else 0.0

    def ready(self, status: str) -> None:
        """The service is up."""
        self._send(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """What the service is doing, for `systemctl status`."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """The service is not stuck."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service is on its way down."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(text.encode("utf-8", "replace"), self._address)
