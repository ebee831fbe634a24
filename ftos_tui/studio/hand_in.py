"""Messages into the queue, also over a line that breaks while they are handed in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ftos_tui.domain.log import Level
from ftos_tui.stores.message_protocol import Enqueued, NewEntry
from ftos_tui.studio.failures import OutcomeUnknown, counted
from ftos_tui.studio.log import note
from ftos_tui.studio.outcome import Sought, find_out

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session


def handed_in(session: "Session", entries: Sequence[NewEntry]) -> Sequence[Enqueued]:
    """Queues messages, all of them or none; where the answer is lost, finds out what became of them by their ids.

    Args:
        session: The operator's session.
        entries: Rendered messages, at least one.

    Returns:
        What became of each entry, in their order.

    Raises:
        NotFound: A provider is not there any more; nothing was queued.
        NotDone: The line broke, and nothing was queued.
        OutcomeUnknown: The line broke, and the store did not say in time whether they were queued.
    """
    messages = session.store.messages
    try:
        return messages.enqueue(entries, session.author)
    except OutcomeUnknown as unknown:
        one = len(entries) == 1
        what = f"{counted(len(entries), 'message was', 'messages were')} queued"
        later = f"Look later: ftos-tui messages show {entries[0].message.id}"
        again = f"Queue {'it' if one else 'them'} again"
        sought = Sought(lambda: messages.enqueued(entries), what, later, "Not queued", again, "queueing")
        done = find_out(session, unknown, sought)
        note(session, Level.SUCCESS, f"The line dropped after {what}.")
        return done
