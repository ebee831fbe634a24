"""What a save would do, told before it is done."""

from dataclasses import dataclass

from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.consequences import consequences
from ftos_tui.domain.diff import DiffRow, diff, side_of, side_of_draft
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Review:
    """A draft against what is saved.

    Attributes:
        rows: What a save would change, field by field.
        consequences: What follows from it, in words.
        checked: The verdict on the draft.
    """

    rows: tuple[DiffRow, ...]
    consequences: tuple[str, ...]
    checked: Checked

    def refused(self) -> tuple[Finding, ...]:
        """The findings that keep the draft from being saved."""
        return tuple(finding for finding in self.checked.findings if finding.severity is Severity.REFUSE)


def review(draft: Draft, checked: Checked, context: CheckContext) -> Review:
    """Looks at what a save of a draft would do; asks no store.

    Args:
        draft: The edit.
        checked: The verdict on it.
        context: The world it was judged in.
    """
    before, after = side_of(draft.base), side_of_draft(draft, checked)
    follows = consequences(before, after, context) if draft.base.version else ()
    return Review(diff(before, after), follows, checked)
