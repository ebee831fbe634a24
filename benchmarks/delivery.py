"""The processor beside a bare loop of aiosmtplib and beside django-post-office, with one sink for all."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.figures import Figure
from benchmarks.post_office import post_office_seconds
from benchmarks.queues import BULK, CONNECTIONS, Place, gateway, queue, session_at
from benchmarks.sending import seconds_of
from benchmarks.smtp_sink import Sink
from benchmarks.terminal import CannotMeasure
from ftos_tui.domain.delivery.states import Dispatch
from tests.postgres import SUPERUSER, PostgresServer
from tests.team import new_team

MESSAGES: Final = 4000
_ROUNDS: Final = 3
_OF_BARE: Final = 2.5
"""The most time against the bare loop: 0.4 of its messages a second."""

_OF_POST_OFFICE: Final = 0.5
"""The most time against django-post-office: twice its messages a second."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all senders share.

    Attributes:
        folder: Where their files are.
        server: Where shared stores are.
        sink: Where messages go.
        number: How many each of them sends.
    """

    folder: Path
    server: PostgresServer
    sink: Sink
    number: int

    def worker(self, shared: bool, workers: int) -> float:
        """The seconds that workers take for a new store's messages."""
        place = self._place(shared)
        with closing(session_at(place)) as session:
            queue(session, gateway(session, self.sink.port), self.number)
            command = [sys.executable, "-m", "benchmarks.sending", "worker", json.dumps(place)]
            seconds = seconds_of([command] * workers)
            counts = session.store.messages.counts()
        if counts != {Dispatch.ACCEPTED: self.number}:
            raise CannotMeasure(f"not all messages were accepted: {counts}")
        return seconds

    def bare(self) -> float:
        """The seconds that a loop on each connection takes for one of those messages, again and again."""
        place = self._place(shared=False)
        payload = Path(place["folder"]) / "message"
        with closing(session_at(place)) as session:
            payload.write_bytes(queue(session, gateway(session, self.sink.port), 1))
        arguments = (str(self.sink.port), str(CONNECTIONS), str(self.number), str(payload))
        return seconds_of([[sys.executable, "-m", "benchmarks.sending", "bare", *arguments]])

    def post_office(self, python: Path, shared: bool, processes: int) -> float:
        """The seconds that django-post-office takes for such messages."""
        folder = self._new_folder()
        database: Mapping[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "store")}
        if shared:
            database = {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": self.server.host,
                "PORT": self.server.port,
                "USER": SUPERUSER,
                "NAME": self.server.new_database(None),
            }
        return post_office_seconds(python, self.sink.port, self.number, database, processes, folder)

    def _place(self, shared: bool) -> Place:
        folder = self._new_folder()
        if not shared:
            return {"folder": str(folder)}
        team = new_team(self.server, folder)
        return {
            "folder": str(folder),
            "host": self.server.host,
            "port": self.server.port,
            "database": team.database,
        }

    def _new_folder(self) -> Path:
        folder = self.folder / f"sends-{len(list(self.folder.glob('sends-*')))}"
        folder.mkdir(mode=0o700)
        return folder


def delivery_figures(
    folder: Path, server: PostgresServer, peer: Path | None = None, number: int = MESSAGES, rounds: int = _ROUNDS
) -> list[Figure]:
    """The time for 1,000 messages, in turns, medians.

    Args:
        folder: Where files are made.
        server: For shared stores.
        peer: The interpreter that has django-post-office; None to leave it out.
        number: How many messages each sends.
        rounds: How often.

    Raises:
        CannotMeasure: A sender failed, or left messages behind.
    """
    with Sink() as sink:
        bench = Bench(folder, server, sink, number)
        ours = {
            "SQLite, one worker": (False, 1),
            "PostgreSQL, one worker": (True, 1),
            "PostgreSQL, two workers": (True, 2),
        }
        senders: dict[str, Callable[[], float]] = {"bare": bench.bare}
        for name, (shared, workers) in ours.items():
            senders[name] = _bound(bench.worker, shared, workers)
            if peer is not None:
                senders[f"peer, {name}"] = _bound(bench.post_office, peer, shared, workers)
        taken: dict[str, list[float]] = {name: [] for name in senders}
        for _ in range(rounds):
            for name, sender in senders.items():
                taken[name].append(sender() / number * 1e6)
    times = {name: median(found) for name, found in taken.items()}
    figures = []
    for name in ours:
        note = f"{1e6 / times[name]:,.0f} a second, {BULK} a step, median of {rounds}, {sink.name}"
        measure = f"1,000 messages, {name}"
        figures.append(Figure(f"{measure}, beside aiosmtplib", times[name], "ms", _OF_BARE, times["bare"], note=note))
        if peer is not None:
            reference = times[f"peer, {name}"]
            figures.append(
                Figure(f"{measure}, beside post-office", times[name], "ms", _OF_POST_OFFICE, reference, note=note)
            )
    return figures


def _bound(work: Callable[..., float], *arguments: object) -> Callable[[], float]:
    return lambda: work(*arguments)
