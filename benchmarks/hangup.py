"""How fast the console is gone, the unsaved edit kept, when the line drops."""

from benchmarks.figures import Figure
from benchmarks.places import Operator
from benchmarks.starts import list_command, open_form
from benchmarks.terminal import CannotMeasure, Terminal

_TYPED = "-dropped-line"


def hangup_figure(operator: Operator, rounds: int = 7) -> Figure:
    """From the dropped line to the process gone, with an edit so new that no timer has kept it yet.

    Args:
        operator: Has the shipped providers, one of them configured.
        rounds: How often; the worst counts, as it is a promise and not a habit.

    Raises:
        CannotMeasure: The edit was not on disk when the process was gone.
    """
    worst = 0.0
    for _ in range(rounds):
        operator.start_afresh()
        with Terminal(list_command(), operator.environ) as console:
            open_form(console)
            for _ in range(3):
                console.answer("\x1b[B")
            console.forget()
            console.send(_TYPED)
            console.shown(_TYPED)  # what the console has not read yet goes with the line
            worst = max(worst, console.hang_up())
        if not any(_TYPED in draft.read_text() for draft in operator.drafts.glob("*.json")):
            raise CannotMeasure("the process is gone, and the edit is not on disk")
    operator.start_afresh()
    return Figure("hang-up to draft kept, process gone", worst, "s", 0.5, absolute=True, note=f"worst of {rounds}")
