"""Well-known programs, each in an environment of its own, measured the same way in the same run."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.places import Operator
from benchmarks.starts import Start, smallest_start, take_turns
from benchmarks.terminal import CannotMeasure, Terminal

FOLDER: Final = Path(__file__).resolve().parent.parent / ".venv-peers"
"""Their virtual environments, one each as they want other versions of the same packages; made once, git-ignored."""

# With tree-sitter 0.26 posting ends in a segmentation fault as soon as it shows JSON (py-tree-sitter#472).
_PACKAGES: Final = {
    "posting": ("posting==2.11.1", "tree-sitter<0.26"),
    "harlequin": ("harlequin==2.17.0",),
    "django-post-office": ("django-post-office==3.12.0", "psycopg[binary]==3.3.9"),
}
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
    for name in _SHOWS:
        _install(name, name)
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


def post_office_python() -> Path:
    """The interpreter that has django-post-office; installs it the first time.

    Raises:
        CannotMeasure: It cannot be installed.
    """
    _install("django-post-office", "django-admin")
    return _bin("django-post-office") / "python"


def _start(name: str, operator: Operator) -> Start:
    return Start(name, (str(_bin(name) / name),), operator.environ, _SHOWS[name])


def _bytes(start: Start) -> tuple[float, float]:
    """Mean bytes a key typed where the focus is at first, and bytes a second after that, nothing typed."""
    with Terminal(start.command, start.environ) as terminal:
        terminal.shown(*start.shows)
        terminal.settle(1.0)
        keys = "select1234"
        size = sum(terminal.answer(key, most_s=0.4).size for key in keys) / len(keys)
        return size, terminal.idle(_IDLE_S)


def _bin(name: str) -> Path:
    return FOLDER / name / "bin"


def _install(name: str, program: str) -> None:
    """Makes the environment of a peer, unless it is there already.

    Raises:
        CannotMeasure: pip did not succeed.
    """
    if (_bin(name) / program).exists():
        return
    pip = (str(_bin(name) / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--quiet")
    FOLDER.mkdir(exist_ok=True)
    for step in (
        (sys.executable, "-m", "venv", "--clear", str(FOLDER / name)),
        (*pip, *_PACKAGES[name]),
    ):
        if subprocess.run(step, cwd=FOLDER, check=False).returncode:
            raise CannotMeasure(f"{name} cannot be installed: {' '.join(step)} failed")
