"""A save that came too late: base, theirs and mine, chosen part by part; nothing typed is lost."""

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.screens.conflict import ConflictScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, change


async def stale(operator: Operator, session: Session) -> None:
    """Opens the conflict: Bulk No clashes, the window's end is mine, the retries are theirs."""
    await operator.open(NAME)
    await operator.type("bulk_no", "60")
    await operator.type("interval_max", "19:00:00")
    change(session, "bob", bulk_no="70", retry_max_attempt="5")
    await operator.press("ctrl+r")
    await operator.until_on(ConflictScreen)
    await operator.until(lambda: operator.row_list("parts").row is not None)


async def back_in_form(operator: Operator) -> None:
    await operator.until_on(EditScreen)
    await operator.until(lambda: not operator.form.saver.busy)


async def test_mine_stands_where_both_changed_and_the_rest_comes_together(session: Session) -> None:
    async with at_console(session) as operator:
        await stale(operator, session)
        assert operator.cells("parts") == [
            ("Bulk No", "50", "70", "60", "mine"),
            ("Interval Max", "18:00:00", "18:00:00", "19:00:00", "mine"),
            ("Retry Max Attempt", "3", "5", "3", "theirs"),
        ]
        assert [row.mark for row in operator.row_list("parts").rows] == ["!", "", ""]
        assert "bob saved version 3 at 12:00:00 UTC: 1 clash, choose." in operator.text
        assert "Bulk No: was 50, theirs 70, mine 60" in operator.text
        await operator.until_logged("(Bulk No, Retry Max Attempt): nothing was saved.")
        await operator.press("ctrl+s")
        await back_in_form(operator)
        await operator.until_logged("Your changes stand on version 3 now, unsaved: save them again.")
        assert operator.row("retry_max_attempt").control.value == "5"
        assert operator.row("bulk_no").control.value == "60"
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        version = open_provider(session, name=NAME)
        values = [version.values[field_id] for field_id in ("bulk_no", "interval_max", "retry_max_attempt")]
        assert (version.number, values) == (4, [60, "19:00:00", 5])


async def test_theirs_is_taken_where_it_is_chosen(session: Session) -> None:
    async with at_console(session) as operator:
        await stale(operator, session)
        await operator.press("t")
        await operator.until(lambda: operator.cells("parts")[0][-1] == "theirs")
        await operator.press("m")
        await operator.until(lambda: operator.cells("parts")[0][-1] == "mine")
        await operator.press("enter")
        await operator.until(lambda: operator.cells("parts")[0][-1] == "theirs")
        await operator.press("j", "t")
        await operator.until_logged("Interval Max is no clash: there is nothing to choose.")
        await operator.press("f2")
        await back_in_form(operator)
        assert operator.row("bulk_no").control.value == "70"
        assert operator.form.model.unsaved == ("interval_max",)


async def test_esc_leaves_the_form_as_it_was(session: Session) -> None:
    async with at_console(session) as operator:
        await stale(operator, session)
        conflict = operator.on(ConflictScreen)
        await operator.press("t", "escape")
        await back_in_form(operator)
        conflict.action_accept()  # a key that came late
        await operator.pilot.pause()
        assert operator.form.is_attached
        assert operator.form.model.draft.base.version == 2
        assert operator.row("bulk_no").control.value == "60"


async def test_mine_is_dropped_after_a_question(session: Session) -> None:
    async with at_console(session) as operator:
        await stale(operator, session)
        await operator.press("x")
        await operator.until_asked("Drop your changes and take theirs?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("x")
        await operator.until_asked("Drop your changes")
        await operator.press("y")
        await back_in_form(operator)
        await operator.until(lambda: "Edit Channel Provider v3" in operator.text and "unsaved" not in operator.text)
        assert operator.row("bulk_no").control.value == "70"
        await operator.drafts_kept(0)


async def test_without_a_clash_there_is_nothing_to_choose(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        await operator.type("app_key", "canary-4711")
        change(session, "bob", retry_max_attempt="5")
        await operator.press("ctrl+s")
        await operator.until_on(ConflictScreen)
        assert "no clash" in operator.text
        assert "canary" not in operator.text
        await operator.press("f2")
        await back_in_form(operator)
        assert operator.form.model.draft.secrets["app_key"].reveal() == "canary-4711"
        await operator.press("ctrl+s")
        await operator.until_on(ProvidersScreen)
        assert open_provider(session, name=NAME).secrets["app_key"].version == 2


async def test_the_same_change_by_both_leaves_nothing_to_save(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        change(session, "bob", bulk_no="60")
        await operator.press("ctrl+s")
        await operator.until_on(ConflictScreen)
        assert operator.cells("parts") == [("Bulk No", "50", "60", "60", "both")]
        await operator.press("f2")
        await back_in_form(operator)
        assert operator.form.model.unsaved == ()


async def test_a_version_that_changed_nothing_is_no_obstacle(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        change(session, "bob", retry_max_attempt="5")
        change(session, "bob", retry_max_attempt="3")
        await operator.type("bulk_no", "50")
        await operator.press("ctrl+s")
        await operator.until_on(ConflictScreen)
        await operator.press("t", "enter")
        assert "Nothing differs: F2 goes on." in operator.text
        await operator.press("f2")
        await back_in_form(operator)
        assert operator.form.model.draft.base.version == 4


async def test_a_store_that_fails_after_a_stale_save_loses_nothing(session: Session) -> None:
    def damage(entry: LogEntry) -> None:
        if "saved version 3 meanwhile" in entry.message:
            session.close()
            session.store_path.write_bytes(b"no database" * 100)

    session.listeners.append(damage)
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "60")
        change(session, "bob", retry_max_attempt="5")
        await operator.press("ctrl+s")
        await operator.until(lambda: operator.levels("").count(Level.ERROR) >= 2)
        await operator.until(lambda: not operator.form.saver.busy)
        assert operator.row("bulk_no").control.value == "60"


async def test_a_delete_of_what_changed_since_it_was_listed_is_not_carried_out(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        key = open_provider(session, name=NAME).provider_id
        assert operator.providers.rows.move_to(key)
        change(session, "bob", bulk_no="60")
        await operator.press("d")
        await operator.until_logged(f"bob saved version 3 of {NAME} meanwhile: look at it (h), then delete it again.")
        await operator.until(lambda: operator.providers.source.summaries[key].version == 3)
        await operator.press("d")
        await operator.until_asked(f"Delete {NAME}?")
        await operator.answer(NAME)
        await operator.until_logged(f"Deleted {NAME}")


async def test_a_conflict_may_end_while_it_is_asked_for(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await form.meet_conflict()
        assert operator.app.screen is form
