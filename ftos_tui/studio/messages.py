"""Queue, find, stop, release and settle messages, and say why one does not move."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import randbits
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ftos_tui.domain.delivery.breaker import Breaker
from ftos_tui.domain.delivery.message import NewMessage, messages_of
from ftos_tui.domain.delivery.message_check import CheckedMessage, MessageContext, check_message
from ftos_tui.domain.delivery.provider import ProviderState, provider_state
from ftos_tui.domain.delivery.states import WAITING, Dispatch, displayed
from ftos_tui.domain.delivery.steps import StepState
from ftos_tui.domain.delivery.waiting import Standing, why_waiting
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.pace import window_of
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.message_protocol import (
    Counts,
    MessageDetail,
    MessageMove,
    MessageQuery,
    MessageRow,
    Moved,
    NewEntry,
)
from ftos_tui.stores.protocol import NotFound
from ftos_tui.studio.failures import MessageRefused, counted
from ftos_tui.studio.hand_in import handed_in
from ftos_tui.studio.log import note
from ftos_tui.studio.reasons import reason_to_keep

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Counts", "Dispatch", "MessageDetail", "MessageQuery", "MessageRow", "Moved", "NewMessage"]

ALIVE: Final = timedelta(seconds=60)
"""A worker that told of itself within this time is taken for running."""

_CHUNK: Final = 1000
_HELD: Final = frozenset({Dispatch.HELD})
_SHORTEST_ID: Final = 8

ACTIONS: Final[Mapping[str, tuple[frozenset[Dispatch], Dispatch]]] = {
    "hold": (WAITING, Dispatch.HELD),
    "release": (_HELD, Dispatch.QUEUED),
    "cancel": (WAITING | _HELD, Dispatch.CANCELED),
    "retry": (frozenset({Dispatch.FAILED}), Dispatch.QUEUED),
}
"""What an operator can do to messages: from which states, and to which."""

RESOLUTIONS: Final[Mapping[str, Dispatch]] = {
    "accepted": Dispatch.ACCEPTED,
    "retry": Dispatch.RETRY_WAIT,
    "failed": Dispatch.FAILED,
}
"""As what a message in doubt can be settled."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a hand-in.

    Attributes:
        ids: The ids of its messages, one for each recipient, those queued before included.
        known: Those of them that were queued before under the same dedupe key.
        held: Why they are held; empty when they wait.
        findings: What the check said.
    """

    ids: tuple[str, ...]
    known: tuple[str, ...]
    held: str
    findings: tuple[Finding, ...]


def check(session: "Session", provider: ProviderVersion, new: NewMessage) -> CheckedMessage:
    """The verdict on a message, the same for every way in; stores nothing."""
    context = MessageContext(
        channel=str(provider.values.get("communication_channel") or "email"),
        now=session.store.now(session.clock()),
        window=window_of(provider.values),
        test=session.environment.test,
    )
    return check_message(new, context)


def add(session: "Session", provider: ProviderVersion, new: NewMessage, *, acknowledged: Iterable[str] = ()) -> Added:
    """Queues a message for each of its recipients; held where the provider is not ready.

    Args:
        session: The operator's session.
        provider: The provider's current version.
        new: The message as it was handed in.
        acknowledged: Codes of the warnings the operator acknowledges.

    Raises:
        NotPermitted: The environment is read-only.
        MessageRefused: The check refuses it, or a warning is not acknowledged.
        NotFound: The provider was deleted meanwhile.
        StoreError: It is not queued, or the line broke and it is not known whether it is; see `handed_in`.
    """
    session.permit_change()
    checked = accepted_by_check(check(session, provider, new), acknowledged)
    entries = entries_of(session, provider, checked.message)
    done = handed_in(session, entries)
    held = entries[0].reason
    known = tuple(one.id for one in done if not one.new)
    if len(known) < len(done):
        messages = counted(len(done) - len(known), "message", "messages")
        level, what = (Level.WARNING, f"Held {messages}") if held else (Level.SUCCESS, f"Queued {messages}")
        why = f": {held.rstrip('.')}" if held else ""
        note(session, level, f"{what} for {visible(provider.name)}{why}.", provider.name)
    return Added(tuple(one.id for one in done), known, held, checked.findings)


def accepted_by_check(checked: CheckedMessage, acknowledged: Iterable[str]) -> CheckedMessage:
    """The outcome of a check that lets the message be queued.

    Raises:
        MessageRefused: It does not, or a warning is not acknowledged.
    """
    codes = frozenset(acknowledged)
    refused = [finding for finding in checked.findings if finding.severity is Severity.REFUSE]
    warned = [f for f in checked.findings if f.severity is Severity.WARN and f.code not in codes]
    if refused:
        raise MessageRefused(f"Not queued: {refused[0].message}", checked.findings)
    if warned:
        names = ", ".join(dict.fromkeys(finding.code for finding in warned))
        raise MessageRefused(f"Not queued: acknowledge {names}.", checked.findings)
    return checked


def entries_of(session: "Session", provider: ProviderVersion, new: NewMessage) -> Sequence[NewEntry]:
    """The entries of a checked hand-in, rendered for the provider as it is now.

    Raises:
        MessageRefused: It cannot be put on the wire.
    """
    from ftos_tui.domain.route import NoRoute
    from ftos_tui.transports.rendering import NotRenderable, render

    messages = messages_of(new, provider.provider_id, session.store.now(session.clock()), new_message_id)
    held = not_ready_in_words(provider)
    entries = []
    for message in messages:
        if not held:
            try:
                rendered = render(message, provider.values)
            except NoRoute as fault:
                held = f"{visible(provider.name)} leads nowhere: {fault}"
            except NotRenderable as fault:
                raise MessageRefused(f"Not queued: {fault}", ()) from fault
            else:
                entries.append(NewEntry(message, rendered.envelope(), rendered.payload))
                continue
        entries.append(NewEntry(message, state=Dispatch.HELD, reason=held))
    return entries


def not_ready_in_words(provider: ProviderVersion) -> str:
    """Why a provider cannot send; empty when it can."""
    state = provider_state(provider)
    if state.missing:
        first = ", ".join(state.missing[:3]) + (", …" if len(state.missing) > 3 else "")
        return f"{visible(provider.name)} is not ready: {first} {'is' if len(state.missing) == 1 else 'are'} missing"
    return "" if state.rules else f"{visible(provider.name)} is not ready: its settings make no sense together"


def list_messages(session: "Session", query: MessageQuery) -> Sequence[MessageRow]:
    """One page of the messages."""
    return session.store.messages.message_page(query)


def count_messages(session: "Session", query: MessageQuery, most: int = 10_000) -> int:
    """How many messages match; where a text is looked for, at most `most`."""
    return session.store.messages.count_messages(query, most)


def message_counts(session: "Session", provider_id: str | None = None) -> Counts:
    """How many messages are in each state, of a provider or of all."""
    return session.store.messages.counts(provider_id)


def full_id(session: "Session", written: str) -> str:
    """The id of a message out of what an operator wrote: its beginning will do, at least eight characters.

    Raises:
        NotFound: No message has it, or several begin so.
    """
    start = written.strip().lower()
    found = session.store.messages.ids_like(start, 2) if len(start) >= _SHORTEST_ID else ()
    if start in found or len(found) == 1:
        return start if start in found else found[0]
    shown = shortened(written, 40)
    if found:
        raise NotFound(f"Several messages begin with {shown}: write more of the id.")
    if 0 < len(start) < _SHORTEST_ID:
        raise NotFound(f"{shown} is too short for an id: write {_SHORTEST_ID} characters of it at least.")
    raise NotFound(f"There is no message {shown}: `ftos-tui messages list` lists them.")


def open_message(session: "Session", message_id: str) -> MessageDetail:
    """A message with its history.

    Raises:
        NotFound: There is none.
    """
    return session.store.messages.message(message_id)


def status_in_words(row: MessageRow, tries_in_all: int) -> str:
    """The status of a message as an operator reads it."""
    return displayed(row.state, due=row.due, tries=row.attempt, tries_in_all=tries_in_all)


def tries_in_all(session: "Session", provider_ids: Iterable[str]) -> Mapping[str, int]:
    """How often messages of these providers are tried at most, as they are now; 1 where that cannot be told."""
    return {provider_id: _tries(_provider(session, provider_id)) for provider_id in dict.fromkeys(provider_ids)}


def why_waiting_in_words(session: "Session", row: MessageRow) -> str:
    """Why a message is not moving, in one sentence."""
    messages = session.store.messages
    now = session.store.now(session.clock())
    kept = messages.step_state(row.provider_id)
    provider = replace(_provider(session, row.provider_id), paused=kept.paused)
    try:
        breaker = Breaker.from_json(kept.breaker)
    except ValueError:
        breaker = Breaker()
    standing = Standing(
        state=row.state,
        due=row.due,
        changed_at=row.changed_at,
        tries=row.attempt,
        not_after=row.not_after,
        reason=row.reason,
        said=row.said,
        worker=row.worker or "",
    )
    step = StepState(kept.next_step_at, kept.inflight, breaker)
    running = sum(now - worker.seen_at < ALIVE for worker in messages.workers())
    ahead = messages.ahead_of(row.id) if row.state in WAITING else 0
    return why_waiting(standing, provider, step, now, workers=running, ahead=ahead)


def act(session: "Session", action: str, ids: Sequence[str], reason: str = "") -> Moved:
    """Holds, releases, cancels or retries messages; those in a state that does not fit are left alone.

    Args:
        session: The operator's session.
        action: One of `ACTIONS`.
        ids: Whole ids.
        reason: Why, in the operator's words.

    Raises:
        NotPermitted: The environment is read-only.
    """
    before, after = ACTIONS[action]
    return _move(session, action, ids, before, after, reason, anew=action == "retry")


def act_on_all(session: "Session", action: str, query: MessageQuery, reason: str = "") -> int:
    """Does the same to every message that matches and whose state fits.

    Returns:
        How many were moved.

    Raises:
        NotPermitted: The environment is read-only.
    """
    session.permit_change()
    fitting = tuple(state for state in Dispatch if state in ACTIONS[action][0])
    states = tuple(state for state in query.states if state in fitting) if query.states else fitting
    query = replace(query, states=states, oldest_first=True, limit=_CHUNK)
    before, after = ACTIONS[action]
    total = 0
    try:
        while states and (page := list_messages(session, query)):
            ids = [row.id for row in page]
            total += len(_moved(session, action, ids, before, after, reason, anew=action == "retry").done)
            query = replace(query, after=page[-1].id)
    finally:
        _tell(session, action, total, after)  # one line, not one for each thousand
    return total


def resolve(session: "Session", ids: Sequence[str], outcome: str, reason: str = "") -> Moved:
    """Settles messages in doubt, as somebody knows who looked at the provider.

    Args:
        session: The operator's session.
        ids: Whole ids.
        outcome: One of `RESOLUTIONS`; a message without tries left that is tried again begins anew.
        reason: How that is known.

    Raises:
        NotPermitted: The environment is read-only.
    """
    session.permit_change()
    after, before = RESOLUTIONS[outcome], frozenset({Dispatch.IN_DOUBT})
    if after is not Dispatch.RETRY_WAIT:
        return _move(session, "resolve", ids, before, after, reason)
    spent = set(_spent(session, ids))
    moved = [
        _move(session, "resolve", part, before, after, reason, anew=anew, at_once=True)
        for part, anew in (([one for one in ids if one not in spent], False), (sorted(spent), True))
        if part
    ]
    return Moved(
        tuple(one for part in moved for one in part.done),
        {one: state for part in moved for one, state in part.refused.items()},
        tuple(one for part in moved for one in part.missing),
    )


def new_message_id() -> str:
    """An id for a message: a UUID of version 7 (RFC 9562, 5.7), so that ids sort by the time they were made."""
    now = time.time_ns()
    milliseconds, rest = divmod(now, 1_000_000)
    number = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (rest << 12) // 1_000_000 << 64
    return str(UUID(int=number | 0b10 << 62 | randbits(62)))


def _move(
    session: "Session",
    action: str,
    ids: Sequence[str],
    before: frozenset[Dispatch],
    after: Dispatch,
    reason: str,
    *,
    anew: bool = False,
    at_once: bool = False,
) -> Moved:
    moved = _moved(session, action, ids, before, after, reason, anew=anew, at_once=at_once)
    _tell(session, action, len(moved.done), after)
    return moved


def _tell(session: "Session", action: str, number: int, after: Dispatch) -> None:
    if number:
        note(session, Level.INFO, f"{counted(number, 'message', 'messages')}: {action}, now {after}")


def _moved(
    session: "Session",
    action: str,
    ids: Sequence[str],
    before: frozenset[Dispatch],
    after: Dispatch,
    reason: str,
    *,
    anew: bool = False,
    at_once: bool = False,
) -> Moved:
    session.permit_change()
    move = MessageMove(
        action=action,
        ids=tuple(ids),
        before=before,
        after=after,
        author=session.author,
        reason=reason_to_keep(reason),
        anew=anew,
        due=session.store.now(session.clock()) if at_once else None,
    )
    return session.store.messages.move(move, session.vault.sign)


def _spent(session: "Session", ids: Sequence[str]) -> Iterator[str]:
    """Those of the messages that have no tries left."""
    for message_id in ids:
        try:
            row = session.store.messages.message_row(message_id)
        except NotFound:
            continue
        if row.attempt >= _tries(_provider(session, row.provider_id)):
            yield message_id


def _provider(session: "Session", provider_id: str) -> ProviderState:
    return provider_state(session.store.by_id(provider_id))


def _tries(provider: ProviderState) -> int:
    return provider.rules.tries if provider.rules else 1
