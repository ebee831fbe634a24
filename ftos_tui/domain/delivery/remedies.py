"""What an operator can do about a refusal of a provider, one sentence for each kind."""

from typing import Final

from ftos_tui.domain.delivery.outcome import OutcomeKind

_OTHERWISE: Final = "Read the provider's answer, and ask the provider."

_REMEDY: Final = {
    OutcomeKind.REFUSED_TEMPORARY: "It goes again by itself while tries are left; ask the provider if that goes on.",
    OutcomeKind.REFUSED_PERMANENT: "Correct the recipient or the message, then hand it in anew.",
    OutcomeKind.THROTTLED: "Lower Bulk No, or ask the provider for a higher rate.",
    OutcomeKind.PROVIDER_WIDE: "Test the connection, then correct what it names.",
    OutcomeKind.IN_DOUBT: "Look at the provider whether it has the message, then resolve it.",
}


def remedy(outcome: str) -> str:
    """What to do about a try that came to this.

    Args:
        outcome: An `OutcomeKind`, as the history of a message has it.
    """
    return _REMEDY.get(OutcomeKind(outcome), _OTHERWISE) if outcome in [*OutcomeKind] else _OTHERWISE
