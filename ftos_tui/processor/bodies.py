"""The bytes of the messages in hand: read when a message's turn comes, a few small ones together, bounded in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from ftos_tui.stores.dispatch_protocol import Body, Claimed, DispatchStore

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of messages that are marked or on the wire; one that is larger goes alone."""

AHEAD_BYTES: Final = 1024 * 1024
"""Of those read together with the one whose turn it is."""

AHEAD: Final = 200
"""How many are read together at most."""


class Bodies:
    """Reads the messages of one provider, within an event loop.

    Args:
        messages: The queue.
    """

    def __init__(self, messages: DispatchStore) -> None:
        self._messages = messages
        self._coming: dict[str, asyncio.Future[Body | None]] = {}
        self._bytes = 0
        self._freed = asyncio.Event()
        self._door = asyncio.Lock()

    @asynccontextmanager
    async def room(self, claimed: Claimed) -> AsyncIterator[None]:
        """Waits until there is room for a message, in the order of asking; within, `of` may be called for it."""
        async with self._door:
            while self._bytes and self._bytes + claimed.size > MOST_BYTES:
                self._freed.clear()
                await self._freed.wait()
            self._bytes += claimed.size
        try:
            yield
        finally:
            self._coming.pop(claimed.id, None)
            self._bytes -= claimed.size
            self._freed.set()

    async def of(self, claimed: Claimed, next_ones: Iterable[Claimed]) -> Body | None:
        """The bytes of a message.

        Args:
            claimed: The message.
            next_ones: Whose turn is next; as many of them as are small are read with it.

        Returns:
            None where the message has gone.

        Raises:
            StoreError: The store is away.
        """
        coming = self._coming.pop(claimed.id, None)
        body = await coming if coming is not None else None
        return await self._read(claimed, next_ones) if body is None else body

    async def _read(self, claimed: Claimed, next_ones: Iterable[Claimed]) -> Body | None:
        total = claimed.size
        others: dict[str, asyncio.Future[Body | None]] = {}
        for one in next_ones:
            total += one.size
            if total > AHEAD_BYTES or len(others) + 1 >= AHEAD:
                break
            if one.id not in self._coming:
                others[one.id] = self._coming[one.id] = asyncio.get_running_loop().create_future()
        found = {}
        try:
            found = dict(await asyncio.to_thread(self._messages.bodies, [claimed.id, *others]))
        finally:
            for message_id, future in others.items():
                if not future.done():
                    future.set_result(found.get(message_id))  # without it, who waits reads for itself
        return found.get(claimed.id)
