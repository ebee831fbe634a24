"""The list of channel providers: filter, sort, open, new, duplicate, delete, refresh, drafts."""

from datetime import timedelta

import pytest
from textual.widgets import Input

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import EMPTY_VALUES
from ftos_tui.screens.drafts import DraftsScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.provider_source import saved_when
from ftos_tui.stores.protocol import NewVersion
from ftos_tui.studio.drafts import keep_draft
from ftos_tui.studio.failures import NotFound
from ftos_tui.studio.providers import new_draft, open_provider
from ftos_tui.studio.session import Session, new_id
from tests.screens.conftest import NOON
from tests.screens.operator import at_console
from tests.screens.values import NAME, change, configure, edited


async def test_first_start_lists_the_shipped_providers_and_what_each_lacks(shipped: Session) -> None:
    async with at_console(shipped) as operator:
        await operator.listed()
        names = [cells[0] for cells in operator.cells("providers")]
        assert names == [
            "FTOSApiSMS",
            "FTOSEmailGateway",
            "GatewayEmail",
            "GatewayEmailOTP",
            "GatewaySMS",
            "GatewaySMSOTP",
        ]
        assert {cells[5] for cells in operator.cells("providers")} == {"✗ 14"}
        await operator.press("j")
        await operator.until(lambda: "missing Provider Name, Service Url" in operator.text)
        assert "6 providers · not configured" in operator.text
        await operator.press("e")
        form = await operator.until_on(EditScreen)
        assert form.model.draft.base.values["name"] == NAME


