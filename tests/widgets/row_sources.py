"""Sources of rows for tests: as many as wanted, counted, held up, failing."""

import asyncio
from collections.abc import Sequence

from ftos_tui.widgets.row_feed import Row


class NumberSource:
    """Rows 0 to `count` - 1, made as they are asked for.

    Attributes:
        fetched: How many rows were given so far.
        calls: What was asked: after, backwards.
        gone: Numbers that were deleted.
        marked: The marks of rows, by number.
        failure: What the next reads raise.
        gate: Reads wait for it.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.fetched = 0
        self.calls: list[tuple[object, bool]] = []
        self.gone: set[int] = set()
        self.marked: dict[int, str] = {}
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        self.calls.append((after, backwards))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if backwards:
            stop = after if isinstance(after, int) else self.count
            numbers = [n for n in range(max(0, stop - 2 * limit), stop) if n not in self.gone][-limit:]
        else:
            start = after + 1 if isinstance(after, int) else 0
            numbers = [n for n in range(start, min(self.count, start + 2 * limit)) if n not in self.gone][:limit]
        self.fetched += len(numbers)
        return [row(n, self.marked.get(n, "")) for n in numbers]


def row(number: int, mark: str = "") -> Row:
    """The row of a number."""
    return Row(str(number), (f"row {number}", str(number)), number, mark)
