"""`providers watch`: what others do, as it happens."""

from typing import TYPE_CHECKING, Any

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.options import AsJson

if TYPE_CHECKING:
    from ftos_tui.studio.live import Change, News, Watch


def watch_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print every change as it is made, until Ctrl+C; with --json one object a line."""
    from ftos_tui.studio.live import Watch

    start: Start = ctx.obj
    with start.session() as session:
        session.store.head()  # a store that is away at the start ends the command
        told = _Told(as_json)
        told.watch = watch = Watch(session, told.take)
        try:
            watch.run()
        finally:
            watch.stop()
        if told.forbidden:
            from ftos_tui.studio.failures import NotPermitted

            raise NotPermitted(told.forbidden)


class _Told:
    """Prints news.

    Args:
        as_json: Whether as JSON lines.

    Attributes:
        watch: What tells them; ended when the store lets itself be followed no longer.
        forbidden: Why it does not; empty while it does.
    """

    watch: "Watch"

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.forbidden = ""

    def take(self, news: "News") -> None:
        """Prints what is new; about the store itself on standard error."""
        if news.forbidden:
            self.forbidden = news.trouble
            self.watch.stop()
        elif news.trouble:
            output.complain(f"{news.trouble} It is looked for again and again.")
        if news.back:
            output.complain("The store answers again.")
        if news.first:
            output.complain("Following the store; Ctrl+C ends it.")
        if news.left_out:
            output.complain(f"{news.left_out} earlier changes are left out: `ftos-tui audit list` tells them.")
        for change in news.changes:
            self._say(change)

    def _say(self, change: "Change") -> None:
        if self._as_json:
            output.say_json_line(change_shape(change))
            return
        from ftos_tui.studio.live_words import in_words

        output.say(f"{shapes.time_text(change.at)} {in_words(change)}")
        output.flush()


def change_shape(change: "Change") -> dict[str, Any]:
    """A change as JSON."""
    return {
        "sequence": change.sequence,
        "at": change.at.isoformat(),
        "user": change.user,
        "host": change.host,
        "action": change.action,
        "provider_id": change.provider_id or None,
        "name": change.name or None,
        "version": change.version or None,
        "changed": list(change.fields),
    }
