"""What one try came to."""

import pytest

from ftos_tui.domain.delivery.outcome import LONGEST_ANSWER, Cause, Outcome, OutcomeKind
from ftos_tui.domain.visible import is_safe


def test_an_answer_is_cut_and_made_visible() -> None:
    outcome = Outcome(OutcomeKind.REFUSED_TEMPORARY, "450", "\x1b[31mbusy\r\n\u202e" + "x" * 600)
    assert outcome.said.startswith("␛[31mbusy␍␊�x")
    assert is_safe(outcome.said)
    assert len(outcome.said) == LONGEST_ANSWER


def test_only_a_provider_wide_outcome_has_a_reason() -> None:
    assert Outcome(OutcomeKind.PROVIDER_WIDE, reason=Cause.NETWORK).reason is Cause.NETWORK
    with pytest.raises(ValueError):
        Outcome(OutcomeKind.PROVIDER_WIDE)
    with pytest.raises(ValueError):
        Outcome(OutcomeKind.ACCEPTED, reason=Cause.NETWORK)
    assert Outcome(OutcomeKind.ACCEPTED).accepted
    assert not Outcome(OutcomeKind.IN_DOUBT).accepted
