"""The console itself: what was logged before, log lines from threads, leaving, the way it is run."""

import threading
from pathlib import Path

import pytest

import ftos_tui.app
from ftos_tui.app import FtosApp, run_console
from ftos_tui.config import Places, Settings
from ftos_tui.domain.log import Level
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.edit_history import EditHistory
from ftos_tui.screens.form_model import FormModel
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.studio.failures import Failure
from ftos_tui.studio.log import note
from ftos_tui.studio.place import PROVIDERS, Place, last_place
from ftos_tui.studio.providers import check_context
from ftos_tui.studio.session import Session
from tests.screens.operator import at_console
from tests.screens.values import NAME, edited


async def test_what_was_logged_before_is_shown_and_what_threads_log_comes_at_once(session: Session) -> None:
    note(session, Level.SUCCESS, "Said before the console was opened")
    async with at_console(session) as operator:
        await operator.listed()
        await operator.until(lambda: "✓ Said before the console was opened" in operator.text)
        thread = threading.Thread(target=note, args=(session, Level.WARNING, "Said by a thread"))
        thread.start()
        thread.join()
        await operator.until(lambda: "! Said by a thread" in operator.text)
        await operator.open(NAME)
        operator.app.report(Level.INFO, "Said in the form")
        await operator.press("escape")
        await operator.listed()
        await operator.until(lambda: "· Said in the form" in operator.text)
    note(session, Level.INFO, "Said after it ended")
    assert "Said after it ended" not in operator.logged


async def test_the_last_place_is_kept_with_the_row(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("ctrl+q")
        await operator.until(lambda: operator.app.return_value == 0)
        chosen = next(s.cursor_on for s in operator.app.screen_stack if s.__class__.__name__ == "ProvidersScreen")  # type: ignore[attr-defined]
    assert last_place(session) == Place(PROVIDERS, chosen)


async def test_at_the_root_there_is_nothing_to_go_back_to(session: Session) -> None:
    async with at_console(session, None) as operator:
        menu = await operator.until_on(MenuScreen)
        operator.app.go_back()
        await operator.app.enter_menu(0)
        assert operator.app.screen is menu
        operator.app.action_command_palette()
        await operator.until(lambda: operator.app.screen is not menu)
        note(session, Level.INFO, "Said while the palette was open")
        await operator.app._catch_up()
        await operator.press("escape")
        await operator.until(lambda: "Said while the palette was open" in operator.text)


async def test_a_bare_screen_in_the_frame_has_the_menu_path_and_nothing_else(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.app.push_screen(FrameScreen())
        assert operator.lines[0].startswith(" Admin › Omnichannel")
        screen = operator.on(FrameScreen)
        assert screen.actions_here() == screen.actions_here()
        await operator.press("f6", "f6", "f1")
        await operator.until(lambda: "Help: Channel Providers" in operator.lines[0])


async def test_an_operation_that_fails_is_one_line_in_the_log(session: Session) -> None:
    def fail() -> object:
        raise Failure("It cannot be done: do something else.")

    async with at_console(session) as operator:
        await operator.listed()
        nothing: object = await operator.providers.attempt(fail)
        assert nothing is None
        assert not await operator.providers.succeeds(fail)
        assert await operator.providers.succeeds(lambda: "done")
        await operator.until(lambda: operator.logged == ["It cannot be done: do something else."] * 2)


def test_the_console_is_run_on_the_session_of_its_settings_and_closes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[FtosApp, bool]] = []

    def run(self: FtosApp, *, mouse: bool = True) -> int:
        ran.append((self, mouse))
        assert self.session.store.count() == 6
        return 7

    # A terminal of its own is what tests/terminal is for; here only what is opened and closed around it.
    monkeypatch.setattr(ftos_tui.app.FtosApp, "run_guarded", run)
    places = Places(tmp_path / "data", tmp_path / "config.toml", tmp_path / "state")
    assert run_console(Settings(mouse="off"), places, start="providers") == 7
    app, mouse = ran[0]
    assert not mouse
    assert app.start == "providers"
    assert app.session._store is None


def test_keys_in_one_field_without_a_pause_are_one_step(session: Session) -> None:
    seconds = iter([0.0, 0.5, 2.0, 2.1, 2.2, 2.3])
    history = EditHistory(lambda: next(seconds))
    drafts = [edited(session, NAME, {"bulk_no": str(number)}) for number in range(1, 7)]
    for draft, field_id in zip(drafts, ["bulk_no"] * 3 + ["name", "", ""], strict=True):
        history.before_change(draft, field_id)
    steps = [history.undo() for _ in range(6)]
    assert steps == [drafts[5], drafts[4], drafts[3], drafts[2], drafts[0], None]
    session.close()


def test_a_form_whose_verdict_stands_is_not_judged_again(session: Session) -> None:
    draft = edited(session, NAME, {"interval_max": "11:00:00"})
    model = FormModel(draft, check_context(session, draft))
    checked = model.checked
    assert not model.told(check_context(session, draft))
    assert model.checked is checked
    model.type("interval_max", "11:00:00")
    assert model.checked is checked
    session.close()


async def test_a_form_is_the_screen_asked_of_by_name(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        assert isinstance(form, EditScreen)
        assert form.provider_name() == NAME
        await operator.type("name", "")
        assert form.provider_name() == "the new provider"
