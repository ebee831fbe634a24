"""What a step and the counts on screen cost with 1,000,000 messages in the queue against 1,000; a worker's memory."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import text

from benchmarks.figures import Figure
from benchmarks.queues import CONNECTIONS, Place, gateway, now, queue, session_at
from benchmarks.sending import memory_of
from benchmarks.smtp_sink import Sink
from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.dispatch_protocol import Mark, Recorded, StepPlan, StepState
from ftos_tui.studio.session import Session
from tests.postgres import PostgresServer
from tests.team import new_team

FEW: Final = 1_000
MANY: Final = 1_000_000
_STEP: Final = 50
_ROUNDS: Final = 15
_FLAT: Final = 1.5
"""How much more it may cost: timer noise of a busy machine, not growth, which would be a thousandfold."""

_MEMORY: Final = 1.1
_ACCEPTED: Final = Outcome(OutcomeKind.ACCEPTED, "250", "ok")

# As many as asked for out of one that the store itself wrote, due after it. Of the bytes a part must do: a gigabyte.
_COPY: Final = """
INSERT INTO {table} SELECT {columns} FROM {table} t, ({numbers}) AS n WHERE t.{key} = '{template}'
"""
_NUMBERS: Final = {
    "postgresql": "SELECT n FROM generate_series(1, {number}) AS n",
    "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {number}) SELECT n FROM c",
}
_NEW_ID: Final = {"postgresql": "'f' || lpad(n.n::text, 35, '0')", "sqlite": "'f' || printf('%035d', n.n)"}


def scale_figures(folder: Path, server: PostgresServer, many: int = MANY) -> list[Figure]:
    """A step of 50 (claimed, marked, recorded) and the counts, on a long queue against a short one.

    Args:
        folder: Where files are made.
        server: For shared stores.
        many: How many messages the long queue has.
    """
    figures = []
    for name in ("SQLite", "PostgreSQL"):
        with closing(_filled(folder, server, name, FEW)) as short, closing(_filled(folder, server, name, many)) as long:
            for measure, work in (("a step of 50", _step), ("counts on screen", _counts)):
                ours, reference = _in_turns(work, long, short)
                note = f"against {FEW:,}, median of {_ROUNDS}"
                figures.append(Figure(f"{measure}, {many:,} queued, {name}", ours, "ms", _FLAT, reference, note=note))
    return figures


def memory_figure(folder: Path, number: int = 10_000) -> Figure:
    """The peak memory of a worker that sends many messages against one that sends a tenth of them."""
    peaks = []
    with Sink() as sink:
        for messages in (number // 10, number):
            place = {"folder": str(folder / f"memory-{messages}")}
            with closing(session_at(place)) as session:
                queue(session, gateway(session, sink.port), messages)
            peaks.append(memory_of([sys.executable, "-m", "benchmarks.sending", "worker", json.dumps(place)]))
    note = f"against {number // 10:,}, {CONNECTIONS} connections"
    return Figure(f"memory of a worker, {number:,} messages", peaks[1], "MiB", _MEMORY, peaks[0], note=note)


def _filled(folder: Path, server: PostgresServer, name: str, number: int) -> Session:
    own = folder / f"{name}-{number}"
    own.mkdir(mode=0o700)
    place: Place = {"folder": str(own)}
    if name == "PostgreSQL":
        team = new_team(server, own)
        place |= {"host": server.host, "port": server.port, "database": team.database}
    session = session_at(place)
    provider = gateway(session, 25)
    queue(session, provider, 1)
    _multiply(session, provider.provider_id, number)
    return session


def _multiply(session: Session, provider_id: str, number: int) -> None:
    """Copies the one message of a store; rows, bodies and counts as the store would have them."""
    messages: Any = session.store.messages
    template = messages.ids_like("0", 1)[0]
    with messages.database.dispatching() as connection:
        dialect = connection.dialect.name
        numbers = _NUMBERS[dialect].format(number=number - 1)
        for table, key in (("message", "id"), ("message_body", "message_id")):
            names = list(connection.execute(text(f"SELECT * FROM {table}")).keys())
            new = {key: _NEW_ID[dialect], "due": "t.due + n.n", "wire": "substr(t.wire, 1, 100)"}
            columns = ", ".join(new.get(one, f't."{one}"') for one in names)
            copy = _COPY.format(table=table, columns=columns, numbers=numbers, key=key, template=template)
            connection.execute(text(copy))
        connection.execute(text(f"UPDATE message_count SET count = {number} WHERE provider_id = '{provider_id}'"))
    with messages.database.dispatching() as connection:
        connection.execute(text("ANALYZE"))


def _step(session: Session) -> None:
    messages = session.store.messages

    def plan(state: StepState, at: Any) -> StepPlan:
        return StepPlan(_STEP, at + timedelta(seconds=1))

    provider_id = next(iter(messages.counts_by_provider()))
    step = messages.claim_step(provider_id, "benchmark", 60.0, plan)
    assert len(step.messages) == _STEP
    messages.mark_sending([Mark(one.id, one.fence) for one in step.messages])
    at = now()
    messages.record(
        [
            Recorded(one.id, one.fence, Dispatch.SENDING, Dispatch.ACCEPTED, _ACCEPTED, started_at=at, ended_at=at)
            for one in step.messages
        ]
    )


def _counts(session: Session) -> None:
    session.store.messages.counts_by_provider()


def _in_turns(work: Callable[[Session], None], ours: Session, reference: Session) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for session in (ours, reference):
        work(session)
    for _ in range(_ROUNDS):
        for session, times in zip((ours, reference), taken, strict=True):
            began = time.perf_counter()
            work(session)
            times.append((time.perf_counter() - began) * 1000)
    return median(taken[0]), median(taken[1])
