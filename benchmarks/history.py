"""Whether the history of a provider opens as fast, however many versions it has."""

import statistics
import time
import uuid
from itertools import repeat
from pathlib import Path
from typing import Final

from sqlalchemy import insert, update

from benchmarks.figures import Figure
from benchmarks.places import CONFIGURED, Operator, configure, new_operator
from benchmarks.starts import list_command
from benchmarks.terminal import Terminal
from ftos_tui.stores.protocol import NewVersion
from ftos_tui.stores.sql.rows import version_row
from ftos_tui.stores.sql.schema import provider, provider_version
from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio.history import history
from ftos_tui.studio.reading import open_provider
from ftos_tui.studio.session import Session

FEW: Final = 100
"""Enough that both histories fill what the screen reads and shows of them."""

MANY: Final = 10_000

_PAGE: Final = 9
"""Entries of a page from the store."""

_TIMES: Final = 300


def history_figures(folder: Path, rounds: int) -> list[Figure]:
    """A page of 10,000 versions against the same of 100, from the store and on the screen.

    Args:
        folder: Where operators may be made.
        rounds: How often the screen is opened, in turns.
    """
    few, many = _operator(folder / "few-versions", FEW), _operator(folder / "many-versions", MANY)
    with few.session() as short, many.session() as long:
        reference, ours = _page_ms(short, long)
    opened_few, opened_many = _opened_ms(few, many, rounds)
    note = f"median of {_TIMES}, {FEW} versions"
    return [
        Figure(f"page of {MANY:,} versions", ours, "ms", 1.2, reference, note=note),
        Figure(
            f"history of {MANY:,} versions, key to screen",
            opened_many,
            "ms",
            1.2,
            opened_few,
            note=f"median of {rounds}, {FEW} versions",
        ),
    ]


def _page_ms(short: Session, long: Session) -> tuple[float, float]:
    ids = [open_provider(session, name=CONFIGURED).provider_id for session in (short, long)]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in repeat(None, _TIMES):
        for session, provider_id, taken in zip((short, long), ids, times, strict=True):
            before = time.perf_counter()
            history(session, provider_id, limit=_PAGE)
            taken.append(time.perf_counter() - before)
    return statistics.median(times[0]) * 1000, statistics.median(times[1]) * 1000


def _opened_ms(few: Operator, many: Operator, rounds: int) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for operator in (few, many):
        operator.start_afresh()
    with Terminal(list_command(), few.environ) as short, Terminal(list_command(), many.environ) as long:
        for terminal in (short, long):
            terminal.shown(CONFIGURED)
            terminal.settle()
            terminal.send("\x1b[B")
            terminal.settle()
            _open(terminal)
        for _ in repeat(None, rounds):
            for terminal, taken in zip((short, long), times, strict=True):
                taken.append(_open(terminal))
    return statistics.median(times[0]) * 1000, statistics.median(times[1]) * 1000


def _open(terminal: Terminal) -> float:
    """Opens the history and goes back; seconds from the key to the last byte of the screen."""
    seconds = terminal.answer("h", quiet_s=0.2).seconds
    terminal.forget()
    terminal.send("\x1b")
    terminal.shown(CONFIGURED)
    terminal.settle()
    return seconds


def _operator(home: Path, versions: int) -> Operator:
    """An operator whose configured provider has so many versions."""
    operator = new_operator(home)
    configure(operator)
    with operator.session() as session:
        current = open_provider(session, name=CONFIGURED)
        rows = [
            version_row(
                NewVersion(
                    provider_id=current.provider_id,
                    expected_version=number,
                    values={**current.values, "bulk_no": 1 + number % 1000},
                    secret_versions={field_id: state.version for field_id, state in current.secrets.items()},
                    new_secrets={},
                    statuses=current.statuses,
                    author=current.saved_by,
                    at=current.saved_at,
                    reason="",
                    action="save",
                    acknowledged=(),
                    operation_id=uuid.uuid4().hex,
                ),
                deleted=False,
            )
            for number in range(current.number, versions)
        ]
        store = session.store
        assert isinstance(store, SqlStore)
        with store.database.writing() as connection:
            connection.execute(insert(provider_version), rows)
            mine = provider.c.id == current.provider_id
            connection.execute(update(provider).where(mine).values(version=versions))
    return operator
