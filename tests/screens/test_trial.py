"""Versions on trial at the console: saved, counted down, confirmed, reverted."""

from datetime import datetime, timedelta

import pytest

from ftos_tui.config import Environment
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.log import Level
from ftos_tui.screens import trial_watch
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.providers import base_of, new_draft, open_provider, save
from ftos_tui.studio.session import Session
from ftos_tui.studio.trial import confirm, running_trials
from ftos_tui.widgets.trial_line import TrialLine
from tests.screens.conftest import NOON, Opener
from tests.screens.operator import Operator, at_console

GATEWAY = "FTOSEmailGateway"
TEN = timedelta(minutes=10)


class Clock:
    """A clock that the test sets."""

    def __init__(self, session: Session) -> None:
        self.now = NOON
        session.clock = self

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(session: Session) -> Clock:
    """The clock of the session."""
    return Clock(session)


def try_out(session: Session, bulk_no: str = "500") -> None:
    """Saves a change on trial, as another process would."""
    version = open_provider(session, name=GATEWAY)
    save(session, Draft(base_of(version)).with_text("bulk_no", bulk_no), trial=TEN)


def banner(operator: Operator) -> tuple[str, str]:
    """The words of the form's banner and the time left; empty where it is hidden."""
    line = operator.app.screen.query_one(TrialLine)
    return (line.words.text, line.left.text) if line.display else ("", "")


async def test_a_change_is_saved_on_trial_and_confirmed_by_key(session: Session, clock: Clock) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        assert banner(operator) == ("", "")
        await operator.type("bulk_no", "500")
        await operator.press("ctrl+t")
        await operator.until_asked("Save on trial for how many minutes")
        await operator.answer("10")
        await operator.until_logged("On trial: reverts to version 2 at 12:10:00 UTC unless confirmed.")
        await operator.until(lambda: banner(operator)[1] == "10:00")
        assert banner(operator)[0] == "On trial: reverts at 12:10:00 UTC · ^Y confirms"
        clock.now += timedelta(seconds=19)
        await operator.until(lambda: banner(operator)[1] == "9:41")
        assert operator.form.model.unsaved == ()
        await operator.press("ctrl+y")
        await operator.until_logged("Confirmed FTOSEmailGateway version 3: it stays.")
        await operator.until(lambda: banner(operator) == ("", ""))
        assert running_trials(session) == []
        await operator.press("ctrl+y")
        await operator.until_logged("FTOSEmailGateway is not on trial: nothing to confirm.")


async def test_the_list_knows_of_a_trial_begun_in_its_form(session: Session, clock: Clock) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await operator.type("bulk_no", "500")
        await operator.press("ctrl+t")
        await operator.answer("10")
        await operator.until(lambda: banner(operator)[0])
        await operator.press("escape")
        await operator.listed()
        await operator.until(lambda: [row.mark for row in operator.providers.rows.rows].count("◷") == 1)


async def test_what_was_not_confirmed_comes_back_into_the_open_form(session: Session, clock: Clock) -> None:
    try_out(session)
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        await operator.until(lambda: banner(operator)[0])
        assert form.model.draft.text("bulk_no") == "500"
        clock.now += TEN
        await operator.until_logged("Reverted FTOSEmailGateway to version 2, as version 4")
        await operator.until(lambda: form.model.draft.base.version == 4)
        assert form.model.draft.text("bulk_no") == "50"
        await operator.until(lambda: banner(operator) == ("", ""))


async def test_what_is_typed_stays_when_the_trial_under_it_ends(session: Session, clock: Clock) -> None:
    try_out(session)
    async with at_console(session) as operator:
        form = await operator.open(GATEWAY)
        await operator.until(lambda: banner(operator)[0])
        await operator.type("from_display_name", "Typed")
        clock.now += TEN
        await operator.until_logged("What you typed started from the trial of FTOSEmailGateway, which is over")
        assert form.model.draft.text("from_display_name") == "Typed"
        assert form.model.draft.base.version == 3


async def test_a_normal_save_after_a_refused_trial_is_no_trial(session: Session, clock: Clock) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await operator.type("bulk_no", "5000")
        await operator.press("ctrl+t")
        await operator.answer("5")
        await operator.until_logged("1 field needs to be put right")
        await operator.type("bulk_no", "500")
        await operator.press("f5")
        await operator.until_logged("Saved FTOSEmailGateway version 3")
        assert running_trials(session) == []


