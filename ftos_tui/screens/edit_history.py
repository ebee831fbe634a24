"""Undo: the drafts a form went through."""

from collections.abc import Callable
from time import monotonic

from ftos_tui.domain.draft import Draft

_PAUSE = 1.0
"""Seconds without a key in the same field after which the next key begins a new step."""

_MOST = 200


class EditHistory:
    """The steps back from a draft. Keys typed in one field without a pause are one step.

    Args:
        clock: Tells seconds, for the pause.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._steps: list[Draft] = []
        self._field = ""
        self._at = 0.0

    def before_change(self, draft: Draft, field_id: str) -> None:
        """Notes the draft as it was before a field changed.

        Args:
            draft: The draft before the change.
            field_id: The field that changes; empty for a change made elsewhere, always a step of its own.
        """
        now = self._clock()
        if not field_id or field_id != self._field or now - self._at > _PAUSE:
            self._steps.append(draft)
            del self._steps[:-_MOST]
        self._field, self._at = field_id, now

    def undo(self) -> Draft | None:
        """The draft one step back; None when there is none."""
        self._field = ""
        return self._steps.pop() if self._steps else None

    def clear(self) -> None:
        """Forgets every step, after a save or a reload."""
        self._steps.clear()
        self._field = ""
