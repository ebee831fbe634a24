"""How long a short command takes, against the imports that it cannot do without."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.places import CONFIGURED, Operator, program
from benchmarks.terminal import CannotMeasure

_IMPORTS = (sys.executable, "-c", "import sqlalchemy, pydantic")


def command_figure(operator: Operator, rounds: int) -> Figure:
    """`providers show NAME --json` of a provider with secrets, against a bare import of SQLAlchemy and pydantic.

    Args:
        operator: Has the configured provider.
        rounds: How often, in turns.

    Raises:
        CannotMeasure: A command failed.
    """
    show = (program(), "providers", "show", CONFIGURED, "--json")
    times: dict[Sequence[str], list[float]] = {show: [], _IMPORTS: []}
    for command in (*times, *times):  # warm up
        _seconds(command, operator)
    for _ in range(rounds):
        for command, taken in times.items():
            taken.append(_seconds(command, operator))
    ours, reference = (statistics.median(taken) * 1000 for taken in times.values())
    note = f"median of {rounds}, import sqlalchemy, pydantic"
    return Figure("providers show --json", ours, "ms", 1.5, reference, note=note)


def _seconds(command: Sequence[str], operator: Operator) -> float:
    before = time.perf_counter()
    ended = subprocess.run(command, env=operator.environ, capture_output=True, check=False)
    taken = time.perf_counter() - before
    if ended.returncode:
        raise CannotMeasure(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr.decode()}")
    return taken
