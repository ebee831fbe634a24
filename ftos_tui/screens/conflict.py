"""A save that came too late: base, theirs and mine for every part, and a choice for each clash."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from ftos_tui.actions import CONFLICT
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.diff_view import NOTHING
from ftos_tui.screens.frame import FrameScreen, bindings_of
from ftos_tui.studio.conflicts import Conflict, Outcome, Part
from ftos_tui.studio.failures import counted
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource

if TYPE_CHECKING:
    from ftos_tui.screens.edit import EditScreen

_COLUMNS = (
    Column("field", "Field", width=20, flex=1, sortable=False),
    Column("base", "Was", width=15, flex=1, sortable=False),
    Column("theirs", "Theirs", width=15, flex=1, sortable=False),
    Column("mine", "Mine", width=15, flex=1, sortable=False),
    Column("taken", "Takes", width=6, sortable=False),
)


class ConflictScreen(FrameScreen):
    """What others saved meanwhile, beside what the form holds. Clashes stand first, each taking mine until chosen.

    Args:
        path: The breadcrumb of the form.
        form: The form, which stays as it is until the outcome is accepted.
        conflict: The edit and the version that was saved.
    """

    BINDINGS = bindings_of(CONFLICT)
    place = CONFLICT
    help_topic = (
        "Somebody saved this provider after you opened it. Was is what both of you started from, Theirs what is saved "
        "now, Mine what stands in your form. What only one of you changed is taken from whoever did; rows marked ! "
        "are clashes: m takes mine, t takes theirs, Enter goes from one to the other. A clash is also an App Password "
        "or App Key that you entered for another destination than the one saved now.\n\n"
        "F2 puts the outcome into the form, on top of what is saved: nothing is saved until you save. x drops your "
        "changes and takes theirs. Esc goes back to the form as it was."
    )

    def __init__(self, path: tuple[str, ...], form: "EditScreen", conflict: Conflict) -> None:
        super().__init__()
        self.path = path
        self.form = form
        self.conflict = conflict
        self.parts = sorted(conflict.parts, key=lambda part: part.outcome is not Outcome.CLASH)
        self.taken: set[str] = set()

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the conflict."""
        return (*self.path, "Conflict")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "conflict.mine",
            "conflict.theirs",
            "conflict.accept",
            "conflict.drop",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """Who saved what, the parts, and the one under the cursor in full."""
        theirs, clashes = self.conflict.theirs, len(self.conflict.clashes)
        left = counted(clashes, "clash, choose", "clashes, choose") if clashes else "no clash"
        yield Line(
            f"{visible(theirs.saved_by.user)} saved version {theirs.number} at {theirs.saved_at:%H:%M:%S} UTC"
            f"{f' ({theirs.reason})' if theirs.reason else ''}: {left}. F2 puts the outcome into the form.",
            most=2,
            id="about",
        )
        yield RowList(_COLUMNS, StaticSource(self._rows()), id="parts", empty_text="Nothing differs: F2 goes on.")
        yield Line(most=3, id="full")

    def on_mount(self) -> None:
        """Starts at the first clash."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the parts."""
        self.set_focus(self.rows)

    @property
    def rows(self) -> RowList:
        """The list of parts."""
        return self.query_one("#parts", RowList)

    def _rows(self) -> list[Row]:
        return [
            Row(
                part.id,
                (part.label, part.base or NOTHING, part.theirs or NOTHING, part.mine or NOTHING, self._takes(part)),
                mark="!" if part.outcome is Outcome.CLASH else "",
            )
            for part in self.parts
        ]

    def _takes(self, part: Part) -> str:
        if part.outcome is not Outcome.CLASH:
            return "both" if part.outcome is Outcome.SAME else str(part.outcome)
        return "theirs" if part.id in self.taken else "mine"

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says in full what the columns had no room for."""
        event.stop()
        cells = event.row.cells if event.row else ()
        text = f"{cells[0]}: was {cells[1]}, theirs {cells[2]}, mine {cells[3]}" if cells else ""
        self.query_one("#full", Line).text = text

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter goes from mine to theirs and back."""
        event.stop()
        self._take(event.row.key not in self.taken)

    def action_mine(self) -> None:
        """Takes mine."""
        self._take(False)

    def action_theirs(self) -> None:
        """Takes theirs."""
        self._take(True)

    def _take(self, theirs: bool) -> None:
        row = self.rows.row
        if row is None:
            return
        if row.key not in {part.id for part in self.conflict.clashes}:
            self.console_app.report(Level.INFO, f"{visible(row.cells[0])} is no clash: there is nothing to choose.")
            return
        (self.taken.add if theirs else self.taken.discard)(row.key)
        self.rows.set_source(StaticSource(self._rows()), row.key)

    def action_accept(self) -> None:
        """Puts the outcome into the form."""
        if self.app.screen is not self:
            return
        self.console_app.go_back()
        self.form.put_on(self.conflict.resolved(self.taken))
        number = self.conflict.theirs.number
        self.console_app.report(Level.INFO, f"Your changes stand on version {number} now, unsaved: save them again.")

    def action_drop(self) -> None:
        """Drops my changes."""
        start(self, self._drop, "ask")

    async def _drop(self) -> None:
        answer = await self.question.ask("Drop your changes and take theirs?", {"y": "drop mine", "escape": "stay"})
        if answer == "y" and self.app.screen is self:
            form, theirs = self.form, self.conflict.theirs
            self.console_app.go_back()
            start(form, partial(form.saver.start_from, theirs), "save", exclusive=False)
