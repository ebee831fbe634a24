"""The list of channel provider statuses: rows added, edited, removed, presets, the warning, the counts."""

from ftos_tui.domain.status_presets import SENDGRID, SMPP, SMTP
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.status_row import StatusRowScreen
from ftos_tui.screens.statuses import StatusesScreen
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME


async def open_statuses(operator: Operator, name: str = NAME) -> StatusesScreen:
    """Opens the list from the form."""
    await operator.open(name)
    await operator.press("f3")
    screen = await operator.until_on(StatusesScreen)
    await operator.until(lambda: screen.rows.row is not None)
    return screen


async def test_the_list_shows_all_columns_and_how_many_messages_bear_a_status(session: Session) -> None:
    provider_id = open_provider(session, name=NAME).provider_id
    session.store.count_status(provider_id, "delivered", 1234)
    async with at_console(session) as operator:
        await open_statuses(operator)
        assert len(operator.cells("statuses")) == len(SENDGRID)
        delivered = next(cells for cells in operator.cells("statuses") if cells[0] == "delivered")
        assert (delivered[2], delivered[-2]) == ("delivered", "1,234")
        assert f"{len(SENDGRID)} rows, as saved" in operator.text
        assert "Code" in operator.lines[1]
        assert "Count" in operator.lines[1]
        await operator.press("f3")
        await operator.until_on(EditScreen)


async def test_a_row_is_added_checked_and_saved_with_the_provider(session: Session) -> None:
    async with at_console(session) as operator:
        statuses = await open_statuses(operator)
        await operator.press("n")
        await operator.until_on(StatusRowScreen)
        await operator.press("ctrl+s")
        await operator.until_logged("The row is not taken: put right what is marked, or Esc leaves it.")
        assert operator.codes("code") == ["status_code"]
        assert operator.codes("label") == ["status_label"]
        await operator.press(*"DELIVERED")
        await operator.until(lambda: operator.codes("code") == ["status_duplicate"])
        await operator.type("code", "greylisted")
        assert operator.codes("code") == []
        await operator.press("enter", *"Later", "down", "right", "down", "space", "up", "down", "down", "y")
        row = operator.on(StatusRowScreen).row
        assert (row.code, row.label, row.canonical, row.terminal, row.retryable) == (
            "greylisted",
            "Later",
            "deferred",
            True,
            True,
        )
        assert operator.row("code").changed
        await operator.press("up", "n", "f2")
        await operator.until_on(StatusesScreen)
        await operator.until(lambda: statuses.rows.row is not None and statuses.rows.row.cells[0] == "greylisted")
        assert f"{len(SENDGRID) + 1} rows, changed, saved with the provider" in operator.text
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        saved = open_provider(session, name=NAME).statuses
        assert saved[-1].code == "greylisted"
        assert (saved[-1].terminal, saved[-1].retryable) == (False, True)


async def test_a_row_is_edited_and_leaving_it_changed_asks(session: Session) -> None:
    async with at_console(session) as operator:
        statuses = await open_statuses(operator)
        await operator.press("j", "enter")
        row_screen = await operator.until_on(StatusRowScreen)
        assert row_screen.before == SENDGRID[1]
        assert operator.lines[0].strip().split("   ")[0].endswith(SENDGRID[1].code)
        await operator.press("escape")
        await operator.until_on(StatusesScreen)
        await operator.press("e")
        await operator.until_on(StatusRowScreen)
        await operator.type("label", "Another label")
        await operator.press("escape")
        await operator.until_asked("The row was changed. x leave it as it was · Esc stay")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("escape")
        await operator.until_asked("The row was changed.")
        await operator.press("x")
        await operator.until_on(StatusesScreen)
        assert statuses.form.statuses == SENDGRID
        await operator.press("e")
        await operator.until_on(StatusRowScreen)
        await operator.type("label", "Another label")
        await operator.press("ctrl+s")
        await operator.until_on(StatusesScreen)
        assert statuses.form.statuses[1].label == "Another label"
        await operator.until(lambda: statuses.index == 1)


async def test_rows_are_removed_down_to_the_last_and_undo_brings_them_back(session: Session) -> None:
    async with at_console(session) as operator:
        statuses = await open_statuses(operator)
        first = SENDGRID[0].code
        await operator.press("d")
        await operator.until_logged(f"Removed {first} from the list, not saved yet.")
        assert statuses.form.statuses == SENDGRID[1:]
        for left in range(len(SENDGRID) - 2, -1, -1):
            await operator.until(lambda: not statuses.rows.busy)
            statuses.action_remove()
            assert len(statuses.form.statuses) == left
        await operator.until(lambda: "No status yet. n adds one, p a preset." in operator.text)
        statuses.action_remove()
        statuses.action_edit()
        assert operator.app.screen is statuses
        assert "[status_no_success] F7 acknowledges" in operator.text
        await operator.press("f7")
        assert "[status_no_success] acknowledged" in operator.text
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("ctrl+z")
        await operator.until(lambda: len(operator.form.statuses) == 1)


async def take_preset(operator: Operator, key: str, preset: tuple[StatusRow, ...]) -> None:
    """Takes a preset and waits until the list shows it."""
    await operator.press("p")
    await operator.until_asked("which preset?")
    await operator.press(key)
    await operator.until(lambda: operator.on(StatusesScreen).form.statuses == preset)
    await operator.until(lambda: len(operator.cells("statuses")) == len(preset))


async def test_a_preset_takes_the_place_of_all_rows(session: Session) -> None:
    async with at_console(session) as operator:
        statuses = await open_statuses(operator)
        await operator.press("f7")
        await operator.until_logged("No warning about the list of statuses.")
        await operator.press("p")
        await operator.until_asked("Replace all rows by which preset? m SMTP · g SendGrid · p SMPP · Esc keep the rows")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert statuses.form.statuses == SENDGRID
        for answer in (("m", SMTP), ("p", SMPP), ("g", SENDGRID)):
            await take_preset(operator, *answer)
        assert statuses.form.model.unsaved == ()


async def test_a_row_that_is_both_final_and_retryable_is_warned_of_in_the_list(session: Session) -> None:
    async with at_console(session) as operator:
        statuses = await open_statuses(operator)
        row = SENDGRID[0]
        both = type(row)(row.code, row.label, row.canonical, True, True)
        statuses.put((both, *SENDGRID[1:]), 0)
        await operator.until(lambda: "[status_terminal_retryable] F7 acknowledges" in operator.text)
        twice = type(row)(row.code.upper(), row.label, row.canonical)
        statuses.put((row, twice, *SENDGRID[1:]), 0)
        await operator.until(lambda: "✗ Change one of the codes in rows 1 and 2" in operator.text)
        spaced = type(row)(f" {row.code}", row.label, row.canonical)
        statuses.put((spaced, *SENDGRID[1:]), 0)
        await operator.until(lambda: "Spaces around the texts of row 1 were dropped." in operator.text)
