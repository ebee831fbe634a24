"""What others do, at the console: rows follow, an open form is marked, whoever is there is shown."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ftos_tui.actions import CHANNELS
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.screens.channels import ChannelsScreen
from ftos_tui.screens.conflict import ConflictScreen
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.frame import FrameScreen
from ftos_tui.stores.sql import signals
from ftos_tui.studio.live import Change, News, Watch
from ftos_tui.studio.providers import base_of, delete, duplicate_draft, form_start, open_provider, save
from ftos_tui.studio.session import Session
from ftos_tui.widgets.frame import TopLine
from tests.screens.conftest import NOON, session_in
from tests.screens.operator import Operator, at_console
from tests.screens.test_channels import channel

GATEWAY = "FTOSEmailGateway"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the store more often than an operator needs."""
    monkeypatch.setattr(signals, "POLL_EVERY_S", 0.05)


@pytest.fixture
def bo(session: Session, tmp_path: Path) -> Iterator[Session]:
    """Another operator's session on the same store."""
    other = session_in(tmp_path)
    other.author = Author("bo", "jump2")
    other.clock = session.clock
    yield other
    other.close()


def saves(session: Session, name: str = GATEWAY, **changed: str) -> None:
    """Saves a change."""
    draft = Draft(base_of(open_provider(session, name=name)))
    for field_id, text in (changed or {"bulk_no": "70"}).items():
        draft = draft.with_text(field_id, text)
    save(session, draft)


async def following(operator: Operator) -> None:
    """Waits until the console follows the store."""
    watch = operator.app.live_watch
    await operator.until(lambda: watch.following)


def top_line(operator: Operator) -> str:
    """Who else is said to be there."""
    return operator.app.screen.query_one(TopLine).people


def title(operator: Operator) -> str:
    """The title of the form."""
    return operator.form.title_text()


