"""Counts, curves and errors of a provider, followed while its form shows them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.screens import form_activity
from ftos_tui.screens.meaning import MeaningScreen
from ftos_tui.screens.statuses import StatusesScreen
from ftos_tui.studio.activity import Activity, Load, pause
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.reading import open_provider
from ftos_tui.studio.session import Session
from ftos_tui.widgets.meaning_panel import MeaningPanel
from tests.screens.operator import at_console
from tests.screens.queued import queue, tried
from tests.screens.values import NAME
from tests.stores.queueing import ACCEPTED


def said(panel: MeaningPanel) -> str:
    """All that the panel says."""
    return "\n".join(f"{section.title}: {line}" for section in panel.sections for line in section.lines)


@pytest.fixture
def busy(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose gateway has six messages, at the real time, for a store counts by its own clock."""
    monkeypatch.setattr(form_activity, "PACE", 0.05)
    session.clock = lambda: datetime.now(UTC)
    queue(session, 6)
    tried(session, 2, Dispatch.FAILED, status_code="bounce")
    tried(session, 1, Dispatch.ACCEPTED, outcome=ACCEPTED, status_code="processed")
    return session


async def test_a_wide_form_shows_counts_curves_and_errors_as_they_come(busy: Session) -> None:
    async with at_console(busy, size=(120, 40)) as operator:
        form = await operator.open(NAME)
        panel = form.query_one(MeaningPanel)
        await operator.until(lambda: "Messages: 3 waiting, 2 in error." in said(panel))
        told = said(panel)
        assert "Bounced: 2" in told
        assert "Last errors: " in told
        assert "451 4.3.0 later (2 times)." in told
        drawn = [line for line in told.splitlines() if line.startswith("Last 24 hours")]
        assert [line.split(": ")[1].split()[0] for line in drawn] == ["Accepted", "Processed", "Bounced"]
        assert all("█" in line for line in drawn)
        before = form.activity.now
        await operator.pilot.pause(0.2)
        assert form.activity.now is before, "nothing is painted where nothing differs"
        tried(busy, 1, Dispatch.ACCEPTED, outcome=ACCEPTED, status_code="processed")
        await operator.until(lambda: "Processed: 2" in said(panel) and "2 waiting, 2 in error." in said(panel))
        pause(busy, open_provider(busy, name=NAME), "night")
        await operator.until(lambda: "Messages: Paused: night." in said(panel))


async def test_a_narrow_form_asks_nothing_until_there_is_somewhere_to_show_it(busy: Session) -> None:
    async with at_console(busy) as operator:
        form = await operator.open(NAME)
        await operator.pilot.pause(0.2)
        assert form.activity.now is None
        await operator.press("f3")
        statuses = await operator.until_on(StatusesScreen)
        bounce = next(at for at, row in enumerate(form.statuses) if row.code == "bounce")
        await operator.until(lambda: "█" in operator.cells("statuses")[bounce][-1])
        await operator.press(*["down"] * bounce)
        await operator.until(lambda: "· the day to now" in operator.text)
        tried(busy, 1, Dispatch.FAILED, status_code="bounce")
        await operator.until(lambda: operator.cells("statuses")[bounce][-2] == "3")
        assert statuses.index == bounce, "the cursor stays"
        await operator.press("escape", "f4")
        screen = await operator.until_on(MeaningScreen)
        await operator.until(lambda: "Last errors" in said(screen.query_one(MeaningPanel)))
        tried(busy, 1, Dispatch.ACCEPTED, outcome=ACCEPTED, status_code="processed")
        await operator.until(lambda: "Processed: 2" in said(screen.query_one(MeaningPanel)))


async def test_a_store_that_is_away_leaves_what_was_known(busy: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_console(busy, size=(120, 40)) as operator:
        form = await operator.open(NAME)
        await operator.until(lambda: form.activity.now is not None)
        calls: list[int] = []

        def away(*_: object) -> None:
            calls.append(1)
            raise StoreUnreachable("The store is away.")

        monkeypatch.setattr(type(busy.store.messages), "hours", away)
        await operator.until(lambda: len(calls) > 2)
        assert form.activity.now is not None
        assert "The store is away." not in operator.text


async def test_a_new_provider_has_no_activity(session: Session) -> None:
    async with at_console(session, size=(120, 40)) as operator:
        await operator.listed()
        await operator.press("n")
        await operator.until(lambda: "New Channel Provider" in operator.text)
        assert operator.form.activity.now is None
        assert operator.form.activity.curve_of("bounce") == ""


def test_a_provider_without_messages_has_nothing_to_show() -> None:
    quiet = Activity({}, {}, (0,) * 24, Load(), "", (), datetime.now(UTC))
    assert not list(form_activity.activity_sections(quiet, ()))
    assert not list(form_activity.activity_sections(None, ()))
    stopped = replace(quiet, stopped="Paused: night.")
    assert [section.lines for section in form_activity.activity_sections(stopped, ())] == [("Paused: night.",)]
    counted = replace(quiet, load=Load(waiting=1), accepted=(1,) * 24)
    assert [section.title for section in form_activity.activity_sections(counted, ())] == [
        "Messages",
        "Last 24 hours, now at the right",
    ]
