"""The console on a shared store: how soon the list stands there, and what it costs when nothing happens."""

import os
import statistics
import time
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.distance import Distance
from benchmarks.figures import Figure
from benchmarks.places import Operator
from benchmarks.shared_places import shared_operator
from benchmarks.starts import Start, list_command, take_turns
from benchmarks.terminal import Terminal
from tests.postgres import PostgresServer

_FORM_SHOWS: Final = "Interval Max"  # below it there is no room: nobody here has the key to the secrets
_IDLE_S: Final = 30.0
_COUNTED_S: Final = 12.0
"""Seconds after which what a session of the server did is in its figures, and what follows an opened form is over."""

_FIRST: Final = "Benchmark-000000"
_CONNECTIONS: Final = 20
_TICKS: Final = os.sysconf("SC_CLK_TCK")

# What a look at the store runs is counted by the server: a transaction each.
_TRANSACTIONS: Final = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s"


def console_figures(folder: Path, server: PostgresServer, database: str, local: Operator, rounds: int) -> list[Figure]:
    """The list against the one of a local store, and an idle form.

    Args:
        folder: Where an operator may be made.
        server: The server.
        database: A store with as many providers as the local one.
        local: An operator with a local store.
        rounds: How often the console is started.
    """
    shared = shared_operator(folder / "shared", server, database)
    rows = (_FIRST, "Benchmark-000009")
    starts = (
        Start("local", list_command(), local.environ, rows),
        Start("shared", list_command(), shared.environ, rows, shared.start_afresh),
    )
    on_file, on_server = take_turns(starts, rounds)
    connecting_ms = _connecting_ms(server, database)
    note = f"median of {rounds}, local store; without {connecting_ms:.1f} ms for connecting"
    ours = on_server.median_ms - connecting_ms
    return [
        Figure("list of a shared store, cold", ours, "ms", 1.3, on_file.median_ms, note=note),
        Figure(
            "peak memory, list of a shared store",
            on_server.median_mib,
            "MiB",
            None,
            on_file.median_mib,
            note=f"median of {rounds}, local store",
        ),
        *_idle(folder, server, database),
    ]


def _connecting_ms(server: PostgresServer, database: str) -> float:
    taken = []
    conninfo = f"host={server.host} port={server.port} user=postgres dbname={database} sslmode=disable"
    for _ in repeat(None, _CONNECTIONS):
        before = time.perf_counter()
        psycopg.connect(conninfo).close()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken) * 1000


def _idle(folder: Path, server: PostgresServer, database: str) -> list[Figure]:
    """What a console with an open form does while nobody does anything."""
    with Distance(server.host, server.port) as line:
        operator = shared_operator(folder / "idle", server, database, line.port)
        with Terminal(list_command(), operator.environ) as terminal, _observer(server) as observer:
            terminal.shown(_FIRST)
            terminal.settle()
            terminal.forget()
            terminal.send("\r")
            terminal.shown(_FORM_SHOWS)
            terminal.idle(_COUNTED_S)
            sent, run, used = line.bytes, _transactions(observer, database), _cpu_s(terminal.pid)
            written = terminal.idle(_IDLE_S)
            sent, run = line.bytes - sent, _transactions(observer, database) - run
            used = _cpu_s(terminal.pid) - used
    minutes = _IDLE_S / 60
    note = f"over {_IDLE_S:.0f} s, an open form"
    return [
        Figure("idle on a shared store, terminal", written, "B/s", 0, absolute=True, note=note),
        Figure("idle, processor", used / _IDLE_S * 1000, "ms", None, note=f"{note}, each second"),
        Figure("idle, transactions a minute", run / minutes, "", None, note=note),
        Figure("idle, bytes on the line a minute", sent / minutes, "bytes", None, note=note),
    ]


def _observer(server: PostgresServer) -> "closing[psycopg.Connection[tuple[int]]]":
    return closing(psycopg.connect(server.conninfo(), autocommit=True))


def _transactions(observer: "psycopg.Connection[tuple[int]]", database: str) -> int:
    found = observer.execute(_TRANSACTIONS, (database,)).fetchone()
    return int(found[0]) if found else 0


def _cpu_s(pid: int) -> float:
    """Seconds of processor time of a process so far, of proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
