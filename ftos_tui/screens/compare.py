"""Two environments side by side: which providers differ, in which fields, and which of them to carry over."""

from collections.abc import Iterable
from functools import partial
from itertools import islice

from textual.widget import Widget

from ftos_tui.actions import COMPARE, COMPARE_FIELDS
from ftos_tui.domain.diff import STATUSES
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import MENU_PATH, FrameScreen, bindings_of
from ftos_tui.studio.environments import Compared, Presence, compare_environments, promotion
from ftos_tui.studio.failures import counted
from ftos_tui.studio.session import Session
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList, StaticSource

_MOST = 5000
"""Providers compared on screen; the command line has no limit."""


class CompareScreen(FrameScreen):
    """The providers of two environments; those that differ.

    Args:
        there: A session in the other environment; the screen closes it.
    """

    BINDINGS = bindings_of(COMPARE)
    CSS = "CompareScreen RowList { height: 1fr; }"
    place = COMPARE
    help_topic = (
        "Which providers differ between this environment and the other one. Enter shows the fields side by side; from "
        "there chosen fields can be carried over. Of secrets only whether one is set is compared, and they never "
        "travel."
    )

    def __init__(self, there: Session) -> None:
        super().__init__()
        self.there = there
        self.found: dict[str, Compared] = {}

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path and the two environments."""
        return (*MENU_PATH, f"Compare with {self.there.environment.name.upper()}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (("Enter", "Fields"), "compare.refresh", "everywhere.back", "everywhere.help", "everywhere.keys")

    def content(self) -> Iterable[Widget]:
        """The providers that differ, and how many are the same."""
        columns = (
            Column("name", "Name", width=24, flex=1, sortable=False),
            Column("state", "State", width=11, sortable=False),
            Column("fields", "Fields that differ", width=34, flex=2, sortable=False, sentence=True),
        )
        yield RowList(columns, StaticSource(), id="compared", empty_text="Comparing…")
        yield Line(id="summary")

    def on_mount(self) -> None:
        """Compares at once."""
        super().on_mount()
        self.there.listeners.append(self.console_app.heard)
        self.focus_content()
        self.action_refresh()

    def on_unmount(self) -> None:
        """Gives the other store back."""
        self.there.close()

    def on_screen_resume(self) -> None:
        """Compares again after something was carried over."""
        super().on_screen_resume()
        if self.found:
            self.action_refresh()

    def focus_content(self) -> None:
        """Puts the focus on the list."""
        self.set_focus(self.query_one(RowList))

    def action_refresh(self) -> None:
        """Compares again."""
        start(self, self._compare, "compare")

    async def _compare(self) -> None:
        here, there = self.session, self.there
        found = await self.attempt(lambda: list(islice(compare_environments(here, there), _MOST)))
        rows = self.query_one(RowList)
        if found is None:
            rows.empty_text = "The environments could not be compared; the status log says why."
            rows.refresh()
            return
        self.found = {compared.name: compared for compared in found}
        differing = [compared for compared in found if compared.presence is not Presence.SAME]
        rows.empty_text = "No difference."
        rows.set_source(
            StaticSource(
                [Row(c.name, (c.name, c.presence.value, ", ".join(map(label_of, c.fields)))) for c in differing]
            )
        )
        rows.refresh()
        same = counted(len(found) - len(differing), "provider is", "providers are")
        self.query_one(
            Line
        ).text = f"{counted(len(differing), 'provider differs', 'providers differ')}, {same} the same"

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Shows the fields of the provider."""
        event.stop()
        compared = self.found.get(event.row.key)
        if compared is not None:
            self.open_screen(CompareFieldsScreen(self.there, compared))


