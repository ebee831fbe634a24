"""A day's curve, and what to do about a refusal."""

from datetime import UTC, datetime, timedelta

import pytest

from ftos_tui.domain.delivery.curve import HOURS, curve, last_hours
from ftos_tui.domain.delivery.outcome import OutcomeKind
from ftos_tui.domain.delivery.remedies import remedy

NOW = datetime(2026, 1, 2, 12, 34, tzinfo=UTC)


def test_the_last_hour_is_the_one_that_runs() -> None:
    hour = NOW.replace(minute=0)
    numbers = last_hours({hour: 5, hour - timedelta(hours=23): 2, hour - timedelta(hours=24): 9}, NOW)
    assert (len(numbers), numbers[-1], numbers[0], sum(numbers)) == (HOURS, 5, 2, 7)


@pytest.mark.parametrize(
    ("numbers", "drawn"),
    [((), ""), ((0, 0), "··"), ((1, 0, 1), "█·█"), ((1, 1000), "▁█"), ((1, 2, 3, 4, 5, 6, 7, 8), "▁▂▃▄▅▆▇█")],
)
def test_a_block_is_as_high_as_its_share_and_none_is_a_dot(numbers: tuple[int, ...], drawn: str) -> None:
    assert curve(numbers) == drawn


def test_every_refusal_has_something_to_do() -> None:
    refusals = set(OutcomeKind) - {OutcomeKind.ACCEPTED, OutcomeKind.NOT_SENT}
    said = {remedy(kind) for kind in refusals}
    assert len(said) == len(refusals)
    assert remedy("accepted") == remedy("lease_lost") == "Read the provider's answer, and ask the provider."
