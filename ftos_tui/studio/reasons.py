"""The reason an operator gives for a change, as versions and the audit keep it."""

from ftos_tui.domain.checks.text import without_keys
from ftos_tui.domain.visible import visible


def reason_to_keep(reason: str) -> str:
    """The reason with its unsafe characters visible and without keys: it is shown, and the audit never forgets it.

    Args:
        reason: Why, in the operator's words.
    """
    return visible(without_keys(reason))
