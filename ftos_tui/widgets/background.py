"""Starts work beside the keys: the one way in which screens and widgets begin a worker."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen


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

    async def carry_out() -> object:
        try:
            return await work()
        except (NoMatches, NoScreen, ScreenStackError):
            # Textual 8.2.8 cancels the workers of a screen only once its widgets are gone: what a worker brings back
            # meanwhile, as the outcome of a save while the console closes, has no place to be shown any more.
            if is_leaving(node):
                return None
            raise

    node.run_worker(cast(Any, carry_out), group=group, exclusive=exclusive)


def is_leaving(node: DOMNode) -> bool:
    """Whether a screen, a widget or the app is being taken away, or is gone."""
    if not node.app.is_running:
        return True
    return not isinstance(node, App) and not (node.is_attached and node.display)


def running(node: DOMNode, group: str) -> bool:
    """Whether a worker of a group still runs: what is looked at again and again waits for a slow look to end."""
    return any(worker.node is node and worker.group == group and not worker.is_finished for worker in node.workers)
