"""Two well-known Textual programs, in an environment of their own, measured the same way in the same run."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.places import Operator
from benchmarks.starts import Start, smallest_start, take_turns
from benchmarks.terminal import CannotMeasure, Terminal

FOLDER: Final = Path(__file__).resolve().parent.parent / ".venv-peers"
"""Their virtual environment; made once, git-ignored."""

_PACKAGES: Final = ("posting==2.11.1", "harlequin==2.17.0")
_SHOWS: Final = {"posting": ("Collection", "URL"), "harlequin": ("Query Editor", "Data Catalog")}
_IDLE_S: Final = 5.0
HEADERS: Final = ("peer", "first frame", "ratio", "peak memory", "ratio", "bytes a key", "idle")


def peer_rows(operator: Operator, rounds: int) -> list[tuple[str, ...]]:
    """First frame, memory, bytes a key and idle bytes of each peer, ratios to the smallest app.

    Args:
        operator: Whose folders they may write to.
        rounds: How often each is started.

    Raises:
        CannotMeasure: They cannot be installed, or do not start.
    """
    _install()
    starts = [smallest_start(operator), *(_start(name, operator) for name in _SHOWS)]
    results = take_turns(starts, rounds)
    smallest = results[0]
    rows: list[tuple[str, ...]] = []
    for start, result in zip(starts, results, strict=True):
        size, idle = _bytes(start)
        rows.append(
            (
                start.name,
                f"{result.median_ms:.0f} ms",
                f"{result.median_ms / smallest.median_ms:.2f}",
                f"{result.median_mib:.1f} MiB",
                f"{result.median_mib / smallest.median_mib:.2f}",
                f"{size:.0f}",
                f"{idle:.0f} B/s",
            )
        )
    return rows


def _start(name: str, operator: Operator) -> Start:
    return Start(name, (str(FOLDER / "bin" / name),), operator.environ, _SHOWS[name])


def _bytes(start: Start) -> tuple[float, float]:
    """Mean bytes a key typed where the focus is at first, and bytes a second after that, nothing typed."""
    with Terminal(start.command, start.environ) as terminal:
        terminal.shown(*start.shows)
        terminal.settle(1.0)
        keys = "select1234"
        size = sum(terminal.answer(key, most_s=0.4).size for key in keys) / len(keys)
        return size, terminal.idle(_IDLE_S)


def _install() -> None:
    """Makes the environment, unless it is there already.

    Raises:
        CannotMeasure: pip did not succeed.
    """
    python = FOLDER / "bin" / "python"
    steps: list[tuple[str, ...]] = []
    if not python.exists():
        steps.append((sys.executable, "-m", "venv", str(FOLDER)))
    if not all((FOLDER / "bin" / name).exists() for name in _SHOWS):
        steps.append((str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *_PACKAGES))
    for step in steps:
        if subprocess.run(step, check=False).returncode:
            raise CannotMeasure(f"the peers cannot be installed: {' '.join(step)} failed")
