"""The way out by SMTP: connections that serve many messages, opened when needed."""

import asyncio
import time
from typing import Final

from ftos_tui.domain.delivery.outcome import Outcome
from ftos_tui.domain.route import Route, Tls
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.network import Fault, connect, resolve, tls_context_of
from ftos_tui.transports.protocol import Attempt, Reach
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.said import Cleaner
from ftos_tui.transports.smtp_connection import Refused, SmtpConnection

ASK_AFTER_S: Final = 10.0
"""Seconds a connection may be idle before it is asked with NOOP whether it is still there."""

CLOSE_AFTER_S: Final = 120.0
"""Seconds a connection may be idle before a new one takes its place."""


class SmtpTransport:
    """Sends through one SMTP server.

    Args:
        route: Where it leads.
        password: App Password; None where none is set.
        reach: What the environment permits.
    """

    def __init__(self, route: Route, password: Secret | None, reach: Reach) -> None:
        self._route = route
        self._password = password
        self._reach = reach
        self._clean = Cleaner((password,), route.user)
        self._idle: list[SmtpConnection] = []
        self._slots = asyncio.Semaphore(route.max_connections)

    @property
    def route(self) -> Route:
        """Where it leads."""
        return self._route

    async def open(self) -> Outcome | None:
        """Connects and signs in once ahead of the first message; None, or why no message would go."""
        async with self._slots:
            try:
                connection, _ = await self._take()
            except Fault as fault:
                return fault.outcome
            except Refused as refused:
                return refused.outcome
            self._give_back(connection)
            return None

    async def send(self, message: Rendered, attempt: Attempt) -> Outcome:
        """Sends one message over a connection that is free, or over a new one."""
        async with self._slots:
            try:
                while True:
                    connection, reused = await self._take()
                    outcome = await connection.transact(message, reused=reused)
                    if outcome is not None:
                        self._give_back(connection)
                        return outcome
            except Fault as fault:
                return fault.outcome
            except Refused as refused:
                return refused.outcome

    async def close(self) -> None:
        """Takes leave on all connections that are free."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.quit() for connection in idle))

    async def _take(self) -> tuple[SmtpConnection, bool]:
        """A connection and whether it was used before; the one used last is the likeliest to be alive."""
        while self._idle:
            connection = self._idle.pop()
            idle_s = time.monotonic() - connection.last_used
            if idle_s > CLOSE_AFTER_S:
                await connection.quit()
            elif connection.connected and (idle_s <= ASK_AFTER_S or await connection.alive()):
                return connection, True
        return await self._connect(), False

    async def _connect(self) -> SmtpConnection:
        addresses = await resolve(self._route, self._reach)
        context = None if self._route.tls is Tls.NONE else await tls_context_of(self._route)
        connection = SmtpConnection(self._route, self._clean)
        await connection.greet(await connect(self._route, addresses), context)
        if self._route.tls is Tls.STARTTLS and context is not None:
            await connection.start_tls(context)
        await connection.sign_in(self._password)
        return connection

    def _give_back(self, connection: SmtpConnection) -> None:
        if connection.connected:
            connection.last_used = time.monotonic()
            self._idle.append(connection)
