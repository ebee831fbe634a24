"""The history of a provider at the console: listed, shown, compared, rolled back."""

import pytest

from ftos_tui.config import Environment
from ftos_tui.domain.log import Level
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.history import COLUMNS, HistoryScreen, HistorySource, short_action
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.versions import CompareVersionsScreen, VersionScreen
from ftos_tui.studio.providers import open_provider, save
from ftos_tui.studio.session import Session
from ftos_tui.widgets.meaning_panel import MeaningPanel
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, SECRETS, TEXTS, change, edited


async def history_of(operator: Operator, name: str = NAME) -> HistoryScreen:
    """Opens the history from the list."""
    await operator.listed()
    assert operator.providers.rows.move_to(open_provider(operator.app.session, name=name).provider_id)
    await operator.press("h")
    return await listed(operator)


async def listed(operator: Operator) -> HistoryScreen:
    screen = await operator.until_on(HistoryScreen)
    await operator.until(lambda: screen.rows.rows and not screen.rows.busy)
    return screen


def rolled_back(form: EditScreen) -> int | None:
    return form.model.rolls_back_to


def shows(operator: Operator, number: int) -> bool:
    return any(row.key == str(number) for row in operator.row_list("versions").rows)


@pytest.mark.parametrize(
    "action", ["shipped", "create", "save", "import", "rollback", "clear_secret", "delete", "trial_reverted"]
)
def test_every_action_fits_its_column(action: str) -> None:
    column = next(column for column in COLUMNS if column.key == "action")
    assert len(short_action(action)) <= column.least


async def test_versions_are_listed_newest_first(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    save(session, edited(session, edits={"pool_time_retry": "00:00:30"}), acknowledged=["pool_short"], reason="[/] why")
    async with at_console(session) as operator:
        await history_of(operator)
        assert [row[0] for row in operator.cells("versions")] == ["4", "3", "2", "1"]
        assert operator.cells("versions")[0][2:] == ("ana", "save", "Pool Time Retry", "[/] why")
        said = "version 4, save 2026-01-02 12:00:00 UTC by ana@jump1: [/] why · changed Pool Time Retry · acknowledged"
        await operator.until(lambda: said in operator.text.replace("\n", " ").replace("  ", " "))
        await operator.snapshot("history")
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)