class CompareFieldsScreen(FrameScreen):
    """One provider in two environments, field by field; chosen fields are carried over into the other one.

    Args:
        there: A session in the other environment.
        compared: The provider.
    """

    BINDINGS = bindings_of(COMPARE_FIELDS)
    CSS = "CompareFieldsScreen RowList { height: 1fr; }"
    place = COMPARE_FIELDS
    help_topic = (
        "✓ marks the fields that are carried over; Space chooses, a chooses all or none. Fields that belong to the "
        "environment (Service Url, App user, From Address) stay behind unless you choose them; secrets never "
        "travel. p opens the form of the other environment with the chosen fields changed there and not saved yet: "
        "look at them, enter the secrets it asks for, and save."
    )

    def __init__(self, there: Session, compared: Compared) -> None:
        super().__init__()
        self.there = there
        self.compared = compared
        differing = compared.fields or (*FIELD_BY_ID, STATUSES)
        self.candidates = tuple(f for f in differing if f == STATUSES or not FIELD_BY_ID[f].secret)
        self.chosen = {f for f in self.candidates if self._is_proposed(f)}

    def _is_proposed(self, field_id: str) -> bool:
        """Whether a field is chosen at first: not what the environment owns, and never an empty one over a set one."""
        here = self.compared.here
        if here is None:
            return False
        if field_id == STATUSES:
            return bool(here.statuses)
        return not FIELD_BY_ID[field_id].environment_owned and here.values.get(field_id) not in (None, "")

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path, the provider and the other environment."""
        return (*MENU_PATH, visible(self.compared.name), f"Compare with {self.there.environment.name.upper()}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "fields.choose",
            "fields.all",
            "fields.promote",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The differences side by side."""
        columns = (
            Column("field", "Field", width=20, sortable=False),
            Column("here", self.session.environment.name.upper(), width=26, flex=1, sortable=False),
            Column("there", self.there.environment.name.upper(), width=26, flex=1, sortable=False),
        )
        yield RowList(columns, StaticSource(self._rows()), id="fields")
        yield Line(self._words(), id="words")

    def _rows(self) -> list[Row]:
        return [
            Row(
                f"{number} {row.field}",
                (row.label, row.before or "—", row.after or "—"),
                mark="✓" if row.field in self.chosen else "",
            )
            for number, row in enumerate(self.compared.rows)
        ]

    def _words(self) -> str:
        if self.compared.here is None:
            return f"{self.compared.name} is only there: open {self.there.environment.name} to carry it back."
        if self.compared.there is None:
            return f"{self.compared.name} is only here: p carries it over as a new provider."
        way = f"{self.session.environment.name.upper()} → {self.there.environment.name.upper()}"
        return f"{counted(len(self.chosen), 'field is', 'fields are')} chosen. p carries them {way}."

    def on_mount(self) -> None:
        """Starts at the first difference."""
        super().on_mount()
        self.focus_content()

    def focus_content(self) -> None:
        """Puts the focus on the fields."""
        self.set_focus(self.query_one(RowList))

    def action_choose(self) -> None:
        """Chooses the field under the cursor, or lets it go."""
        row = self.query_one(RowList).row
        field_id = row.key.split(" ")[1] if row else ""
        if field_id not in self.candidates:
            self.console_app.report(Level.INFO, "Secrets never travel: they are entered in the other environment.")
            return
        self.chosen ^= {field_id}
        self._show()

    def action_all(self) -> None:
        """Chooses every field, or none."""
        self.chosen = set() if self.chosen == set(self.candidates) else set(self.candidates)
        self._show()

    def _show(self) -> None:
        rows = self.query_one(RowList)
        rows.set_source(StaticSource(self._rows()), rows.row.key if rows.row else None)
        self.query_one(Line).text = self._words()

    def action_promote(self) -> None:
        """Opens the form of the other environment with the chosen fields changed."""
        start(self, self._promote, "open")

    async def _promote(self) -> None:
        source = self.compared.here
        if source is None:
            self.console_app.report(Level.INFO, self._words())
            return
        if not self.chosen:
            self.console_app.report(Level.INFO, "No field is chosen: Space chooses the one under the cursor.")
            return
        there, chosen = self.there, tuple(sorted(self.chosen))
        if not await self.succeeds(there.permit_change):
            return
        draft = await self.attempt(lambda: promotion(source, there, chosen))
        if draft is None:
            return
        here = self.session.environment.name
        app = self.app
        console_app = self.console_app
        console_app.go_back()
        console_app.report(
            Level.INFO,
            f"Promotion from {here}: look at the fields marked * and save them in {there.environment.name}.",
        )
        start(app, partial(console_app.open_draft, draft, session=there), "open", exclusive=False)


def label_of(field_id: str) -> str:
    """A field's label as the comparison lists it."""
    return FIELD_BY_ID[field_id].label if field_id in FIELD_BY_ID else "Statuses"
