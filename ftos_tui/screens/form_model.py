"""What a provider form holds, apart from its widgets: the draft, its check, what was acknowledged, the steps back."""

from dataclasses import replace
from datetime import datetime, timedelta

from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.secret import Secret
from ftos_tui.screens.edit_history import EditHistory
from ftos_tui.studio.providers import check_live
from ftos_tui.widgets.field_row import Shown

REQUIRED = "required"
"""The code of the finding at an empty mandatory field; the vendor's red dot stands for it until a save is tried."""


class FormModel:
    """An edit under way.

    Args:
        draft: What the form starts with.
        context: The world the check is told of.

    Attributes:
        draft: What the form holds now.
        checked: The verdict on it.
        attempted: Whether a save was tried: from then on empty mandatory fields say so in words.
        reason: Why the change is made.
        trial: How long the next save is on trial; None where it stays.
    """

    def __init__(self, draft: Draft, context: CheckContext) -> None:
        self.draft = draft
        self.context = context
        self.history = EditHistory()
        self.attempted = False
        self.reason = ""
        self._rollback: tuple[int, Draft] | None = None
        self.trial: timedelta | None = None
        self._acknowledged: set[Finding] = set()
        self.checked: Checked = check_live(context, draft)

    def type(self, field_id: str, text: str) -> None:
        """A plain field was typed into."""
        if text != self.draft.text(field_id):
            self._change(self.draft.with_text(field_id, text), field_id)

    def enter_secret(self, field_id: str, secret: Secret) -> None:
        """A secret was typed."""
        if secret != self.draft.secrets.get(field_id, Secret("")):
            self._change(self.draft.with_secret(field_id, secret), field_id)

    def put(self, draft: Draft) -> None:
        """The draft was changed elsewhere: the statuses, or appConfig in its editor."""
        self._change(draft, "")

    def undo(self) -> bool:
        """Goes one step back.

        Returns:
            Whether there was one.
        """
        before = self.history.undo()
        if before is None:
            return False
        self.draft = before
        self.recheck()
        return True

    def rebase(self, draft: Draft) -> None:
        """Starts from another saved version; what was undone before belongs to the old one."""
        self.draft = draft
        self.history.clear()
        self.recheck()

    def take_rollback(self, draft: Draft, number: int) -> None:
        """Holds what an older version held; undo goes back to what stood here before.

        Args:
            draft: The rollback's draft.
            number: The version it goes back to.
        """
        if draft.base != self.draft.base:
            self.rebase(draft)
        elif draft != self.draft:
            self.put(draft)
        self._rollback = (number, draft)

    @property
    def rolls_back_to(self) -> int | None:
        """The version whose values the form holds, secrets aside; None once anything else was edited."""
        if self._rollback is None:
            return None
        number, draft = self._rollback
        here = self.draft
        same = (here.base.version, here.edits, here.statuses) == (draft.base.version, draft.edits, draft.statuses)
        return number if same else None

    def told(self, context: CheckContext) -> bool:
        """Takes in what the store now says of the world.

        Returns:
            Whether the verdict may differ for it.
        """
        if replace(context, now=self.context.now) == self.context:
            return False
        self.context = context
        self.recheck()
        return True

    def tick(self, now: datetime) -> None:
        """Lets the time pass for checks that depend on it.

        Args:
            now: The time, UTC.
        """
        self.context = replace(self.context, now=now)
        self.recheck()

    def recheck(self) -> None:
        """Judges the draft anew."""
        self.checked = check_live(self.context, self.draft)

    def _change(self, draft: Draft, field_id: str) -> None:
        self.history.before_change(self.draft, field_id)
        self.draft = draft
        self.recheck()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The ids of what differs from the saved version."""
        return self.draft.changed

    @property
    def acknowledged(self) -> frozenset[str]:
        """The codes of the warnings acknowledged as they stand now; a warning that changed its words is a new one."""
        open_warnings = [f for f in self.checked.findings if f.severity is Severity.WARN]
        return frozenset(f.code for f in open_warnings if f in self._acknowledged) - {
            f.code for f in open_warnings if f not in self._acknowledged
        }

    def acknowledge(self, field_id: str) -> tuple[Finding, ...]:
        """Acknowledges the warnings at a field, or takes that back when all of them were.

        Returns:
            The warnings at the field; none when there is nothing to acknowledge.
        """
        warnings = tuple(f for f in self.checked.of(field_id) if f.severity is Severity.WARN)
        if all(warning in self._acknowledged for warning in warnings):
            self._acknowledged.difference_update(warnings)
        else:
            self._acknowledged.update(warnings)
        return warnings

    def is_acknowledged(self, finding: Finding) -> bool:
        """Whether this very warning was acknowledged."""
        return finding in self._acknowledged

    def shown(self, field_id: str) -> tuple[Shown, ...]:
        """The findings of a field as its row shows them."""
        return tuple(
            Shown(finding, finding in self._acknowledged)
            for finding in self.checked.of(field_id)
            if finding.code != REQUIRED or self.attempted
        )

    def is_empty(self, field_id: str) -> bool:
        """Whether a mandatory value is missing at this field."""
        return any(finding.code == REQUIRED for finding in self.checked.of(field_id))
