"""The versions of a provider: listed, looked at, compared, and gone back to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ftos_tui.domain.consequences import consequences
from ftos_tui.domain.diff import DiffRow, changed_ids, diff, side_of
from ftos_tui.domain.draft import Draft, text_of
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import PLAIN_IDS
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import visible
from ftos_tui.stores.protocol import NotFound
from ftos_tui.studio.outcome import PATIENCE_S
from ftos_tui.studio.reading import base_of, open_provider, with_readability

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

ROLLBACK = "rollback"
"""The action of a version that took an older one's values."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One version in the history.

    Attributes:
        version: The version; its secrets were not tried.
        changed: The ids of the fields in which it differs from the version before; none for the first.
    """

    version: ProviderVersion
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of one provider beside each other.

    Attributes:
        before: The version on the left, usually the older one.
        after: The one on the right.
        rows: What differs.
        consequences: What follows where `after` takes the place of `before`, in words.
    """

    before: ProviderVersion
    after: ProviderVersion
    rows: tuple[DiffRow, ...]
    consequences: tuple[str, ...]


class ProviderDeleted(Failure):
    """A deleted provider takes no further version."""


def history(
    session: "Session", provider_id: str, *, before: int | None = None, limit: int = 100
) -> Sequence[HistoryEntry]:
    """A page of a provider's versions, newest first; as quick for the last of many as for the first.

    Args:
        session: The operator's session.
        provider_id: The provider, deleted ones too.
        before: Only versions with a smaller number; None for the newest on.
        limit: Most entries, 1 to 999.
    """
    limit = min(max(limit, 1), 999)
    versions = list(session.store.versions(provider_id, before, limit + 1))  # the last one only to compare with
    older = [*versions[1:], None]
    pairs = list(zip(versions, older, strict=True))[:limit] if versions else []
    return [HistoryEntry(version, changes(earlier, version) if earlier else ()) for version, earlier in pairs]


def changes(before: ProviderVersion, after: ProviderVersion) -> tuple[str, ...]:
    """The ids of the fields in which two versions differ, `statuses` last."""
    return changed_ids(diff(side_of(before), side_of(after)))


def find_with_deleted(session: "Session", name: str) -> ProviderVersion:
    """The current version of the provider of a name; where nobody bears it, the last version of a deleted one.

    Raises:
        NotFound: There never was one, or it was renamed.
    """
    try:
        return open_provider(session, name=name)
    except NotFound:
        provider_id = session.store.last_deleted(name)
        if provider_id is None:
            raise
        return open_provider(session, provider_id=provider_id)


def version(session: "Session", provider_id: str, number: int) -> ProviderVersion:
    """One version of a provider, its secrets marked unreadable where they do not decrypt.

    Raises:
        NotFound: The provider has no version of that number; the text says which it has.
    """
    try:
        return with_readability(session, session.store.by_id(provider_id, number))
    except NotFound:
        current = session.store.by_id(provider_id)
    name = visible(current.name)
    raise NotFound(f"{name} has no version {number}: its versions go from 1 to {current.number}.")


def compare(session: "Session", provider_id: str, before: int, after: int) -> Comparison:
    """Two versions of a provider, and what follows from the difference.

    Raises:
        NotFound: The provider has no version of such a number.
    """
    from ftos_tui.studio.providers import check_context

    one, other = version(session, provider_id, before), version(session, provider_id, after)
    sides = side_of(one), side_of(other)
    context = check_context(session, Draft(base_of(other)))
    return Comparison(one, other, diff(*sides), consequences(*sides, context))


def rollback_draft(session: "Session", provider_id: str, number: int, base: int | None = None) -> Draft:
    """A draft that makes a provider what an older version was; its secrets stay as they are stored.

    Where the older version had another destination, the check asks for the secrets again, as for any edit.

    Args:
        session: The operator's session.
        provider_id: The provider.
        number: The version to go back to.
        base: The version the operator believes to be the current one: a save is refused when it is not; None for the
            one that is.

    Raises:
        NotFound: The provider has no version of such a number.
        ProviderDeleted: It was deleted; `anew_draft` makes another one of its versions.
    """
    current = open_provider(session, provider_id=provider_id)
    if current.deleted:
        raise ProviderDeleted(
            f"{visible(current.name)} was deleted by {current.saved_by.user}: nothing was rolled back."
        )
    seen = current if base is None else version(session, provider_id, base)
    old = version(session, provider_id, number)
    draft = Draft(base_of(seen))
    for field_id in PLAIN_IDS:
        draft = draft.with_text(field_id, text_of(field_id, old.values.get(field_id)))
    return draft.with_statuses(old.statuses)


def anew_draft(session: "Session", provider_id: str, number: int) -> Draft:
    """A draft of a new provider with a version's values and name; its secrets have to be entered again.

    Raises:
        NotFound: The provider has no version of that number.
    """
    from ftos_tui.studio.providers import duplicate_draft

    old = version(session, provider_id, number)
    return duplicate_draft(old).with_text("name", old.name)


def rollback(
    session: "Session",
    draft: Draft,
    number: int,
    *,
    acknowledged: Iterable[str] = (),
    reason: str = "",
    trial: timedelta | None = None,
    operation_id: str | None = None,
    patience_s: float = PATIENCE_S,
) -> ProviderVersion:
    """Saves a draft of `rollback_draft`, after the same check as every save.

    Args:
        session: The operator's session.
        draft: The draft, with secrets entered where the check asks for them.
        number: The version it goes back to.
        acknowledged: Codes of the warnings the operator acknowledges.
        reason: Why, in the operator's words; which version it goes back to is put before.
        trial: How long the version is on trial; None where it stays.
        operation_id: As for `providers.save`.
        patience_s: As for `providers.save`.

    Returns:
        The new version; the current one where it already is what the old one was.

    Raises:
        Failure: As `providers.save`.
    """
    from ftos_tui.studio.providers import save

    why = rollback_reason(number, reason)
    return save(
        session,
        draft,
        acknowledged=acknowledged,
        reason=why,
        trial=trial,
        action=ROLLBACK,
        operation_id=operation_id,
        patience_s=patience_s,
    )


def rollback_reason(number: int, reason: str = "") -> str:
    """The reason that a version which goes back to an older one bears."""
    return f"As in version {number}" + (f": {reason}" if reason else "")
