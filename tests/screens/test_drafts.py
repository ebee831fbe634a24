"""Drafts that a dropped line left: offered at the start, compared, taken up, thrown away."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.screens.drafts import DraftsScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.stores.process import process_started
from ftos_tui.studio.drafts import keep_draft
from ftos_tui.studio.providers import delete, new_draft, open_provider
from ftos_tui.studio.session import Session, new_id
from tests.screens.conftest import NOON
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, change, edited


def keep(session: Session, draft: Draft, minutes_ago: int = 5) -> str:
    """Leaves a draft on disk, as a killed console would."""
    key = new_id()
    session.clock = lambda: NOON - timedelta(minutes=minutes_ago)
    keep_draft(session, key, draft)
    session.clock = lambda: NOON
    return key


async def offered(operator: Operator) -> DraftsScreen:
    """Waits until the drafts are on screen, compared."""
    screen = await operator.until_on(DraftsScreen)
    await operator.until(lambda: operator.cells("differences"))
    return screen


async def test_a_draft_is_offered_at_the_start_with_what_it_changes(session: Session) -> None:
    key = keep(session, edited(session, NAME, {"bulk_no": "60"}, {"app_key": "key-2"}))
    async with at_console(session) as operator:
        await offered(operator)
        assert operator.cells("drafts") == [(NAME, "version 2", "2026-01-02 11:55:00", "ana")]
        assert operator.cells("differences") == [
            ("Bulk No", "50", "60"),
            ("App Key", "typed, never kept", "enter it again"),
        ]
        await operator.press("enter")
        form = await operator.until_on(EditScreen)
        assert form.key == key
        assert form.model.unsaved == ("bulk_no",)
        assert operator.row("bulk_no").control.value == "60"
        await operator.until_logged("Enter App Key again: drafts keep no secrets.")
        assert operator.levels("Enter App Key again") == [Level.WARNING]
        await operator.press("ctrl+s")
        await operator.listed()
        await operator.drafts_kept(0)


async def test_a_draft_that_another_console_took_up_meanwhile_is_left_to_it(session: Session) -> None:
    key = keep(session, edited(session, NAME, {"bulk_no": "60"}))
    async with at_console(session) as operator:
        await offered(operator)
        kept = session.drafts.get(key)
        assert kept is not None
        other = os.getppid()
        session.drafts.keep(replace(kept, edits={"bulk_no": "61"}, pid=other, started=process_started(other)))
        await operator.press("enter")
        await operator.until_logged(f"The draft of {NAME} is gone, or another console goes on with it.")
        await operator.press("d")
        await operator.until_asked(f"Throw the draft of {NAME} away?")
        await operator.press("y")
        await operator.until(lambda: len(operator.levels("another console goes on with it")) == 2)
        await operator.until_on(DraftsScreen)
        left = session.drafts.get(key)
        assert left is not None
        assert left.edits == {"bulk_no": "61"}


async def test_escape_leaves_the_drafts_where_they_are(session: Session) -> None:
    keep(session, edited(session, NAME, {"bulk_no": "60"}))
    async with at_console(session) as operator:
        await offered(operator)
        await operator.press("escape")
        await operator.listed()
        await operator.until(lambda: f"✎{NAME}" in operator.text)
        assert operator.providers.rows.move_to(open_provider(session, name=NAME).provider_id)
        await operator.press("enter")
        await offered(operator)
        await operator.press("s")
        form = await operator.until_on(EditScreen)
        assert form.model.unsaved == ()
        await operator.press("escape")
        await operator.listed()
        await operator.drafts_kept(1)


async def test_of_several_drafts_one_is_thrown_away_after_a_question(session: Session) -> None:
    keep(session, edited(session, NAME, {"bulk_no": "60"}), minutes_ago=9)
    keep(session, new_draft().with_text("name", "Fresh"), minutes_ago=3)
    keep(session, new_draft().with_text("bulk_no", "9"), minutes_ago=6)
    async with at_console(session, None) as operator:
        screen = await offered(operator)
        assert [cells[:2] for cells in operator.cells("drafts")] == [
            ("Fresh", "nothing"),
            ("New provider", "nothing"),
            (NAME, "version 2"),
        ]
        assert operator.cells("differences") == [("Name", "—", "Fresh")]
        await operator.press("s")
        await operator.until_logged("This draft is of a provider that was never saved.")
        await operator.press("d")
        await operator.until_asked("Throw the draft of Fresh away? y throw away · Esc keep")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.drafts_kept(3)
        await operator.press("d")
        await operator.until_asked("Throw the draft of Fresh away?")
        await operator.press("y")
        await operator.until_logged("Threw the draft of Fresh away.")
        await operator.drafts_kept(2)
        await operator.until(lambda: len(operator.cells("drafts")) == 2)
        await operator.press("j")
        await operator.until(lambda: operator.cells("differences") == [("Bulk No", "50", "60")])
        for left in (1, 0):
            await operator.press("d")
            await operator.until_asked("Throw the draft of")
            await operator.press("y")
            await operator.drafts_kept(left)
            if left:
                await operator.until(lambda: len(operator.cells("drafts")) == 1)
        await operator.until_logged("Threw the draft of the new provider away.")
        await operator.until_on(MenuScreen)
        assert not screen.is_running


async def test_what_was_saved_or_deleted_meanwhile_is_told(session: Session) -> None:
    keep(session, edited(session, NAME, {"bulk_no": "60"}))
    change(session, "bob", retry_max_attempt="5")
    async with at_console(session) as operator:
        await offered(operator)
        assert operator.cells("differences")[-1] == ("Saved meanwhile", "it is now version 3", "it was version 2")
        delete(session, open_provider(session, name=NAME), NAME)
        await operator.press("escape")
        await operator.listed()
        await operator.press("u")
        await offered(operator)
        assert operator.cells("differences")[-1] == ("Saved meanwhile", "it is now deleted", "it was version 2")
        await operator.press("enter")
        form = await operator.until_on(EditScreen)
        assert form.model.draft.base.provider_id is None


async def test_a_draft_of_edited_statuses_says_how_many(session: Session) -> None:
    draft = edited(session)
    keep(session, draft.with_statuses(draft.base.statuses[:3]))
    async with at_console(session) as operator:
        await offered(operator)
        assert operator.cells("differences") == [("Statuses", f"{len(draft.base.statuses)} rows", "3 rows, edited")]


@pytest.mark.parametrize("key", ["enter", "j"])
async def test_a_store_that_fails_leaves_the_drafts_offered(session: Session, key: str) -> None:
    keep(session, edited(session, NAME, {"bulk_no": "60"}), minutes_ago=1)
    keep(session, edited(session, "GatewayEmail", {"bulk_no": "61"}), minutes_ago=2)
    async with at_console(session) as operator:
        screen = await offered(operator)
        session.close()
        session.store_path.write_bytes(b"no database" * 100)
        operator.app.log_entries.clear()
        await operator.press(key)
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
        assert operator.app.screen is screen
        await operator.drafts_kept(2)


async def test_drafts_that_cannot_be_read_or_removed_are_told_of(session: Session) -> None:
    keep(session, edited(session, NAME, {"bulk_no": "60"}))
    folder = session.places.data / "drafts"
    async with at_console(session) as operator:
        await offered(operator)
        kept = next(folder.glob("*.json"))
        content = kept.read_bytes()
        kept.unlink()
        kept.mkdir()  # nobody can unlink a folder, whatever his rights
        await operator.press("d")
        await operator.until_asked("Throw the draft of")
        await operator.press("y")
        await operator.until(lambda: Level.ERROR in [entry.level for entry in operator.app.log_entries])
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)
        await operator.app.offer_drafts(asked=True)
        await operator.until(lambda: Level.WARNING in [entry.level for entry in operator.app.log_entries])
        kept.rmdir()
        kept.write_bytes(content)


async def test_a_secret_alone_makes_a_draft_too(session: Session) -> None:
    draft = Draft(edited(session).base, secrets={"app_password": Secret("typed")})
    keep(session, draft)
    session.author = Author("eva", "jump3")
    async with at_console(session) as operator:
        await offered(operator)
        assert operator.cells("differences") == [("App Password", "typed, never kept", "enter it again")]
        await operator.press("enter")
        form = await operator.until_on(EditScreen)
        assert form.model.unsaved == ()
