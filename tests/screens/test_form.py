"""The form of a provider: typing, findings, acknowledging, undo, drafts on disk, leaving."""

import json

import pytest
from textual import events

from ftos_tui.domain.fields import FIELD_IDS, FIELDS
from ftos_tui.domain.log import Level
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.form_draft import KEEP_AFTER
from ftos_tui.screens.meaning import MeaningScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.statuses import StatusesScreen
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from ftos_tui.widgets.secret_input import SecretInput
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME, SECRETS


def draft_files(session: Session) -> list[dict[str, object]]:
    """What the drafts on disk hold."""
    return [json.loads(file.read_text()) for file in (session.places.data / "drafts").glob("*.json")]


async def paste(operator: Operator, text: str) -> None:
    """Pastes a text where the focus is."""
    operator.app.screen.focused.post_message(events.Paste(text))  # type: ignore[union-attr]
    await operator.pilot.pause()


async def test_all_seventeen_fields_stand_in_the_vendors_order_and_words(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        assert [line[2:25].rstrip() for line in operator.lines[2:19]] == [spec.label for spec in FIELDS]
        assert operator.focused_field == "communication_channel"
        assert len(form.query_one("#form").children) == 17
        assert "Edit Channel Provider v2" in operator.text
        assert "set, version 1, 2026-01-02 by ana" in operator.text
        for secret in SECRETS.values():
            assert secret not in operator.text


async def test_tab_and_the_arrows_go_through_the_fields_in_order(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        for field_id in FIELD_IDS[1:4]:
            await operator.press("tab")
            assert operator.focused_field == field_id
        await operator.press("down")
        assert operator.focused_field == "app_user"
        await operator.press("up", "shift+tab")
        assert operator.focused_field == "provider_name"
        await operator.press("enter")
        assert operator.focused_field == "service_url"


async def test_the_arrows_stay_among_the_fields(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("up")
        assert operator.focused_field == FIELD_IDS[-1]
        await operator.press("down")
        assert operator.focused_field == FIELD_IDS[0]


async def test_a_finding_comes_while_typing_at_its_field_and_goes_again(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        form.go_to("interval_max")
        row = operator.row("interval_max")
        assert row.size.height == 1
        await operator.press("ctrl+u", "x")
        assert operator.codes("interval_max") == ["time_format"]
        await operator.until(lambda: row.size.height > 1)
        below = operator.lines[row.region.y + 1]
        assert below.strip().startswith("✗ ")
        assert "HH:MM:SS" in below
        assert row.mark == "✗"
        await operator.type("interval_max", "19:30:00")
        assert operator.codes("interval_max") == []
        await operator.until(lambda: row.size.height == 1)
        assert operator.lines[row.region.y].startswith(" *Interval Max")
        assert "* 1 unsaved" in operator.text
        await operator.type("interval_max", "18:00:00")
        assert "unsaved" not in operator.text


async def test_an_empty_mandatory_field_bears_the_dot_and_words_only_once_a_save_was_tried(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("from_address", "")
        assert operator.row("from_address").mark == "●"
        assert operator.codes("from_address") == []
        await operator.press("ctrl+s")
        await operator.until_logged("Not saved: 1 field needs to be put right. F8 goes from one to the next.")
        assert operator.codes("from_address") == ["required"]
        assert operator.focused_field == "from_address"


async def test_f8_goes_from_one_finding_to_the_next_round_and_round(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.press("f8")
        await operator.until_logged("No finding is open: this can be saved.")
        await operator.type("interval_max", "9am")
        await operator.type("bulk_no", "0")
        await operator.press("f8")
        assert operator.focused_field == "bulk_no"
        await operator.press("f8")
        assert operator.focused_field == "interval_max"
        await operator.press("f8")
        assert operator.focused_field == "bulk_no"
        operator.app.screen.set_focus(None)
        assert form.focused_row is None
        await operator.press("f8")
        assert operator.focused_field == "bulk_no"


async def test_f8_opens_the_statuses_when_the_only_finding_is_there(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        form.put_statuses(())
        await operator.press("f8")
        await operator.until_on(StatusesScreen)
        assert "! Add a status that means success" in operator.text
        await operator.press("escape")
        await operator.until_on(EditScreen)
        form.go_to("statuses")
        await operator.until_on(StatusesScreen)
        await operator.press("f3")
        await operator.until_on(EditScreen)
        form.go_to("record")
        assert operator.app.screen is form


async def test_f7_acknowledges_a_warning_by_its_name_and_takes_it_back(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.press("f7")
        await operator.until_logged("No warning at this field. F8 goes to the next finding.")
        await operator.type("pool_time_retry", "00:00:30")
        form.go_to("pool_time_retry")
        await operator.until(lambda: "[pool_short: F7" in " ".join(operator.text.split()))
        await operator.press("ctrl+s")
        await operator.until_logged("Not saved: acknowledge pool_short (Pool Time Retry). F8 goes from one to the next")
        await operator.press("f7")
        assert operator.row("pool_time_retry").mark == "✓"
        assert "pool_short: acknowledged]" in " ".join(operator.text.split())
        await operator.press("f7")
        assert operator.row("pool_time_retry").mark == "!"
        await operator.press("f7")
        await operator.type("pool_time_retry", "00:00:29")
        assert form.model.acknowledged == frozenset()  # it says another duration, so it is another warning
        await operator.press("f7")
        assert form.model.acknowledged == {"pool_short"}
        await operator.press("f8")
        await operator.until_logged("No finding is open: this can be saved.")
        await operator.press("f2")
        await operator.until_on(ProvidersScreen)
        version = open_provider(session, name=NAME)
        assert version.values["pool_time_retry"] == "00:00:29"
        assert version.acknowledged == ("pool_short",)


async def test_a_fix_is_shown_and_needs_nothing(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "060")
        assert operator.row("bulk_no").mark == "·"
        await operator.press("f8")
        await operator.until_logged("No finding is open")
        await operator.press("f5")
        await operator.until_logged(f"Saved {NAME} version 3 (1 field)")
        await operator.until(lambda: operator.form.model.unsaved == ())
        assert operator.row("bulk_no").control.value == "60"


async def test_the_name_is_asked_of_the_store_while_it_is_typed(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("name", "gatewayemail")
        await operator.until(lambda: "name_taken" in operator.codes("name"))
        await operator.type("name", "gatewayemail2")
        await operator.until(lambda: "name_taken" not in operator.codes("name"))
        assert operator.codes("name") == ["name_renamed"]


async def test_switch_and_choice_are_changed_and_every_step_is_undone(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.press("space")
        assert form.model.draft.text("communication_channel") == "sms"
        form.go_to("open_setting")
        await operator.press("space")
        assert form.model.draft.text("open_setting") == "off"
        form.go_to("app_key")
        await operator.press(*"sk9")
        assert form.model.draft.secrets["app_key"].reveal() == "sk9"
        assert "sk9" not in operator.text
        form.go_to("bulk_no")
        await operator.press("1", "2")
        assert form.model.unsaved == ("communication_channel", "app_key", "bulk_no", "open_setting")
        assert "* 4 unsaved" in operator.text
        await operator.press("ctrl+z")
        assert operator.row("bulk_no").control.value == "50"
        await operator.press("f11")
        assert operator.row("app_key").control.value == ""
        await operator.press("ctrl+z")
        assert operator.row("open_setting").control.value == "on"
        await operator.press("ctrl+z")
        assert operator.row("communication_channel").control.value == "email"
        assert "unsaved" not in operator.text
        await operator.press("ctrl+z")
        await operator.until_logged("Nothing to undo.")


async def test_undo_brings_statuses_and_a_typed_secret_back(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        form.go_to("app_password")
        await operator.type("app_password", "first-secret")
        before = form.statuses
        form.put_statuses(before[:3])
        await operator.type("app_password", "second-secret")
        await operator.press("ctrl+z")
        control = operator.row("app_password").control
        assert isinstance(control, SecretInput)
        assert control.take().reveal() == "first-secret"
        await operator.press("ctrl+z")
        assert form.statuses == before
        assert form.model.unsaved == ("app_password",)


async def test_a_draft_is_on_disk_soon_after_a_key_and_holds_no_secret(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.type("bulk_no", "61")
        await operator.type("app_key", "sk-not-on-disk")
        await operator.until(lambda: any(kept["edits"] == {"bulk_no": "61"} for kept in draft_files(session)))
        assert KEEP_AFTER < 0.5, "what it waits for by itself; how long the disk takes is up to the machine"
        await operator.until(lambda: draft_files(session)[0]["secrets_entered"] == ["app_key"])
        assert "sk-not-on-disk" not in json.dumps(draft_files(session))
        await operator.type("bulk_no", "50")
        await operator.type("app_key", "")
        await operator.drafts_kept(0)
        await operator.type("bulk_no", "62")
        form.keep_now()
        assert draft_files(session)[0]["edits"] == {"bulk_no": "62"}
        await operator.type("bulk_no", "63")
        operator.app.emergency()
        assert draft_files(session)[0]["edits"] == {"bulk_no": "63"}


async def test_leaving_asks_and_each_answer_does_what_it_says(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.type("bulk_no", "61")
        form.go_to("bulk_no")
        await operator.press("escape")
        await operator.until_asked("1 unsaved change. k keep as draft · x throw away · Esc stay")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert operator.app.screen is form
        assert operator.focused_field == "bulk_no"
        await operator.press("escape")
        await operator.until_asked("1 unsaved change.")
        await operator.press("k")
        await operator.listed()
        await operator.until_logged(f"Kept the draft of {NAME}: the list marks it with ✎.")
        assert len(draft_files(session)) == 1
        await operator.until(lambda: f"✎{NAME}" in operator.text)
        key = next(s.provider_id for s in operator.providers.source.summaries.values() if s.name == NAME)
        await operator.app.open_form(key, as_saved=True)
        await operator.until_on(EditScreen)
        assert operator.form.model.unsaved == ()
        await operator.type("bulk_no", "62")
        await operator.type("interval_max", "19:00:00")
        await operator.press("escape")
        await operator.until_asked("2 unsaved changes.")
        await operator.press("x")
        await operator.listed()
        assert [kept["edits"] for kept in draft_files(session)] == [{"bulk_no": "61"}]


@pytest.mark.parametrize("answer", ["escape", "x"])
async def test_quitting_asks_a_form_under_other_screens_too(session: Session, answer: str) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.type("bulk_no", "61")
        await operator.press("f4")
        await operator.until_on(MeaningScreen)
        await operator.press("ctrl+q")
        await operator.until_asked("1 unsaved change.")
        assert operator.app.screen is form
        await operator.press(answer)
        if answer == "escape":
            await operator.until(lambda: not operator.asked)
            assert operator.app.return_value is None
            assert operator.app.is_running
        else:
            await operator.until(lambda: operator.app.return_value == 0)
            assert draft_files(session) == []


async def test_a_paste_that_does_not_fit_is_refused_whole_with_a_sentence(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        form.go_to("app_key")
        await paste(operator, "line one\nline two")
        await operator.until_logged("The paste has 2 lines and this field takes one. Nothing was pasted.")
        assert operator.levels("The paste has 2 lines") == [Level.WARNING]
        assert not form.model.draft.secrets
        await paste(operator, "subscription-0816\n")
        await operator.until(lambda: "app_key" in form.model.draft.secrets)
        assert form.model.draft.secrets["app_key"].reveal() == "subscription-0816"
        form.go_to("bulk_no")
        await paste(operator, "9" * 300)
        await operator.until_logged("This field takes at most")
        assert form.model.draft.text("bulk_no") == "50"


async def test_a_secret_of_another_destination_must_be_entered_again(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("service_url", "https://mail.example.com")
        assert operator.codes("app_password") == ["secret_destination_changed"]
        assert operator.codes("app_key") == ["secret_destination_changed"]
        await operator.type("app_password", "pw-2")
        await operator.type("app_key", "key-2")
        assert operator.codes("app_password") == operator.codes("app_key") == []


async def test_the_reason_is_asked_for_and_kept_with_the_version(session: Session) -> None:
    async with at_console(session) as operator:
        form = await operator.open(NAME)
        await operator.press("f12")
        await operator.until_asked("Why this change?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert form.model.reason == ""
        await operator.press("f12")
        await operator.answer("ticket 4711")
        await operator.until_logged("The next save says why: ticket 4711")
        await operator.type("bulk_no", "64")
        await operator.press("ctrl+r")
        await operator.until_logged(f"Saved {NAME} version 3")
        await operator.until(lambda: form.model.unsaved == ())
        assert open_provider(session, name=NAME).reason == "ticket 4711"
        assert form.model.reason == ""
        await operator.press("f12")
        await operator.answer("")
        await operator.until_logged("No reason given.")


async def test_the_meaning_of_the_values_is_one_key_away(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("interval_max", "11:00:00")
        await operator.press("f4")
        await operator.until_on(MeaningScreen)
        assert "09:00:00–11:00:00 UTC, closed now (12:00 UTC)" in operator.text
        assert "Here (EET) that is 11:00:00–13:00:00 today." in operator.text
        await operator.press("f1")
        await operator.until(lambda: "The bar shows 24 hours in UTC" in operator.text)
        await operator.press("escape")
        await operator.until_on(MeaningScreen)
        await operator.press("f4")
        await operator.until_on(EditScreen)