async def test_a_row_follows_what_another_saves(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        rows = operator.providers.rows
        await operator.press("down", "down")
        before = rows.row
        assert before is not None
        saves(bo)
        await operator.until_logged("bo saved FTOSEmailGateway version 3: Bulk No.")
        await operator.until(lambda: next(row for row in operator.cells("providers") if row[0] == GATEWAY)[4] == "70")
        assert rows.row is not None
        assert rows.row.key == before.key
        assert operator.levels("bo saved") == [Level.INFO]


async def test_providers_come_and_go_and_what_is_typed_stays(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        await operator.press("/", "G", "a", "t")
        await operator.until(lambda: len(operator.cells("providers")) < 6)
        known = len(operator.cells("providers"))
        made = duplicate_draft(open_provider(bo, name=GATEWAY)).with_text("name", "AGateway")
        save(bo, made.with_secret("app_password", Secret("x-secret")).with_secret("app_key", Secret("y-secret")))
        await operator.until(lambda: len(operator.cells("providers")) == known + 1)
        assert operator.providers.filter_field.value == "Gat"
        assert operator.providers.filter_field.has_focus
        await operator.until_logged("bo made AGateway.")
        version = open_provider(bo, name="AGateway")
        delete(bo, version, "AGateway")
        await operator.until(lambda: len(operator.cells("providers")) == known)
        await operator.until_logged("bo deleted AGateway.")


async def test_a_form_nobody_typed_into_shows_what_is_saved_now(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        await following(operator)
        await operator.go_to("interval_min")
        saves(bo)
        await operator.until_logged("The form shows version 3 now, saved by bo.")
        await operator.until(lambda: operator.row("bulk_no").control.value == "70")
        assert form.model.draft.base.version == 3
        assert operator.focused_field == "interval_min"
        assert title(operator) == "Edit Channel Provider v3"


async def test_a_form_that_is_edited_is_marked_and_keeps_what_was_typed(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        await following(operator)
        await operator.go_to("from_display_name")
        await operator.type("from_display_name", "Mine")
        saves(bo)
        await operator.until_logged(
            "bo saved FTOSEmailGateway version 3: Bulk No. You are editing it: ^G shows what differs, saving will ask."
        )
        await operator.until(lambda: title(operator) == "v2 ! bo saved v3: ^G shows it * 1 unsaved")
        assert operator.levels("bo saved") == [Level.WARNING]
        assert "! bo saved v3: ^G shows it * 1 unsaved" in operator.lines[1]
        assert operator.focused_field == "from_display_name"
        assert operator.row("from_display_name").control.value == "Mine"
        assert form.model.draft.base.version == 2
        await operator.press("ctrl+g")
        await operator.until_on(ConflictScreen)
        await operator.press("f2")
        await operator.until_on(EditScreen)
        await operator.until(lambda: title(operator) == "Edit Channel Provider v3 * 1 unsaved")
        assert operator.row("bulk_no").control.value == "70"


async def test_a_form_with_a_reason_is_not_renewed_by_itself_though_by_key(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        await following(operator)
        form.model.reason = "because"
        saves(bo)
        await operator.until_logged("You are editing it")
        assert form.model.draft.base.version == 2
        form.model.reason = ""
        await operator.press("ctrl+g")
        await operator.until(lambda: form.model.draft.base.version == 3)


async def test_a_form_behind_another_screen_is_renewed_when_it_is_back(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        await following(operator)
        await operator.press("f1")
        await operator.until(lambda: operator.app.screen is not form)
        saves(bo)
        await operator.until_logged("bo saved FTOSEmailGateway version 3")
        assert form.model.draft.base.version == 2
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.until(lambda: form.model.draft.base.version == 3)


async def test_a_form_that_is_on_its_way_catches_up_when_it_is_there(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        draft = Draft(base_of(open_provider(session, name=GATEWAY)))
        form = EditScreen(form_start(session, draft))
        waiting = operator.app.push_screen(form)
        assert operator.app.screen is form  # on the stack, with nothing in it yet
        saves(bo)
        change = Change(9, "save", form.live.provider_id, GATEWAY, 3, "bo", "jump2", NOON, ("bulk_no",))
        operator.app.live_watch.take(News(changes=(change,)))
        await waiting
        await operator.until_logged("bo saved FTOSEmailGateway version 3: Bulk No.")
        await operator.until_logged("The form shows version 3 now, saved by bo.")
        await operator.until(lambda: operator.row("bulk_no").control.value == "70")


async def test_a_deleted_provider_is_told_in_its_form(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await following(operator)
        delete(bo, open_provider(bo, name=GATEWAY), GATEWAY)
        await operator.until_logged("bo deleted FTOSEmailGateway.")
        await operator.until(lambda: title(operator) == "v2 ! bo deleted it")
        await operator.press("ctrl+g")
        await operator.until_logged("bo deleted it: saving warns first, then makes it a new provider.")
        await operator.type("bulk_no", "80")
        assert operator.row("bulk_no").control.value == "80"


async def test_a_provider_deleted_under_the_hands_of_whoever_edits_it(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await following(operator)
        await operator.type("bulk_no", "80")
        delete(bo, open_provider(bo, name=GATEWAY), GATEWAY)
        await operator.until_logged("You are editing it: saving warns first, then makes it a new provider.")


async def test_nobody_saved_meanwhile(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await operator.press("ctrl+g")
        await operator.until_logged("Nobody else saved this provider since you opened it.")


async def test_who_else_has_a_form_open_is_shown_and_goes_again(session: Session, bo: Session) -> None:
    heard: list[News] = []
    watch = Watch(bo, heard.append)
    assert bo.store
    watch.start()
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        provider_id = open_provider(session, name=GATEWAY).provider_id
        operator.providers.rows.move_to(provider_id)
        watch.enter(provider_id)
        rows = operator.providers.rows
        await operator.until(lambda: rows.row is not None and rows.row.mark == "@")
        await operator.until(lambda: "@ open: bo on jump2 ·" in operator.text)
        await operator.open(GATEWAY)
        await operator.until(lambda: top_line(operator) == "also open: bo on jump2")
        assert "also open: bo on jump2" in operator.lines[0]
        assert GATEWAY in operator.lines[0]
        await operator.until(lambda: any(news.present and provider_id in news.present for news in heard))
        watch.leave(provider_id)
        await operator.until(lambda: top_line(operator) == "")
        await operator.press("escape")
        await operator.listed()
        await operator.until(lambda: heard[-1].present == {})
    watch.stop()


async def test_the_form_of_a_new_provider_is_open_once_it_is_saved(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        watch = operator.app.live_watch
        form.model.draft = replace(form.model.draft, base=replace(form.model.draft.base, provider_id="another"))
        form.live.entered()
        assert list(watch.open_forms) == ["another"]
        form.live.left()
        assert list(watch.open_forms) == []


async def test_many_changes_at_once_are_told_in_a_few_lines(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await following(operator)
        await operator.type("from_display_name", "Mine")
        watch = operator.app.live_watch
        provider_id = operator.form.model.draft.base.provider_id or ""
        change = Change(7, "save", provider_id, GATEWAY, 3, "bo", "jump2", NOON, ("bulk_no",))
        other = replace(change, provider_id="other", name="Other")
        watch.take(News(changes=(*[other] * 6, change), left_out=2))
        await operator.until_logged("bo made 7 changes to 2 providers.")
        await operator.until_logged("2 changes before that: the audit tells them.")
        await operator.until_logged("You are editing it")


async def test_a_store_that_is_away_is_told_once_and_told_to_be_back(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        watch = operator.app.live_watch
        watch.take(News(trouble="The store is away."))
        await operator.until_logged("The store is away. It is looked for again and again; what you type is kept.")
        watch.take(News(back=True, present={}))
        await operator.until_logged("The store answers again.")
        assert isinstance(operator.app.screen, FrameScreen)


async def test_channels_follow_too(session: Session, bo: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await following(operator)
        await operator.app.show_list(CHANNELS)
        screen = await operator.until_on(ChannelsScreen)
        await operator.until(lambda: screen.total == 0)
        channel(bo)
        await operator.until(lambda: screen.total == 1)
        await operator.until(lambda: operator.cells("channels"))
        await operator.until_logged("bo made a communication channel of FTOSEmailGateway.")
