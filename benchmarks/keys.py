"""What a key press costs in the form: bytes on the line, and time until the answer is on the screen."""

import statistics
from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.places import Operator
from benchmarks.starts import SMALLEST, SMALLEST_SHOWS, list_command, open_form
from benchmarks.terminal import Answer, Terminal

_DOWN = "\x1b[B"
_DELETE = "\x7f"
_FIELD = 3
"""Service Url stands so many fields below the first one; its check is the longest."""

IDLE_S = 5.0

# Twenty characters and twenty times Backspace, five times over: 200 keys, each of which changes the field. The first
# one makes the field unsaved and the last one undoes that, which changes more than the field.
_TYPED = ("/v3/mail/send-a-b-cd" + _DELETE * 20) * 5


def key_figures(operator: Operator) -> list[Figure]:
    """Bytes and time a key, in the console's form and in the smallest app's input, and bytes of an idle minute.

    Args:
        operator: Has the shipped providers, one of them configured.
    """
    operator.start_afresh()
    with (
        Terminal(SMALLEST, operator.environ) as smallest,
        Terminal(list_command(), operator.environ) as console,
    ):
        smallest.shown(SMALLEST_SHOWS)
        smallest.settle()
        open_form(console)
        idle_form = console.idle(IDLE_S)
        moves = [console.answer(_DOWN) for _ in range(_FIELD)]
        ours, theirs = _in_turns(console, smallest)
        moves += [console.answer(_DOWN) for _ in range(10)]
        console.settle(1.0)
        idle_typed = console.idle(IDLE_S)
        idle_smallest = smallest.idle(IDLE_S)
    count = f"{len(ours)} keys in Service Url"
    return [
        Figure("bytes a key, form field", _mean_size(ours), "bytes", 200, _mean_size(theirs), True, note=count),
        Figure("key to screen, 95 %", _p95_ms(ours), "ms", 16, _p95_ms(theirs), True, strict=True, note=count),
        Figure("key to screen, median", _median_ms(ours), "ms", None, _median_ms(theirs), True, note=count),
        Figure("arrow to next field", _median_ms(moves), "ms", None, note=f"median of {len(moves)}"),
        Figure("bytes an arrow to next field", _mean_size(moves), "bytes", None, note=f"mean of {len(moves)}"),
        Figure(
            "idle in the form",
            max(idle_form, idle_typed),
            "B/s",
            0,
            idle_smallest,
            True,
            note=f"{IDLE_S:g} s before and after typing, the greater",
        ),
    ]


def _in_turns(console: Terminal, smallest: Terminal) -> tuple[list[Answer], list[Answer]]:
    ours: list[Answer] = []
    theirs: list[Answer] = []
    for key in _TYPED:
        ours.append(console.answer(key))
        theirs.append(smallest.answer(key))
    return ours, theirs


def _mean_size(answers: Sequence[Answer]) -> float:
    return statistics.mean(answer.size for answer in answers)


def _median_ms(answers: Sequence[Answer]) -> float:
    return statistics.median(answer.seconds for answer in answers) * 1000


def _p95_ms(answers: Sequence[Answer]) -> float:
    return statistics.quantiles((answer.seconds for answer in answers), n=20)[-1] * 1000
