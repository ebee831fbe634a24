"""A post office for tests: a store with a provider that leads to a stand-in server, messages, and workers."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ftos_tui.config import Environment, Places, Settings
from ftos_tui.domain.delivery.states import Dispatch, allowed
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.processor.backing import Pace
from ftos_tui.processor.clock import Clock
from ftos_tui.processor.worker import Worker
from ftos_tui.stores.message_protocol import MessageQuery, MessageRow, NewEntry
from ftos_tui.studio import messages
from ftos_tui.studio.failures import WarningsOpen
from ftos_tui.studio.messages import NewMessage
from ftos_tui.studio.processor import backing_of
from ftos_tui.studio.providers import new_draft, save
from ftos_tui.studio.reading import base_of
from ftos_tui.studio.session import Session
from tests.servers.smtp import SmtpServer
from tests.studio.making import ANA, PASSWORD, filled

USERS = {"apikey": PASSWORD}
ALL_DAY = {"interval_min": "00:00:00", "interval_max": "23:59:59"}
PATIENCE_S = 60.0
QUICK = Pace(step_s=0, look_s=0.05, sleep_s=0.2, chores_s=0.05, grace_s=10.0)


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def wait_for(condition: Callable[[], bool], told: Callable[[], str] = lambda: "it never came to be") -> None:
    """Waits until it holds; else fails with what is told."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, told()
        time.sleep(0.02)


def local_session(folder: Path, clock: Callable[[], datetime] = utc_now, **settings: Any) -> Session:
    """A session where a process with `environ_of` the same folder finds its files."""
    environment = Environment(**settings)
    places = Places(
        folder / "data" / "ftos-tui", folder / "config" / "ftos-tui" / "config.toml", folder / "state" / "ftos-tui"
    )
    return Session(
        Settings({environment.name: environment}, environment.name),
        environment,
        places,
        author=replace(ANA),
        clock=clock,
        environ={},
    )


def environ_of(folder: Path) -> dict[str, str]:
    """The environment of a process that finds the same files."""
    homes = {f"XDG_{name.upper()}_HOME": str(folder / name) for name in ("data", "config", "state")}
    return {**os.environ, **homes, "HOME": str(folder)}


@dataclass
class Post:
    """A store, a server, and what is between them.

    Attributes:
        folder: Where everything is.
        session: The operator's session.
        server: The stand-in.
        provider: The provider that leads to it.
    """

    folder: Path
    session: Session
    server: SmtpServer
    provider: ProviderVersion = field(init=False)
    sessions: list[Session] = field(default_factory=list)

    def open(self, **changed: str) -> "Post":
        """Saves the provider, with what the test changes."""
        self.provider = self.gateway("Gateway", **changed)
        return self

    def reopen(self, **changed: str) -> None:
        """Goes on with another provider."""
        self.provider = self.gateway("Another Gateway", **changed)

    def gateway(self, name: str, **changed: str) -> ProviderVersion:
        """A new provider that leads to the server."""
        url = f"smtp://127.0.0.1:{self.server.port}"
        given = {"name": name, "provider_name": "SMTP", "service_url": url, "bulk_no": "50", **ALL_DAY, **changed}
        return _saved(self.session, filled(new_draft(), **given))

    def edit(self, **changed: str) -> None:
        """Saves the provider anew."""
        draft = Draft(base_of(self.session.store.by_id(self.provider.provider_id)))
        for field_id, text in changed.items():
            draft = draft.with_text(field_id, text)
        self.provider = _saved(self.session, draft)

    def queue(self, number: int = 1, provider: ProviderVersion | None = None, **changes: Any) -> list[str]:
        """The ids of messages that were queued."""
        entries: list[NewEntry] = []
        for place in range(number):
            new = NewMessage(**{"to": f"c{place}@example.com", "subject": "Hi", "text": "Good day", **changes})
            entries += messages.entries_of(self.session, provider or self.provider, new)
        return [one.id for one in self.session.store.messages.enqueue(entries, ANA)]

    def worker(self, pace: Pace = QUICK, *, session: Session | None = None, **more: Any) -> Worker:
        """A worker in this process."""
        return Worker(backing_of(session or self.session), pace, **more)

    def work(self, pace: Pace = QUICK, clock: Clock | None = None) -> Worker:
        """Works once, until nothing can go; the worker that did."""
        worker = self.worker(pace, once=True, clock=clock, alone=True)
        asyncio.run(worker.run())
        return worker

    def process(self, *arguments: str, module: str = "ftos_tui") -> "subprocess.Popen[bytes]":
        """A worker as a process of its own."""
        command = arguments or ("processor", "run", "--step-interval", "0")
        log = (self.folder / "worker.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *command], env=environ_of(self.folder), stdout=log, stderr=log
            )

    def _told(self) -> str:
        return self.said if (self.folder / "worker.log").exists() else self.log()

    @property
    def said(self) -> str:
        """What the processes of workers said."""
        return (self.folder / "worker.log").read_text("utf-8")

    def rows(self) -> list[MessageRow]:
        """All messages, the one queued first first."""
        return list(self.session.store.messages.message_page(MessageQuery(oldest_first=True, limit=1000)))

    def states(self) -> dict[str, int]:
        """How many messages are in each state."""
        return {str(state): number for state, number in self.session.store.messages.counts().items() if number}

    def until(self, **states: int) -> None:
        """Waits until so many messages are in each state."""
        wait_for(lambda: self.states() == states, lambda: f"{self.states()} instead of {states}\n{self._told()}")

    def copies(self) -> Counter[str]:
        """How often the server took each message, by its id."""
        counted = self.server.by_message_id()
        return Counter({found[1:].partition("@")[0]: number for found, number in counted.items()})

    def log(self) -> str:
        """What the status log says."""
        return "\n".join(entry.message for entry in self.session.journal.tail(1000))

    def check_history(self) -> None:
        """Every change of every message is one of the table, and the counts are those of the rows; once all is over."""
        assert Counter(str(row.state) for row in self.rows()) == self.states()
        for row in self.rows():
            detail = self.session.store.messages.message(row.id)
            for line in detail.attempts:
                assert allowed(line.before, line.after), line
            fences = [line.fence for line in detail.attempts]
            assert fences == sorted(set(fences)), detail.attempts
            assert not detail.attempts or detail.attempts[-1].after == row.state or row.state in IN_BETWEEN, detail
            assert row.attempt <= 21


IN_BETWEEN = (Dispatch.CLAIMED, Dispatch.SENDING)


def _saved(session: Session, draft: Draft) -> ProviderVersion:
    """The draft, saved whatever warnings there are."""
    try:
        return save(session, draft)
    except WarningsOpen as warned:
        return save(session, draft, acknowledged=[finding.code for finding in warned.open])
