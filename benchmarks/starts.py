"""How long until a program stands on the screen, and how much memory it took: cold starts, taken in turns."""

import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.places import Operator, program
from benchmarks.terminal import Terminal

SMALLEST = (sys.executable, str(Path(__file__).with_name("smallest.py")))
"""The command of the smallest app."""

SMALLEST_SHOWS = "smallest-app"

FORM_SHOWS = "Click Setting"
"""The last field: once it is there, the whole form is."""


@dataclass(frozen=True, slots=True)
class Start:
    """A program to be started again and again.

    Attributes:
        name: What the table calls it.
        command: Program and arguments.
        environ: Its environment.
        shows: What stands on the screen once it is painted.
        before: What is done before each start.
    """

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    shows: Sequence[str]
    before: Callable[[], object] = bool


@dataclass(slots=True)
class Started:
    """What the starts of one program came to.

    Attributes:
        seconds: From start to painted, one a round.
        memory: Peak MiB once it was quiet, one a round.
    """

    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def median_ms(self) -> float:
        """The median time to the painted screen."""
        return statistics.median(self.seconds) * 1000

    @property
    def median_mib(self) -> float:
        """The median peak memory."""
        return statistics.median(self.memory)


def smallest_start(operator: Operator) -> Start:
    """The smallest Textual app."""
    return Start("smallest Textual app", SMALLEST, operator.environ, (SMALLEST_SHOWS,))


def console_starts(few: Operator, many: Operator, most: Operator) -> tuple[Start, Start, Start]:
    """The console at its menu, and the list of providers.

    Args:
        few: Has the shipped providers.
        many: Has 200.
        most: Has 100,000.
    """
    rows = ("Benchmark-000000", "Benchmark-000009")
    return (
        Start("first frame, menu", (program(),), few.environ, ("▸ Admin", "Quit"), few.start_afresh),
        Start("list with 200 rows, cold", list_command(), many.environ, rows),
        Start("list with 100,000 rows, cold", list_command(), most.environ, rows),
    )


def take_turns(starts: Sequence[Start], rounds: int) -> list[Started]:
    """Starts each program once a round, after a round that only warms up disk cache and .pyc files.

    Args:
        starts: The programs.
        rounds: How often; what disturbs the machine then disturbs all of them.

    Returns:
        What came out, in the order of the programs.
    """
    results = [Started() for _ in starts]
    for round_number in range(rounds + 1):
        for start, result in zip(starts, results, strict=True):
            start.before()
            with Terminal(start.command, start.environ) as terminal:
                seconds = terminal.shown(*start.shows)
                terminal.settle()
                if round_number:
                    result.seconds.append(seconds)
                    result.memory.append(terminal.peak_memory())
    return results


def start_figures(few: Operator, many: Operator, most: Operator, rounds: int) -> list[Figure]:
    """First frame, list and memory against the smallest app."""
    starts = (smallest_start(few), *console_starts(few, many, most))
    smallest, menu, listed, listed_most = take_turns(starts, rounds)
    form_mib = statistics.median(_form_memory(few, rounds=3))
    note = f"median of {rounds}, smallest app"

    def against(measure: str, ours: float, reference: float, unit: str, target: float) -> Figure:
        return Figure(measure, ours, unit, target, reference, note=note)

    return [
        against(starts[1].name, menu.median_ms, smallest.median_ms, "ms", 1.5),
        against(starts[2].name, listed.median_ms, smallest.median_ms, "ms", 2.5),
        against(starts[3].name, listed_most.median_ms, smallest.median_ms, "ms", 2.5),
        against("peak memory, menu", menu.median_mib, smallest.median_mib, "MiB", 2.0),
        against("peak memory, list", listed.median_mib, smallest.median_mib, "MiB", 2.0),
        against("peak memory, form with secrets", form_mib, smallest.median_mib, "MiB", 2.0),
    ]


def open_form(terminal: Terminal) -> None:
    """Goes from the list of the shipped providers, as it opens, to the form of the configured one."""
    terminal.shown("GatewaySMSOTP")  # the last row: the status log names the configured one, too
    terminal.settle()
    terminal.forget()
    terminal.send("\x1b[B\r")
    terminal.shown("Edit Channel Provider", FORM_SHOWS)  # the list names missing fields, too
    terminal.settle()


def list_command() -> tuple[str, str]:
    """The command that opens the list of providers."""
    return (program(), "providers")


def _form_memory(operator: Operator, rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        operator.start_afresh()
        with Terminal(list_command(), operator.environ) as terminal:
            open_form(terminal)
            yield terminal.peak_memory()
