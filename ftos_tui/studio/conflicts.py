"""What to do when somebody saved in between: base, theirs and mine, brought together part by part."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.merge import Outcome, Part, clashes, merged, three_way
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.studio.reading import base_of, open_provider

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Conflict", "Outcome", "Part", "find_conflict"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit and the version that others saved since it was begun.

    Attributes:
        draft: The edit, on the version it started from.
        theirs: What is saved now.
        parts: Every part that one of both changed.
    """

    draft: Draft
    theirs: ProviderVersion
    parts: tuple[Part, ...]

    @property
    def clashes(self) -> tuple[Part, ...]:
        """The parts that both changed differently."""
        return clashes(self.parts)

    def resolved(self, taken: Collection[str] = ()) -> Draft:
        """The edit on top of what is saved now.

        Args:
            taken: The ids of clashing parts to take from theirs; mine stands in the others.
        """
        return merged(self.draft, base_of(self.theirs), frozenset(taken))


def find_conflict(session: "Session", draft: Draft) -> Conflict | None:
    """What others changed since a draft was begun.

    Returns:
        None where nobody saved, where the draft is of a new provider, or where the provider was deleted.

    Raises:
        Failure: The store does not answer.
    """
    if draft.base.provider_id is None:
        return None
    theirs = open_provider(session, provider_id=draft.base.provider_id)
    if theirs.deleted or theirs.number == draft.base.version:
        return None
    return Conflict(draft, theirs, three_way(draft, base_of(theirs)))
