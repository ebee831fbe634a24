"""Review before a save: by its key, or before every save where the environment wants it."""

from ftos_tui.config import Environment
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.screens.review import ReviewScreen
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from ftos_tui.widgets.meaning_panel import MeaningPanel
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME


def told(operator: Operator) -> dict[str, tuple[str, ...]]:
    """What the panel under the difference says, by title."""
    sections = operator.app.screen.query_one(MeaningPanel).sections
    return {section.title: tuple(map(str, section.lines)) for section in sections}


async def test_the_review_tells_what_changes_and_what_follows(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "500")
        await operator.type("interval_min", "13:00:00")
        await operator.type("app_key", "canary-4711")
        await operator.press("shift+f2")
        await operator.until_on(ReviewScreen)
        await operator.until(lambda: operator.row_list("diff").row is not None)
        assert operator.cells("diff") == [
            ("App Key", "changed", "version 1 by ana", "entered anew"),
            ("Bulk No", "changed", "50", "500"),
            ("Interval Min", "changed", "09:00:00", "13:00:00"),
        ]
        assert told(operator)["What follows"] == (
            "→ The stored App Key is replaced by the one entered.",
            "→ The window closes now: it opens again at 13:00:00 UTC.",
            "→ It is open 5 h a day instead of 9 h.",
            "→ 50 to 500 a step = at most 30,000 an hour instead of 3,000.",
        )
        assert "canary" not in operator.text
        await operator.press("j")
        await operator.until(lambda: "Bulk No: 50 → 500" in operator.text)
        await operator.snapshot("review")
        await operator.press("f1")
        await operator.until(lambda: "Review of 3 changed fields" in operator.text)
        await operator.press("escape", "enter")
        await operator.until_on(ProvidersScreen)
        assert open_provider(session, name=NAME).values["bulk_no"] == 500


async def test_esc_goes_back_with_everything_kept(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("shift+f2")
        await operator.until_logged("Nothing is unsaved, so there is nothing to review.")
        await operator.type("bulk_no", "60")
        for key in ("escape", "shift+f2"):
            await operator.press("shift+f2")
            await operator.until_on(ReviewScreen)
            await operator.press(key)
            await operator.until_on(EditScreen)
        assert operator.row("bulk_no").control.value == "60"
        assert open_provider(session, name=NAME).number == 2


async def test_warnings_are_acknowledged_and_the_reason_is_given_there(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("pool_time_retry", "00:00:30")
        await operator.press("shift+f2")
        await operator.until_on(ReviewScreen)
        assert told(operator)["To acknowledge (F7)"][0].startswith("! Pool Time Retry: ")
        await operator.press("f7")
        await operator.until_logged("Acknowledged pool_short.")
        assert told(operator)["To acknowledge (F7)"][0].startswith("✓ ")
        await operator.press("f7")
        await operator.until_logged("No longer acknowledged: pool_short.")
        await operator.press("f7", "f12")
        await operator.until_asked("Why this change?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert told(operator)["Reason (F12)"] == ("None given.",)
        await operator.press("f12")
        await operator.answer("faster retries")
        await operator.until(lambda: told(operator)["Reason (F12)"] == ("faster retries",))
        await operator.press("f2")
        await operator.until_on(ProvidersScreen)
        version = open_provider(session, name=NAME)
        assert (version.reason, version.acknowledged) == ("faster retries", ("pool_short",))


async def test_what_is_refused_is_said_and_led_to(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.type("bulk_no", "1001")
        await operator.press("shift+f2")
        await operator.until_on(ReviewScreen)
        assert told(operator)["It cannot be saved"][0].startswith("✗ Bulk No: ")
        await operator.press("f7")
        await operator.until_logged("There is no warning to acknowledge.")
        await operator.press("enter")
        await operator.until_on(EditScreen)
        await operator.until(lambda: operator.focused_field == "bulk_no")


async def test_an_environment_can_want_every_save_reviewed(open_with: Opener) -> None:
    session = open_with(Environment(review=True))
    async with at_console(session) as operator:
        await operator.open(NAME)
        await operator.press("ctrl+r")
        await operator.until_logged(f"Nothing to save: {NAME} is as it was.")
        await operator.type("bulk_no", "1001")
        await operator.press("ctrl+r")
        await operator.until_logged("Not saved: 1 field needs to be put right.")
        await operator.type("bulk_no", "60")
        await operator.press("ctrl+r")
        review = await operator.until_on(ReviewScreen)
        await operator.press("enter")
        await operator.until_on(EditScreen)
        await operator.until_logged(f"Saved {NAME} version 3")
        review.action_save()  # Enter pressed twice: the second one has nothing to save any more
        assert open_provider(session, name=NAME).number == 3
