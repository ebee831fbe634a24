"""Starts work beside the keys: the one way in which screens and widgets begin a worker."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.dom import DOMNode


def start(
    node: DOMNode, work: Callable[[], Coroutine[Any, Any, object]], group: str, *, exclusive: bool = True
) -> None:
    """Starts a worker of a screen, a widget or the app; it ends with it.

    Takes a function rather than a coroutine: one that is replaced before it started would be reported as never
    awaited. Textual's own annotation does not admit that function (its type variable binds to Never).

    Args:
        node: Whose worker it is.
        work: What to do.
        group: What it belongs to.
        exclusive: Whether it takes the place of a worker of the same group that still runs.
    """
    node.run_worker(cast(Any, work), group=group, exclusive=exclusive)


def running(node: DOMNode, group: str) -> bool:
    """Whether a worker of a group still runs: what is looked at again and again waits for a slow look to end."""
    return any(worker.node is node and worker.group == group and not worker.is_finished for worker in node.workers)
