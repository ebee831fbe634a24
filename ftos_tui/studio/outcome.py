"""What became of a change whose answer was lost with the line: asked of the store by its own id, never guessed."""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.protocol import NewVersion, OutcomeUnknown, StoreError, StoreForbidden, StoreReadOnly
from ftos_tui.studio.failures import NotFound
from ftos_tui.studio.log import note

if TYPE_CHECKING:
    from ftos_tui.stores.drafts import KeptDraft
    from ftos_tui.studio.session import Session

__all__ = ["OutcomeUnknown"]

PATIENCE_S: Final = 30.0
"""Seconds for which an outcome is looked for before the operator is told that it is unknown."""

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 10.0

_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)

T = TypeVar("T")


class NotDone(StoreError):
    """The line broke while saving, and the store has since said that nothing was saved, nor ever will be."""


@dataclass(frozen=True, slots=True)
class Sought(Generic[T]):
    """A change whose answer was lost, and how the store is asked what became of it.

    Attributes:
        look: Gives back what came of it; None where it was not done, and never will be.
        what: What it was to come to, a clause: `Gateway version 5 was written`.
        later: How to ask when the store did not answer in time, a sentence without full stop.
        failed: What is told of one that was not done: `Not saved`.
        again: What to do about that: `Save again`.
        doing: What was under way when the line broke.
    """

    look: Callable[[], T | None]
    what: str
    later: str
    failed: str = "Not saved"
    again: str = "Save again"
    doing: str = "saving"

    @property
    def not_done(self) -> NotDone:
        """What is told where the store knows nothing of it."""
        return NotDone(f"{self.failed}: the line dropped before {self.what}. {self.again}.")


def pauses() -> Iterator[float]:
    """Seconds to wait before each further try: growing, and never the same for two programs that lost their server."""
    pause = FIRST_PAUSE_S
    while True:
        yield pause * random.uniform(0.7, 1.0)  # noqa: S311
        pause = min(2 * pause, LONGEST_PAUSE_S)


def outcome_of(session: "Session", operation_id: str) -> ProviderVersion | None:
    """The version that a save wrote; where it wrote none, it never will, as far as who asks may change the store.

    Args:
        session: The operator's session.
        operation_id: The save's id.

    Raises:
        NotFound: That is no id of a save.
        StoreError: The store does not answer now.
    """
    if not _ID.fullmatch(operation_id):
        raise NotFound(f"{shortened(operation_id, 40)} is no id of a save: it has 32 digits 0-9, a-f.")
    try:
        return session.store.settle(operation_id)
    except (StoreReadOnly, StoreForbidden):
        version = session.store.outcome(operation_id)
        if version is None and session.may_change:
            # The right was taken away since, or a standby answers: what is not there may still arrive.
            raise
        return version


def find_out(
    session: "Session",
    unknown: OutcomeUnknown,
    sought: Sought[T],
    patience_s: float = PATIENCE_S,
    tell: Callable[[str], None] | None = None,
) -> T:
    """Finds out what became of a change, with growing waits; blocks until it is known or patience ends.

    Args:
        session: The operator's session.
        unknown: What the change raised.
        sought: The change.
        patience_s: Seconds after which it is given up.
        tell: Told what is going on; None for the status log alone.

    Returns:
        What came of it.

    Raises:
        NotDone: Nothing, and nothing ever will.
        OutcomeUnknown: The store did not answer; the sentence says how to ask later.
    """
    if patience_s <= 0:
        raise unknown
    say = tell or (lambda sentence: note(session, Level.WARNING, sentence))
    say(f"The line dropped while {sought.doing}; finding out whether {sought.what}…")
    until = time.monotonic() + patience_s
    for pause in pauses():
        try:
            found = sought.look()
        except StoreError as away:
            if time.monotonic() + pause > until:
                raise OutcomeUnknown(
                    f"It is not known yet whether {sought.what}, for the store does not answer. {sought.later}",
                    unknown.operation_id,
                ) from away
            time.sleep(pause)
            continue
        if found is None:
            raise sought.not_done from unknown
        return found
    raise unknown  # pragma: no cover (pauses never end)


