"""Messages in the queue of a console under test, in every state."""

from ftos_tui.domain.delivery.message import NewMessage
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.studio import messages
from ftos_tui.studio.reading import open_provider
from ftos_tui.studio.session import Session
from tests.screens.values import NAME
from tests.stores.queueing import REFUSED, claim, mark, recorded


def queue(session: Session, number: int = 1, *, name: str = NAME, **changes: str) -> list[str]:
    """The ids of messages that were handed in, their recipients numbered."""
    provider = open_provider(session, name=name)
    ids: list[str] = []
    for at in range(number):
        texts = {"to": f"client{at}@example.com", "subject": f"Statement {at}", "text": "Your statement", **changes}
        ids += messages.add(session, provider, NewMessage(**texts)).ids  # type: ignore[arg-type]
    return ids


def tried(session: Session, number: int, after: Dispatch, **more: object) -> list[str]:
    """The ids of messages that a worker tried; this is what came of them."""
    store = session.store.messages
    provider_id = open_provider(session, name=NAME).provider_id
    step = claim(store, provider_id, number)
    mark(store, step.messages)
    outcome = more.pop("outcome", REFUSED)
    store.record([recorded(one, after, outcome, **more) for one in step.messages])  # type: ignore[arg-type]
    return [one.id for one in step.messages]
