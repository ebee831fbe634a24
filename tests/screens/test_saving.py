"""What becomes of a save: saved, refused by the store, stale, deleted meanwhile; nothing typed is ever lost."""

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.log import Level
from ftos_tui.screens import form_saver
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.waiting import Waiting
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.studio.failures import NotFound
from ftos_tui.studio.providers import Saved, delete, open_provider, save_draft
from ftos_tui.studio.session import Session
from ftos_tui.terminal import type_ahead
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, SECRETS, TEXTS, change, configure


async def run_action(operator: Operator, name: str) -> None:
    """Does what only the command palette reaches."""
    getattr(operator.form, f"action_{name}")()
    await operator.pilot.pause()


async def test_the_documented_task_from_shipped_to_ready(shipped: Session) -> None:
    async with at_console(shipped) as operator:
        form = await operator.open(NAME)
        await operator.press("f2")
        await operator.until_logged("Not saved: 14 fields need to be put right.")
        assert operator.focused_field == "provider_name"
        for field_id in ("provider_name", "service_url", "app_user", "from_address", "bulk_no"):
            await operator.type(field_id, TEXTS[field_id])
        for field_id in ("interval_min", "interval_max", "retry_max_attempt", "pool_time_retry"):
            await operator.type(field_id, TEXTS[field_id])
        for field_id, secret in SECRETS.items():
            await operator.type(field_id, secret)
        await operator.go_to("app_config")
        await operator.press("{", "}")
        await operator.go_to("open_setting")
        await operator.press("y", "down", "n")
        await operator.press("ctrl+s")
        await operator.listed()
        await operator.until_logged(f"Saved {NAME} version 2 (")
        assert not list((shipped.places.data / "drafts").glob("*.json"))
        version = open_provider(shipped, name=NAME)
        assert version.ready
        assert version.values["open_setting"] is True
        assert version.values["click_setting"] is False
        assert version.secrets["app_key"].is_set
        assert not form.is_running


@pytest.mark.parametrize(("button", "closes"), [("#save-and-close", True), ("#save-and-reload", False)])
async def test_the_vendors_buttons_save_by_mouse(session: Session, button: str, closes: bool) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        await operator.pilot.click(button)
        await operator.until_logged(f"Saved {NAME} version 3 (1 field)")
        if closes:
            await operator.until_on(ProvidersScreen)
        else:
            await operator.until(lambda: "Edit Channel Provider v3" in operator.text)
            assert "unsaved" not in operator.text


