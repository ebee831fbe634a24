"""Operators in other processes: started, killed, and what they were told."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from ftos_tui.config import PostgresSettings
from tests.processes import unmeasured

PATIENCE_S: Final = 100.0


class Operators:
    """A process of `tests.weather.operators`; a context manager that leaves none behind.

    Args:
        folder: Where the owner's key is.
        settings: How the store is reached.

    Attributes:
        told: What the operators were told of their saves, in the order it was said.
    """

    def __init__(self, folder: Path, settings: PostgresSettings) -> None:
        self.told: list[dict[str, Any]] = []
        self._pids: queue.Queue[int] = queue.Queue()
        self._ended: queue.Queue[None] = queue.Queue()
        self._heard = threading.Condition()
        command = [sys.executable, "-m", "tests.weather.operators", str(folder), json.dumps(asdict(settings))]
        self._process = subprocess.Popen(command, env=unmeasured(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Operators":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(1 if error else PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def start(self, providers: Sequence[str], threads: int, seconds: float) -> int:
        """Has them save for so long; gives back the process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{','.join(providers)} {threads} {seconds}\n".encode())
        self._process.stdin.flush()
        return self._pids.get(timeout=PATIENCE_S)

    def wait_saves(self, number: int) -> None:
        """Waits until so many saves more were acknowledged."""
        wanted = self.acknowledged + number
        with self._heard:
            assert self._heard.wait_for(lambda: self.acknowledged >= wanted, PATIENCE_S), self.told[-5:]

    def kill(self, pid: int) -> None:
        """Ends them with SIGKILL; what they had said before counts."""
        os.kill(pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        """Waits for the end of those started last."""
        self._ended.get(timeout=PATIENCE_S)

    @property
    def acknowledged(self) -> int:
        """How many saves were said to be done."""
        return sum(bool(told["number"]) for told in self.told)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode().strip()
            if text == "ended":
                self._ended.put(None)
            elif text.isdigit():
                self._pids.put(int(text))
            elif line.endswith(b"\n"):
                with self._heard:
                    self.told.append(json.loads(text))
                    self._heard.notify_all()