async def test_a_version_is_shown_and_compared(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    change(session, "bob", bulk_no="70")
    async with at_console(session) as operator:
        await history_of(operator)
        await operator.press("j", "v")
        await operator.until_on(VersionScreen)
        assert ("Bulk No", "60") in operator.cells("fields")
        assert ("App Key", "version 1 by ana") in operator.cells("fields")
        assert "canary" not in operator.text
        await operator.press("escape", "enter")
        await operator.until_on(CompareVersionsScreen)
        assert operator.cells("diff") == [("Bulk No", "changed", "60", "70")]
        panel = operator.app.screen.query_one(MeaningPanel)
        assert panel.sections[0].lines == ("→ 60 to 70 a step = at most 4,200 an hour instead of 3,600.",)
        assert "After: version 4, save" in operator.text
        await operator.press("escape", "home", "enter")
        await operator.until_on(CompareVersionsScreen)
        assert "3 → 4" in operator.text


async def test_a_marked_version_is_what_others_are_compared_with(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    change(session, "bob", bulk_no="70")
    async with at_console(session) as operator:
        screen = await history_of(operator)
        await operator.press("j", "m")
        await operator.until_logged("Version 3 is marked: Enter compares with it.")
        await operator.until(lambda: screen.rows.rows[1].mark == "●" and not screen.rows.busy)
        await operator.press("j", "enter")
        await operator.until_on(CompareVersionsScreen)
        assert operator.cells("diff") == [("Bulk No", "changed", "50", "60")]
        await operator.press("escape", "k", "m")
        await operator.until_logged("No version is marked.")


async def test_a_rollback_is_saved_at_once_when_nothing_stands_against_it(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    async with at_console(session) as operator:
        await history_of(operator)
        await operator.press("b")
        await operator.until_logged("Version 3 is what version 3 was: nothing to roll back.")
        await operator.press("j", "b")
        await operator.until_asked("Roll back to version 2? 1 field changes. y save it now · f look at it in the form")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("b")
        await operator.until_asked("Roll back to version 2?")
        await operator.press("y")
        await operator.until(lambda: shows(operator, 4))
        version = open_provider(session, name=NAME)
        assert (version.action, version.reason, version.values["bulk_no"]) == ("rollback", "As in version 2", 50)


async def test_a_rollback_to_another_destination_asks_for_the_secrets_in_the_form(session: Session) -> None:
    moved = edited(session, edits={"service_url": "https://eu.example.com"}, secrets=SECRETS)
    save(session, moved)
    async with at_console(session) as operator:
        await history_of(operator)
        await operator.press("j", "b")
        await operator.until_asked("Enter App Password again, because Service Url changed")
        assert "save it now" not in operator.asked
        await operator.press("f")
        await operator.until_on(EditScreen)
        await operator.until_logged("What version 2 held stands in the form, not saved yet.")
        assert operator.row("service_url").control.value == TEXTS["service_url"]
        for field_id, secret in SECRETS.items():
            await operator.type(field_id, secret)
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        version = open_provider(session, name=NAME)
        assert (version.action, version.reason, version.secrets["app_key"].version) == (
            "rollback",
            "As in version 2",
            3,
        )


async def test_from_the_form_a_rollback_comes_back_into_it(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.press("shift+f4")
        await listed(operator)
        await operator.press("j", "b")
        await operator.until_asked("Roll back to version 2?")
        await operator.press("f")
        assert await operator.until_on(EditScreen) is form
        await operator.until(lambda: operator.row("bulk_no").control.value == "50")
        assert rolled_back(form) == 2
        await operator.type("bulk_no", "51")
        assert rolled_back(form) is None
        await operator.press("ctrl+r")
        await operator.until_logged("version 4 (1 field)")
        assert open_provider(session, name=NAME).action == "save"


async def test_a_form_beneath_shows_what_was_rolled_back_at_once(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.press("shift+f4")
        await listed(operator)
        await operator.press("j", "b")
        await operator.until_asked("Roll back to version 2?")
        await operator.press("y")
        await operator.until(lambda: shows(operator, 4))
        await operator.press("escape")
        await operator.until_on(EditScreen)
        assert (form.model.draft.base.version, operator.row("bulk_no").control.value) == (4, "50")


async def test_a_form_with_changes_is_not_rolled_over(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "70")
        await operator.press("shift+f4")
        await listed(operator)
        await operator.press("j", "b")
        await operator.until_logged("Save or undo the form's changes first, then roll back.")


async def test_a_rollback_on_what_somebody_changed_meanwhile_is_refused(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    async with at_console(session) as operator:
        await history_of(operator)
        change(session, "carol", bulk_no="70")
        await operator.press("j", "b")
        await operator.until_asked("Roll back to version 2?")
        await operator.press("y")
        await operator.until_logged("carol saved version 4 meanwhile (Bulk No): nothing was saved.")
        await operator.until(lambda: shows(operator, 4))
        assert open_provider(session, name=NAME).number == 4


async def test_a_stale_form_takes_the_rollback_on_the_version_it_was_asked_for(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        change(session, "bob", bulk_no="60")
        await operator.press("shift+f4")
        await listed(operator)
        await operator.press("j", "b")
        await operator.until_asked("Roll back to version 2?")
        await operator.press("f")
        await operator.until(lambda: form.model.rolls_back_to == 2)
        assert form.model.draft.base.version == 3


async def test_what_cannot_be_read_is_said(session: Session) -> None:
    async with at_console(session) as operator:
        screen = await history_of(operator)
        session.close()
        session.store_path.write_bytes(b"no database" * 100)
        for key in ("enter", "v", "b"):
            operator.app.log_entries.clear()
            await operator.press(key)
            await operator.until(lambda: operator.logged)
        assert operator.app.screen is screen


async def test_a_form_that_cannot_be_opened_is_said(session: Session) -> None:
    change(session, "bob", bulk_no="60")
    async with at_console(session) as operator:
        await history_of(operator)
        await operator.press("j", "b")
        await operator.until_asked("Roll back to version 2?")
        session.close()
        session.store_path.write_bytes(b"no database" * 100)
        operator.app.log_entries.clear()
        await operator.press("f")
        await operator.until(lambda: Level.ERROR in operator.levels(""))
        assert not isinstance(operator.app.screen, EditScreen)


async def test_a_read_only_environment_takes_no_rollback(open_with: Opener) -> None:
    session = open_with(Environment(read_only=True))
    async with at_console(session) as operator:
        await history_of(operator)
        await operator.press("j", "b")
        await operator.until_logged("is read-only")


async def test_a_new_provider_has_no_history(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("n")
        await operator.until_on(EditScreen)
        await operator.press("shift+f4")
        await operator.until_logged("A new provider has no history yet.")


async def test_pages_of_the_history_read_either_way_meet(session: Session) -> None:
    for number in range(51, 56):
        change(session, "bob", bulk_no=str(number))
    async with at_console(session) as operator:
        screen = await history_of(operator)
        source = HistorySource(screen, screen.provider_id)

        async def keys(after: int | None, backwards: bool) -> list[int]:
            return [int(row.key) for row in await source.fetch(after, backwards, 3)]

        assert await keys(None, False) == [7, 6, 5]
        assert await keys(5, False) == [4, 3, 2]
        assert await keys(2, False) == [1]
        assert await keys(None, True) == [3, 2, 1]
        assert await keys(3, True) == [6, 5, 4]
        assert await keys(6, True) == [7]
        assert await keys(7, True) == []
        assert source.newest == 7


async def test_keys_on_an_empty_list_do_nothing(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        operator.app.push_screen(HistoryScreen(("x",), "nobody"))
        screen = await operator.until_on(HistoryScreen)
        await operator.until(lambda: not screen.rows.busy)
        await operator.press("m", "v", "b", "enter")
        assert screen.marked is None
        assert operator.on(HistoryScreen) is screen