def found_out(
    session: "Session",
    unknown: OutcomeUnknown,
    what: str,
    patience_s: float = PATIENCE_S,
    tell: Callable[[str], None] | None = None,
) -> ProviderVersion:
    """Finds out what became of the save of one provider; see `find_out`.

    Args:
        session: The operator's session.
        unknown: What the save raised.
        what: What was to be saved, for sentences: `Gateway version 5`.
        patience_s: Seconds after which it is given up.
        tell: Told what is going on; None for the status log alone.

    Returns:
        The version the save wrote.

    Raises:
        NotDone: It wrote nothing, and never will.
        OutcomeUnknown: The store did not answer; the sentence says how to ask later.
    """
    if not unknown.operation_id:
        raise unknown
    version = find_out(session, unknown, save_sought(session, unknown.operation_id, what), patience_s, tell)
    note(session, Level.SUCCESS, done_words(version), version.name)
    return version


def save_sought(session: "Session", operation_id: str, what: str) -> Sought[ProviderVersion]:
    """The save of one provider, to be found out.

    Args:
        session: The operator's session.
        operation_id: Its id.
        what: What was to be saved: `Gateway version 5`.
    """
    later = f"Ask later: ftos-tui providers outcome {operation_id}"
    return Sought(lambda: outcome_of(session, operation_id), f"{what} was written", later)


def done_words(version: ProviderVersion) -> str:
    """What is told of a save that was done though its answer was lost."""
    return f"Saved {visible(version.name)} version {version.number}: the line dropped after it was written."


def not_done(what: str) -> NotDone:
    """What is told of a save that the store knows nothing of.

    Args:
        what: What was to be saved.
    """
    return Sought(lambda: None, f"{what} was written", "").not_done


def written(
    session: "Session", new: NewVersion, patience_s: float = PATIENCE_S, *, ended: bool = False
) -> ProviderVersion:
    """Writes a version; where the answer is lost, finds out what became of it.

    Args:
        session: The operator's session.
        new: The version.
        patience_s: Seconds to find out for, see `found_out`; 0 leaves that to the caller.
        ended: Whether the version takes the provider off the list.

    Raises:
        OutcomeUnknown: It is not known whether it was written.
        Failure: It was not written.
    """
    try:
        return session.store.write(new, session.vault.sign)
    except OutcomeUnknown as unknown:
        name = visible(str(new.values.get("name") or "")) or "the provider"
        what = f"the end of {name}" if ended else f"{name} version {new.expected_version + 1}"
        return found_out(session, unknown, what, patience_s)


def settle_drafts(session: "Session") -> None:
    """Finds out what became of saves that this operator's drafts were kept for when the program was killed.

    A draft that was saved is dropped, but for what was typed after the save was sent; one that was not is kept, and
    its save can never arrive any more. Each is told in the status log.

    Raises:
        Failure: The drafts cannot be read or written. A store that does not answer is told in the status log.
    """
    from ftos_tui.studio.drafts import offered_drafts

    for kept in offered_drafts(session):
        if not kept.operation_id:
            continue
        name = visible(kept.provider_name) or "the new provider"
        try:
            version = outcome_of(session, kept.operation_id)
        except Failure as failure:
            told = f"It is not known yet whether the draft of {name} was saved when the program ended: {failure}"
            note(session, Level.WARNING, told, kept.provider_name)
            return
        if version is None:
            session.drafts.keep(replace(kept, operation_id="", typed_since=()))
            told = f"{name} was not saved when the program ended: its draft is kept."
            note(session, Level.WARNING, told, kept.provider_name)
        else:
            _keep_the_rest(session, kept, version)


def _keep_the_rest(session: "Session", kept: "KeptDraft", version: ProviderVersion) -> None:
    """Drops a draft that was saved; what was typed since stays a draft of its own, on the version that was saved."""
    name = visible(version.name)
    saved = f"{name} was saved as version {version.number} before the program ended"
    since = set(kept.typed_since)
    if not since:
        session.drafts.discard(kept.key)
        note(session, Level.SUCCESS, f"{saved}; its draft is not needed any more.", version.name)
        return
    rest = replace(
        kept,
        provider_id=version.provider_id,
        base_version=version.number,
        edits={field_id: text for field_id, text in kept.edits.items() if field_id in since},
        statuses=kept.statuses if "statuses" in since else None,
        secrets_entered=tuple(field_id for field_id in kept.secrets_entered if field_id in since),
        operation_id="",
        typed_since=(),
    )
    session.drafts.keep(rest)
    note(session, Level.SUCCESS, f"{saved}; what was typed afterwards is kept as a draft.", version.name)