async def test_a_new_provider_is_saved_and_edited_on(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("insert")
        form = await operator.until_on(EditScreen)
        for field_id, text in {**TEXTS, "name": "Nightly"}.items():
            if field_id not in ("open_setting", "click_setting"):
                await operator.type(field_id, text)
        for field_id, secret in SECRETS.items():
            await operator.type(field_id, secret)
        await operator.press("ctrl+r")
        await operator.until_logged("Saved Nightly version 1")
        await operator.until(lambda: "Edit Channel Provider v1" in operator.text)
        assert operator.lines[0].strip().split("   ")[0].endswith("Nightly")
        assert form.model.draft.base.provider_id
        await operator.press("ctrl+z")
        await operator.until_logged("Nothing to undo.")


async def test_saving_without_a_change_makes_no_version(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("ctrl+r")
        await operator.until_logged(f"Nothing to save: {NAME} is as it was.")
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        assert open_provider(session, name=NAME).number == 2


async def test_what_was_deleted_meanwhile_becomes_a_new_provider(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        version = open_provider(session, name=NAME)
        delete(session, version, NAME)
        await operator.press("ctrl+s")
        await operator.until_logged("It was deleted meanwhile: saving now makes it a new provider.")
        assert "New Channel Provider" in operator.text
        assert operator.row("bulk_no").control.value == "60"
        assert operator.row("service_url").control.value == TEXTS["service_url"]
        for field_id, secret in SECRETS.items():
            await operator.type(field_id, secret)
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        made = open_provider(session, name=NAME)
        assert made.provider_id != version.provider_id
        assert made.values["bulk_no"] == 60


async def test_a_locked_store_keeps_all_that_was_typed(session: Session) -> None:
    session._store = open_sqlite(session.store_path, busy_timeout_s=0.05)
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        await operator.type("app_key", "key-2")
        with closing(sqlite3.connect(session.store_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await operator.press("ctrl+s")
            await operator.until_logged("What you typed is kept.")
        assert operator.levels("What you typed is kept.") == [Level.ERROR]
        assert operator.row("bulk_no").control.value == "60"
        assert operator.form.model.draft.secrets["app_key"].reveal() == "key-2"
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        assert open_provider(session, name=NAME).secrets["app_key"].version == 2


async def test_a_slow_store_is_told_of_and_what_is_typed_meanwhile_is_kept(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session._store = open_sqlite(session.store_path, busy_timeout_s=60)  # a loaded machine takes its time over the keys
    monkeypatch.setattr(type_ahead, "LONGEST_HOLD", 0.05)  # so that the second Ctrl+S comes while it is being saved
    said: list[str] = []
    words = Waiting._words
    monkeypatch.setattr(Waiting, "_words", lambda self: said.append(words(self)) or said[-1])  # type: ignore[func-returns-value]
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        with closing(sqlite3.connect(session.store_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await operator.press("ctrl+s", "ctrl+s")
            await operator.form.saver.save(close=True)  # one is under way: this does nothing
            await operator.until(lambda: not operator.app._type_ahead._waiting)
            await operator.until(lambda: any(line.startswith("Waiting for the store local … ") for line in said))
            await operator.type("retry_max_attempt", "7")
            await operator.type("bulk_no", "50")  # as it was before
            await operator.type("app_key", "key-9")
            model = operator.form.model
            model.put(model.draft.with_statuses(model.draft.base.statuses[:-1]))
        await operator.until_logged(f"Saved {NAME} version 3 (1 field)")
        await operator.until(lambda: "Edit Channel Provider v3 * 4 unsaved" in operator.text)
        assert set(model.unsaved) == {"retry_max_attempt", "bulk_no", "app_key", "statuses"}
        assert operator.row("retry_max_attempt").control.value == "7"
        assert operator.row("app_key").control.value == "key-9"
        assert model.draft.statuses == model.draft.base.statuses[:-1]
        assert open_provider(session, name=NAME).number == 3


async def test_keys_typed_during_a_slow_refused_save_go_where_the_refusal_leads(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow_save(*arguments: Any, **options: Any) -> Saved:
        begun.set()
        assert go_on.wait(60)
        return save_draft(*arguments, **options)

    monkeypatch.setattr(form_saver, "save_draft", slow_save)
    monkeypatch.setattr(type_ahead, "LONGEST_HOLD", 60.0)
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("app_user", "another")  # the password was entered for the one before
        await operator.go_to("from_display_name")
        before = operator.row("from_display_name").control.value
        await operator.press("ctrl+s")
        await operator.until(begun.is_set)
        await operator.press(*"hunter")
        assert operator.focused_field == "from_display_name"
        go_on.set()
        await operator.until_logged("Not saved")
        await operator.until(lambda: operator.row("app_password").control.value == "hunter")
        assert operator.focused_field == "app_password"
        assert operator.row("from_display_name").control.value == before
        assert "hunter" not in operator.text


async def test_a_stored_secret_is_cleared_by_an_act_of_its_own(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        await run_action(operator, "clear_app_key")
        await operator.until_logged("Save or undo your changes first: clearing App Key is a change of its own.")
        await operator.type("bulk_no", "50")
        await run_action(operator, "clear_app_key")
        await operator.until_asked("Clear the stored App Key? Nothing is sent until a new one is entered. y clear")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await run_action(operator, "clear_app_password")
        await operator.until_asked("Clear the stored App Password?")
        await operator.press("y")
        await operator.until_logged(f"Cleared App Password of {NAME}: enter a new one")
        await operator.until(lambda: "Edit Channel Provider v3" in operator.text)
        assert operator.row("app_password").mark == "●"
        assert not open_provider(session, name=NAME).secrets["app_password"].is_set
        await run_action(operator, "clear_app_password")
        await operator.until_logged("App Password holds nothing, so there is nothing to clear.")


async def test_clearing_a_secret_of_a_stale_form_is_refused(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        change(session, "bob", bulk_no="70")
        await run_action(operator, "clear_app_key")
        await operator.until_asked("Clear the stored App Key?")
        await operator.press("y")
        await operator.until_logged("bob saved meanwhile: nothing was cleared.")
        assert open_provider(session, name=NAME).secrets["app_key"].is_set


async def test_a_secret_that_does_not_decrypt_is_said_and_kept(session: Session) -> None:
    with closing(sqlite3.connect(session.store_path)) as other, other:
        assert other.execute("UPDATE secret SET sealed = zeroblob(100) WHERE field = 'app_key'").rowcount == 1
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.until_logged(f"{NAME}: App Key does not decrypt; it is kept as it is.")
        assert "unreadable, version 1" in operator.text
        assert operator.codes("app_key") == ["secret_unreadable"]
        await operator.type("bulk_no", "60")
        await operator.go_to("app_key")
        await operator.press("f7", "ctrl+s")
        await operator.until_on(ProvidersScreen)
        state = open_provider(session, name=NAME).secrets["app_key"]
        assert (state.version, state.readable) == (1, False)


async def test_where_the_key_is_another_one_the_log_says_what_is_wrong_with_it(
    session: Session, shipped_folder: Path
) -> None:
    shutil.copy(shipped_folder / "data" / session.key_path.name, session.key_path)
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.until_logged("App Password, App Key does not decrypt; it is kept as it is.")
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
        assert operator.row("app_key").shown[0].finding.code == "secret_unreadable"


async def test_a_draft_that_cannot_be_kept_keeps_the_form_open(session: Session) -> None:
    folder = session.places.data / "drafts"
    folder.write_text("a file where the folder should be")
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.type("bulk_no", "60")
        await operator.until_logged("your edits are only in memory")
        await operator.press("escape")
        await operator.until_asked("1 unsaved change.")
        await operator.press("k")
        await operator.until(lambda: not operator.asked)
        assert operator.app.screen is form
        assert operator.row("bulk_no").control.value == "60"
        folder.unlink()
        await operator.press("escape")
        await operator.until_asked("1 unsaved change.")
        await operator.press("k")
        await operator.listed()
        await operator.drafts_kept(1)


async def test_a_store_that_fails_while_a_name_is_typed_is_told_and_the_form_stays(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        session.close()
        session.store_path.write_bytes(b"no database" * 100)
        await operator.press("n")
        await operator.until_on(EditScreen)
        assert not operator.logged
        await operator.type("name", "Nightly")
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
        assert operator.form.model.draft.text("name") == "Nightly"


async def test_opening_what_is_gone_says_so(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.app.open_form("0" * 32)
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
        assert isinstance(operator.app.screen, ProvidersScreen)
        with pytest.raises(NotFound):
            open_provider(session, provider_id="0" * 32)


async def test_a_draft_on_a_name_the_store_cannot_look_up_is_not_opened(session: Session) -> None:
    configure(session, "GatewayEmail")
    async with at_console(session) as operator:
        await operator.open("GatewayEmail")
        draft = operator.form.model.draft.with_text("name", "Other")
        await operator.press("escape")
        await operator.listed()
        session.close()
        session.store_path.write_bytes(b"no database" * 100)
        await operator.app.open_draft(draft)
        assert isinstance(operator.app.screen, ProvidersScreen)
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
