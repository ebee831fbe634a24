"""The form's part in what goes on at its provider: counts, a day's curves and the last errors, followed while shown."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.delivery.curve import curve
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.widgets.background import running, start
from ftos_tui.widgets.cells import fit
from ftos_tui.widgets.meaning_panel import Section

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen
    from ftos_tui.studio.activity import Activity

PACE: Final = 3.0
"""Seconds between two looks; they cost the line nothing unless something differs."""

_LABEL: Final = 14


class FormActivity:
    """What goes on at the provider of a form. The store is asked only while there is somewhere to show it.

    Args:
        form: The form.

    Attributes:
        now: What was found last; None before the first look, and of a new provider.
    """

    def __init__(self, form: "EditScreen") -> None:
        self.form = form
        self.now: Activity | None = None

    def follow(self) -> None:
        """Looks now, and from now on."""
        self.form.set_interval(PACE, self.look)
        self.form.call_after_refresh(self.look)  # only then it is known how much room there is

    def look(self) -> None:
        """Looks, unless the form stands alone and has no room for it."""
        form = self.form
        shown = form.has_class("wide") or form.app.screen is not form
        if form.model.draft.base.provider_id and shown and not running(form, "activity"):
            start(form, self._look, "activity")

    async def _look(self) -> None:
        from ftos_tui.studio.activity import activity

        form, session, provider_id = self.form, self.form.session, self.form.model.draft.base.provider_id or ""
        try:
            found = await form.console_app.carry_out(
                lambda: activity(session, provider_id), lasting=False, quiet=True, session=session
            )
        except Failure:
            return  # where the store is away, others say so
        if self.now is None or _differs(self.now, found):
            self.now = found
            form.counts = dict(found.counts)
            for screen in form.app.screen_stack:
                show_activity = getattr(screen, "show_activity", None)
                if show_activity is not None:
                    show_activity()

    def curve_of(self, code: str) -> str:
        """The last 24 hours of a status; empty where no message came to it then."""
        hours = self.now.hours.get(code) if self.now is not None else None
        return curve(hours) if hours else ""


def _differs(before: "Activity", after: "Activity") -> bool:
    told = [(one.counts, one.hours, one.accepted, one.load, one.stopped, one.troubles) for one in (before, after)]
    return told[0] != told[1]


def activity_sections(now: "Activity | None", statuses: Sequence[StatusRow]) -> Iterator[Section]:
    """What the panel beside the form shows of it; nothing of a provider without messages.

    Args:
        now: What was found last.
        statuses: The provider's list of statuses, for their labels.
    """
    if now is None:
        return
    lines = [now.stopped] if now.stopped else []
    if now.load.in_words:
        lines.append(f"{now.load.in_words}.")
    if lines:
        yield Section("Messages", tuple(lines))
    curves = [(row.label, now.hours[row.code]) for row in statuses if row.code in now.hours]
    if any(now.accepted):
        curves.insert(0, ("Accepted", now.accepted))
    if curves:
        drawn = tuple(f"{fit(label, _LABEL)} {curve(hours)}" for label, hours in curves)
        yield Section("Last 24 hours, now at the right", drawn)
    if now.troubles:
        yield Section("Last errors", tuple(trouble.in_words(now.now) for trouble in now.troubles))