async def test_a_length_typed_takes_the_place_of_the_usual_one(session: Session, clock: Clock) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await operator.type("bulk_no", "500")
        await operator.press("ctrl+t")
        await operator.until_asked("Save on trial")
        await operator.until(lambda: operator.app.screen.query("#answer:focus"))
        await operator.press("2", "0", "s", "enter")
        await operator.until_logged("On trial: reverts to version 2 at")
        deadlines = [trial.deadline for trial in running_trials(session)]
        assert deadlines == [clock() + timedelta(seconds=20)]


async def test_no_length_of_a_trial_saves_nothing(session: Session, clock: Clock) -> None:
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await operator.type("bulk_no", "500")
        await operator.press("ctrl+t")
        await operator.answer("soon")
        await operator.until_logged("Not saved: Write a trial in minutes")
        await operator.press("ctrl+t")
        await operator.until_asked("Save on trial")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert open_provider(session, name=GATEWAY).number == 2


async def test_a_new_provider_is_not_on_trial(session: Session, clock: Clock) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.app.open_draft(new_draft())
        await operator.until(lambda: operator.form.focused_row)
        await operator.press("ctrl+y")
        await operator.until_logged("A new provider is not on trial.")
        await operator.press("ctrl+t")
        await operator.answer("5")
        await operator.until_logged("A new provider has no version to go back to")


async def test_the_list_marks_confirms_and_notices(session: Session, clock: Clock) -> None:
    try_out(session)
    async with at_console(session) as operator:
        await operator.listed()
        await operator.until(lambda: [row.mark for row in operator.providers.rows.rows].count("◷") == 1)
        marked = next(row for row in operator.providers.rows.rows if row.mark)
        assert marked.cells[0] == GATEWAY
        operator.providers.rows.move_to(marked.key)
        await operator.until(lambda: "On trial: reverts to version 2 at 12:10:00 UTC" in operator.text)
        await operator.press("t")
        await operator.until_logged("Confirmed FTOSEmailGateway version 3: it stays.")
        await operator.until(lambda: not any(row.mark for row in operator.providers.rows.rows))


async def test_the_console_carries_out_what_is_over(
    session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_watch, "OFTEN", 0.05)
    try_out(session)
    async with at_console(session) as operator:
        await operator.listed()
        await operator.until(lambda: operator.app.trial_watch.known)
        clock.now += TEN
        await operator.until_logged("Reverted FTOSEmailGateway to version 2, as version 4")
        await operator.until(lambda: not operator.app.trial_watch.known)
        operator.on(ProvidersScreen)
        assert operator.levels("Reverted") == [Level.WARNING]


async def test_what_another_process_does_is_noticed(
    session: Session, clock: Clock, open_with: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_watch, "OFTEN", 0.05)
    monkeypatch.setattr(trial_watch, "SELDOM", 0.05)
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        other = open_with()
        try_out(other)
        await operator.until(lambda: banner(operator)[0])
        confirm(other, name=GATEWAY)
        other.close()
        await operator.until(lambda: not banner(operator)[0])


async def test_a_read_only_console_shows_what_it_may_not_end(open_with: Opener) -> None:
    session = open_with()
    try_out(session)
    session.close()
    reader = open_with(Environment(read_only=True))
    clock = Clock(reader)
    async with at_console(reader) as operator:
        await operator.open(GATEWAY)
        await operator.until(lambda: banner(operator)[0])
        await operator.press("ctrl+y")
        await operator.until_logged("read-only")
        clock.now += TEN
        await operator.until(lambda: not banner(operator)[0])
        assert open_provider(reader, name=GATEWAY).number == 3


async def test_a_store_that_is_down_leaves_the_banner(
    session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_out(session)
    monkeypatch.setattr(trial_watch, "OFTEN", 0.05)
    async with at_console(session) as operator:
        await operator.open(GATEWAY)
        await operator.until(lambda: banner(operator)[0])
        looked = 0

        def down(*_: object, **__: object) -> None:
            nonlocal looked
            looked += 1
            raise StoreUnreachable("The store does not answer.")

        for method in ("trials", "due_trials", "trial"):
            monkeypatch.setattr(type(session.store), method, down)
        await operator.until(lambda: looked)
        operator.form.trial.look_soon()
        await operator.until_logged("The store does not answer.")
        assert banner(operator)[0]
