"""One version of a provider, and two of them beside each other."""

from collections.abc import Iterable

from textual.widget import Widget

from ftos_tui.domain.diff import secret_words, status_words
from ftos_tui.domain.draft import text_of
from ftos_tui.domain.fields import FIELDS
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import visible
from ftos_tui.screens.diff_view import NOTHING, diff_list, in_full, what_follows
from ftos_tui.screens.frame import FrameScreen, closed_by
from ftos_tui.studio.failures import counted
from ftos_tui.studio.history import Comparison
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.meaning_panel import MeaningPanel
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource


class VersionScreen(FrameScreen):
    """What one version holds.

    Args:
        path: The breadcrumb of the history.
        version: The version.
    """

    BINDINGS = closed_by("history.show")
    help_topic = "Every field as this version holds it. Of App Password and App Key only whether one was set."

    def __init__(self, path: tuple[str, ...], version: ProviderVersion) -> None:
        super().__init__()
        self.path = path
        self.version = version

    def breadcrumb(self) -> tuple[str, ...]:
        """The history's, and the version."""
        return (*self.path, f"Version {self.version.number}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return ("everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """Who saved it, and the fields."""
        yield Line(saved_words(self.version), most=2)
        columns = (
            Column("field", "Field", width=23, sortable=False),
            Column("value", "Value", width=40, flex=1, sortable=False),
        )
        yield RowList(columns, StaticSource(self._rows()), id="fields")
        yield Line(most=3, id="full")

    def _rows(self) -> list[Row]:
        version = self.version
        rows = [
            Row(
                spec.id,
                (
                    spec.label,
                    (
                        secret_words(version.secrets[spec.id])
                        if spec.secret
                        else text_of(spec.id, version.values.get(spec.id)) or NOTHING
                    ),
                ),
            )
            for spec in FIELDS
        ]
        return rows + [
            Row(f"status {place}", (f"Status {row.code}", status_words(row)))
            for place, row in enumerate(version.statuses)
        ]

    def on_mount(self) -> None:
        """Starts at the first field."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the fields."""
        self.set_focus(self.query_one("#fields"))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says in full what the column had no room for."""
        event.stop()
        self.query_one("#full", Line).text = ": ".join(event.row.cells) if event.row else ""


class CompareVersionsScreen(FrameScreen):
    """What differs between two versions, and what follows from it.

    Args:
        path: The breadcrumb of the history.
        comparison: Both of them.
    """

    CSS = "CompareVersionsScreen #diff { height: 3fr; } CompareVersionsScreen #follows { height: 1fr; padding: 0 1; }"
    help_topic = (
        "What differs between two versions, field by field, keys of appConfig and statuses one by one; below it what "
        "follows where the right one takes the place of the left one."
    )

    def __init__(self, path: tuple[str, ...], comparison: Comparison) -> None:
        super().__init__()
        self.path = path
        self.comparison = comparison

    def breadcrumb(self) -> tuple[str, ...]:
        """The history's, and both numbers."""
        return (*self.path, f"{self.comparison.before.number} → {self.comparison.after.number}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return ("everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """Which two, the difference, and what follows."""
        before, after = self.comparison.before, self.comparison.after
        fields = len(dict.fromkeys(row.field for row in self.comparison.rows))
        yield Line(f"Before: {saved_words(before)}")
        yield Line(f"After: {saved_words(after)} · {counted(fields, 'field differs', 'fields differ')}")
        yield diff_list(self.comparison.rows, "diff")
        yield Line(most=2, id="full")
        yield MeaningPanel([what_follows(self.comparison.consequences)], id="follows")

    def on_mount(self) -> None:
        """Starts at the first difference."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the difference."""
        self.set_focus(self.query_one("#diff"))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says in full what the columns had no room for."""
        event.stop()
        self.query_one("#full", Line).text = in_full(event.row)


def saved_words(version: ProviderVersion) -> str:
    """Which version, when, by whom, from where and why."""
    words = f"version {version.number}, {version.action} {version.saved_at:%Y-%m-%d %H:%M:%S} UTC by {version.saved_by}"
    return visible(words + (f": {version.reason}" if version.reason else ""))
