"""Operators in processes of their own, who save for a while: `python -m tests.weather.operators FOLDER SETTINGS`.

The process itself only forks: a line `PROVIDERS THREADS SECONDS` on standard input starts a child, whose first line is
its process id, and every further one a save: what was asked, and what was told of it. Importing everything once is
what takes long.
"""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ftos_tui.config import Environment, Places, PostgresSettings, Settings
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import Author
from ftos_tui.studio.failures import StaleVersion
from ftos_tui.studio.outcome import NotDone, OutcomeUnknown
from ftos_tui.studio.providers import base_of, open_provider, save
from ftos_tui.studio.session import Session, new_id
from tests.team import NAME


def session_of(folder: Path, settings: PostgresSettings) -> Session:
    """A session of the owner, as `Team.session` makes it."""
    environment = Environment(NAME, postgresql=settings)
    places = Places(folder / "data", folder / "config.toml", folder / "state")
    given = Settings({"local": Environment(), NAME: environment}, NAME)
    author = Author("login", "jump1")
    return Session(given, environment, places, author=author, clock=lambda: datetime.now(UTC), environ={})


def count_of(name: object) -> int:
    """The number in From Display Name, which every save adds one to."""
    return int(str(name).rpartition(" ")[2]) if str(name).startswith("Bank ") else 0


def edit(session: Session, provider: str) -> Draft:
    """An edit that adds one to what is saved."""
    version = open_provider(session, name=provider)
    count = count_of(version.values["from_display_name"]) + 1
    return Draft(base_of(version)).with_text("from_display_name", f"Bank {count}").with_text("bulk_no", f"{count}")


def work(session: Session, providers: Sequence[str], seconds: float) -> None:
    """Saves until the time is over; whatever goes wrong is tried again with what is saved then."""
    until = time.monotonic() + seconds
    chance = random.Random(f"{os.getpid()} {threading.get_ident()}")
    while time.monotonic() < until:
        provider, operation_id = chance.choice(providers), new_id()
        told: dict[str, object] = {"id": operation_id, "provider": provider, "number": 0, "said": ""}
        try:
            draft = edit(session, provider)
            told["number"] = save(session, draft, operation_id=operation_id).number
        except StaleVersion:
            told["said"] = "stale"
        except NotDone:
            told["said"] = "not done"
        except OutcomeUnknown:
            told["said"] = "unknown"
        except Failure as failure:
            told["said"] = f"{type(failure).__name__}: {failure}"
            time.sleep(0.05)
        os.write(1, f"{json.dumps(told)}\n".encode())


def child(folder: Path, settings: PostgresSettings, providers: Sequence[str], threads: int, seconds: float) -> None:
    """Operators, each with a session of their own."""
    os.write(1, f"{os.getpid()}\n".encode())
    sessions = [session_of(folder, settings) for _ in range(threads)]
    working = [threading.Thread(target=work, args=(session, providers, seconds)) for session in sessions]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    for session in sessions:
        session.close()


def main() -> None:
    """Forks a child for each line of standard input, and says when it has ended."""
    folder, settings = Path(sys.argv[1]), PostgresSettings(**json.loads(sys.argv[2]))
    for line in sys.stdin:
        providers, threads, seconds = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                child(folder, settings, providers.split(","), int(threads), float(seconds))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        os.write(1, b"ended\n")


if __name__ == "__main__":
    main()
