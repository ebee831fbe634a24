"""Comparing with another environment on screen, and promoting into it."""

from dataclasses import replace
from pathlib import Path

from ftos_tui.config import Environment, Settings
from ftos_tui.screens.compare import CompareFieldsScreen, CompareScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.studio.environments import other_session
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from tests.screens.conftest import Opener, session_in
from tests.screens.operator import at_console
from tests.screens.values import NAME, change, configure


def with_production(folder: Path, **changed: object) -> Session:
    """A session on the configured store beside a production environment, configured too."""
    environments = {"local": Environment(), "production": Environment("production", colour="red", **changed)}  # type: ignore[arg-type]
    return session_in(folder, Settings(environments))


async def test_promote_a_chosen_field_through_the_targets_own_form(open_with: Opener, tmp_path: Path) -> None:
    open_with().close()
    session = with_production(tmp_path)
    there = other_session(session, "production")
    configure(there)
    change(session, "ana", bulk_no="70", from_address="other@bank.example.com")
    async with at_console(session, start="providers") as operator:
        await operator.listed()
        await operator.press("v")
        compare = await operator.until_on(CompareScreen)
        await operator.until(lambda: compare.found)
        await operator.until(lambda: operator.cells("compared"))
        assert operator.cells("compared") == [(NAME, "differs", "From Address, Bulk No")]
        await operator.press("enter")
        fields = await operator.until_on(CompareFieldsScreen)
        assert fields.chosen == {"bulk_no"}, "From Address belongs to the environment"
        await operator.press("space")
        assert fields.chosen == {"bulk_no", "from_address"}
        await operator.press("space", "a", "a")
        assert fields.chosen == set()
        await operator.press("p")
        await operator.until_logged("No field is chosen")
        await operator.press("down", "space", "p")
        form = await operator.until_on(EditScreen)
        assert form.session.environment.name == "production"
        assert "PRODUCTION" in operator.lines[0]
        assert form.model.unsaved == ("bulk_no",)
        await operator.press("f2")
        await operator.until_on(CompareScreen)
        await operator.until(lambda: operator.cells("compared") == [(NAME, "differs", "From Address")])
    assert open_provider(there, name=NAME).values["bulk_no"] == 70
    there.close()


async def test_a_read_only_target_refuses_in_one_sentence(open_with: Opener, tmp_path: Path) -> None:
    open_with().close()
    made = with_production(tmp_path)
    configure(there := other_session(made, "production"))
    there.close()
    change(made, "ana", bulk_no="70")
    made.close()
    async with at_console(with_production(tmp_path, read_only=True), start="providers") as operator:
        await operator.listed()
        await operator.press("v")
        await operator.until_on(CompareScreen)
        await operator.until(lambda: operator.cells("compared"))
        await operator.press("enter")
        await operator.until_on(CompareFieldsScreen)
        await operator.press("p")
        await operator.until_logged("The environment production is read-only")


async def test_a_provider_only_there_and_a_secret_row(open_with: Opener, tmp_path: Path) -> None:
    session = open_with()
    session = replace(session, settings=with_production(tmp_path).settings)
    async with at_console(session, start="providers") as operator:
        await operator.listed()
        await operator.press("v")
        await operator.until_on(CompareScreen)
        await operator.until(lambda: operator.cells("compared"))
        await operator.press("enter")
        fields = await operator.until_on(CompareFieldsScreen)
        assert "app_key" not in fields.candidates
        labels = [cells[0] for cells in operator.cells("fields")]
        await operator.press(*["down"] * labels.index("App Key"), "space")
        await operator.until_logged("Secrets never travel")
        await operator.press("escape")
        compare = await operator.until_on(CompareScreen)
        only_there = replace(compare.found[NAME], here=None)
        compare.open_screen(CompareFieldsScreen(compare.there, only_there))
        await operator.until_on(CompareFieldsScreen)
        await operator.press("p")
        await operator.until_logged("is only there")


async def test_nothing_to_compare_with_is_said(session: Session) -> None:
    async with at_console(session, start="providers") as operator:
        await operator.listed()
        await operator.press("v")
        await operator.until_logged("name a second environment in the settings")


async def test_a_store_that_cannot_be_opened_is_said_in_the_list(open_with: Opener, tmp_path: Path) -> None:
    open_with().close()
    bad = tmp_path / "bad.sqlite3"
    bad.write_bytes(b"no database at all" * 100)
    async with at_console(with_production(tmp_path, store=str(bad)), start="providers") as operator:
        await operator.listed()
        await operator.press("v")
        await operator.until_on(CompareScreen)
        await operator.until(lambda: "could not be compared" in operator.text)