async def test_a_configured_provider_is_ready_and_says_who_saved_it(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j")
        await operator.until(lambda: "ready · version 2 saved by ana 2026-01-02 12:00" in operator.text)
        cells = operator.cells("providers")[1]
        assert cells[:8] == (NAME, "email", "FtosProvider", "09:00:00-18:00:00", "50", "ready", "ana", "12:00")


@pytest.mark.parametrize(
    ("ago", "shown"), [(timedelta(), "12:00"), (timedelta(hours=13), "01-01"), (timedelta(days=2), "2025")]
)
def test_when_it_was_saved_takes_five_cells(ago: timedelta, shown: str) -> None:
    assert saved_when(NOON - ago, NOON) == shown


async def test_the_filter_works_while_it_is_typed_and_escape_takes_it_away(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("slash", "o", "t", "p")
        await operator.until(
            lambda: [c[0] for c in operator.cells("providers")] == ["GatewayEmailOTP", "GatewaySMSOTP"]
        )
        await operator.until(lambda: operator.text.count("2 providers · "))
        await operator.press("enter", "G")
        await operator.until(lambda: operator.providers.rows.row is operator.providers.rows.rows[1])
        await operator.press("slash", "x")
        await operator.until(lambda: "No channel provider here. n starts one, / changes the filter." in operator.text)
        await operator.until(lambda: " 0 providers" in operator.lines)
        # The keys of the list find no row to act on.
        operator.providers.action_edit()
        operator.providers.action_duplicate()
        operator.providers.action_delete()
        await operator.press("escape")
        await operator.until(lambda: len(operator.cells("providers")) == 6)
        assert not operator.providers.query_one("#filter", Input).display
        assert operator.providers.rows.has_focus
        await operator.press("escape")
        await operator.until_on(MenuScreen)


async def test_the_list_is_sorted_by_any_column_either_way(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("s")
        await operator.until(lambda: operator.cells("providers")[-1][1] == "sms" and "Chan▲" in operator.text)
        await operator.press("S")
        await operator.until(lambda: operator.cells("providers")[0][1] == "sms")
        await operator.press(*"sssss")
        await operator.until(lambda: operator.cells("providers")[0][5] == "ready" and not operator.providers.rows.busy)
        await operator.pilot.click("#providers", offset=(4, 0))
        await operator.until(lambda: operator.cells("providers")[0][0] == "FTOSApiSMS")


async def test_refreshing_shows_what_another_operator_saved_and_stays_on_the_row(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j")
        change(session, "bob", bulk_no="77")
        await operator.press("r")
        await operator.until(lambda: operator.cells("providers")[1][4] == "77")
        await operator.until(lambda: "version 3 saved by bob" in operator.text)
        change(session, "eva", bulk_no="78")
        await operator.press("f5")
        await operator.until(lambda: operator.cells("providers")[1][4] == "78")


async def test_a_double_click_opens_the_provider(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.pilot.click("#providers", offset=(4, 2), times=2)
        form = await operator.until_on(EditScreen)
        assert form.model.draft.base.values["name"] == NAME


async def test_a_new_provider_starts_with_proposals_and_nothing_else(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("n")
        form = await operator.until_on(EditScreen)
        assert form.model.draft.base.provider_id is None
        assert "New Channel Provider" in operator.text
        assert operator.lines[0].strip().split("   ")[0].endswith("New provider")
        await operator.press("escape")
        await operator.listed()


async def test_a_duplicate_takes_the_values_along_but_neither_name_nor_secrets(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j", "c")
        form = await operator.until_on(EditScreen)
        draft = form.model.draft
        assert draft.text("name") == f"{NAME}-copy"
        assert draft.text("service_url") == "https://api.sendgrid.com"
        assert not draft.base.secrets["app_key"].is_set
        assert form.is_mounted
        await operator.drafts_kept(1)


async def test_deleting_wants_the_name_typed(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j", "d")
        await operator.until_asked(f"Delete {NAME}? Type its name")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert operator.providers.rows.has_focus
        await operator.press("d")
        await operator.answer("FTOSEmailGatewax")
        await operator.until_logged(f"Not deleted: type {NAME} to confirm.")
        assert len(operator.cells("providers")) == 6
        await operator.press("d")
        await operator.answer(NAME)
        await operator.until(lambda: len(operator.cells("providers")) == 5)
        await operator.until_logged(f"Deleted {NAME} after version 2; its versions stay")
        with pytest.raises(NotFound):
            open_provider(session, name=NAME)


async def test_deleting_what_another_saved_meanwhile_is_refused(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j", "d")
        await operator.until_asked("Delete")
        change(session, "bob", bulk_no="77")
        await operator.answer(NAME)
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
        assert open_provider(session, name=NAME).number == 3


async def test_what_is_gone_is_said_and_not_opened(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j")
        summary = operator.providers.source.summaries[operator.providers.cursor_on]
        assert summary.name == NAME
        await operator.press("slash")
        session.close()
        store = session.store_path.read_bytes()
        session.store_path.write_bytes(b"no database" * 100)
        for action in ("duplicate", "delete", "edit"):
            operator.app.log_entries.clear()
            getattr(operator.providers, f"action_{action}")()
            await operator.until(lambda: operator.logged)
            assert operator.app.log_entries[-1].level is Level.ERROR
        operator.providers.action_refresh()
        await operator.until(lambda: "r tries again" in operator.text)
        session.store_path.write_bytes(store)
        operator.providers.focus_content()
        await operator.press("r")
        await operator.until(lambda: "r tries again" not in operator.text)
        assert len(operator.cells("providers")) == 6


async def test_a_provider_with_a_draft_is_marked_and_the_drafts_can_be_shown(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        assert "✎" not in operator.text
        await operator.press("u")
        await operator.until_logged("No unsaved draft was kept.")
        keep_draft(session, new_id(), edited(session, NAME, {"bulk_no": "60"}))
        await operator.press("r")
        await operator.until(lambda: any("✎FTOSEmailGateway" in line for line in operator.lines))
        await operator.press("u")
        await operator.until_on(DraftsScreen)
        await operator.press("escape")
        await operator.listed()
        await operator.open("GatewayEmail")
        await operator.press("escape")
        await operator.listed()


async def test_drafts_of_new_providers_are_counted_under_the_list(session: Session) -> None:
    keep_draft(session, new_id(), new_draft().with_text("name", "Fresh"))
    async with at_console(session) as operator:
        await operator.until_on(DraftsScreen)
        await operator.press("escape")
        await operator.listed()
        await operator.until(lambda: "6 providers · ✎ 1 draft of a new provider (u) · " in operator.text)


async def test_a_draft_kept_far_down_a_long_list_is_marked_there(session: Session) -> None:
    fill(session, 300)
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("G")
        await operator.until(lambda: operator.providers.rows.row and operator.providers.rows.row.cells[0] == "GW-0299")
        await operator.press("enter")
        await operator.until_on(EditScreen)
        await operator.type("bulk_no", "7")
        await operator.press("escape")
        await operator.until_asked("1 unsaved change.")
        await operator.press("k")
        await operator.listed()
        await operator.until(lambda: "✎GW-0299" in operator.text)


def fill(session: Session, number: int) -> None:
    """Adds providers by the hundred, straight into the store."""
    store, vault = session.store, session.vault
    for place in range(number):
        store.write(
            NewVersion(
                provider_id=new_id(),
                expected_version=0,
                values={**EMPTY_VALUES, "communication_channel": "email", "name": f"GW-{place:04}"},
                secret_versions=dict.fromkeys(SECRET_IDS, 0),
                new_secrets={},
                statuses=(),
                author=session.author,
                at=session.clock(),
                reason="",
                action="create",
                acknowledged=(),
                operation_id=new_id(),
            ),
            vault.sign,
        )


async def test_the_list_is_read_again_after_a_form_was_closed(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        configure(session, "GatewayEmail")
        await operator.press("escape")
        await operator.listed()
        await operator.until(lambda: operator.cells("providers")[2][5] == "ready")
