"""What a store does for the workers that send: claims, marks, outcomes, leases. Part of `MessageStore`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.delivery.outcome import Outcome
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.record import Author

if TYPE_CHECKING:
    from ftos_tui.stores.live_protocol import Signal
    from ftos_tui.stores.protocol import Sign


@dataclass(frozen=True, slots=True)
class StepState:
    """Where a provider stands with its steps, over all workers.

    Attributes:
        provider_id: The provider.
        inflight: How many of its messages are in the hands of workers.
        fence: How many steps there were.
        started_at: When the last one began, UTC; None for never.
        next_step_at: Not before this time the next one may begin, UTC; None for at once.
        breaker: The state of its breaker as the policy wrote it; empty for a new one.
        paused: Why an operator paused it; empty when it is not paused.
    """

    provider_id: str
    inflight: int = 0
    fence: int = 0
    started_at: datetime | None = None
    next_step_at: datetime | None = None
    breaker: str = ""
    paused: str = ""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What a step may do.

    Attributes:
        limit: Most messages to claim; 0 for none.
        next_step_at: Before which time no further step may begin, UTC. Kept where nothing was claimed.
        breaker: The breaker's new state; None to keep it.
    """

    limit: int
    next_step_at: datetime | None = None
    breaker: str | None = None


Planner = Callable[[StepState, datetime], StepPlan]
"""Decides about a step from where the provider stands and the store's time; called within the transaction, so it
must be quick and must not use the store."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that a worker has in hand.

    Attributes:
        id: Its id.
        fence: What every later change of this worker must carry.
        generation: Which generation its tries belong to.
        attempt: Tries used in it so far.
        throttled: How often it was put off because it was too much at once.
        crashes: How often a worker was lost with it before the wire.
        due: When it was due, UTC.
        not_after: Expires when not accepted by this time, UTC; None for never.
        recipient: The envelope recipient.
        size: How many bytes go out; `DispatchStore.bodies` reads them.
    """

    id: str
    fence: int
    generation: int
    attempt: int
    throttled: int
    crashes: int
    due: datetime
    not_after: datetime | None
    recipient: str
    size: int


@dataclass(frozen=True, slots=True)
class Body:
    """What of a message goes out.

    Attributes:
        envelope: The envelope as the transport stored it; empty where the message was not rendered yet.
        wire: The message as it goes out.
    """

    envelope: str
    wire: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What a claim came to: the store's time, where the provider stands now, and the messages in order of due time."""

    now: datetime
    state: StepState
    messages: tuple[Claimed, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark before the first byte leaves: which message, under which fence."""

    id: str
    fence: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a worker found out about a message in its hands.

    Attributes:
        id: Which message.
        fence: The fence it was claimed under.
        before: CLAIMED without a mark, SENDING with one.
        after: The state the policy gives it; ACCEPTED is written instead where an event has proved that meanwhile.
        outcome: What the try came to.
        due: The new due time, UTC; None to keep the old one.
        reason: Why it is held, or why it goes back; empty for none.
        provider_version: The version of the provider that the try was made with.
        worker: Who tried.
        started_at: When the try began, UTC; None where nothing was tried.
        ended_at: When it was over, UTC.
        status_code: The row of the provider's status list to count it under; empty for none.
        throttled: Whether it counts against the cap of being put off.
    """

    id: str
    fence: int
    before: Dispatch
    after: Dispatch
    outcome: Outcome
    due: datetime | None = None
    reason: str = ""
    provider_version: int = 0
    worker: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    status_code: str = ""
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The ids of messages that somebody else has had since, or that events prove accepted: they are not to be sent."""

    marked: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of messages whose worker was lost: how many went back, are in doubt, were held."""

    queued: int = 0
    in_doubt: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        """How many there were."""
        return self.queued + self.in_doubt + self.held


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as it last told of itself.

    Attributes:
        id: Its own id.
        host: On which host.
        pid: Under which process id.
        started_at: Since when, UTC.
        seen_at: When it last told, UTC.
        detail: What it does, in JSON.
    """

    id: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    detail: str = "{}"


@dataclass(frozen=True, slots=True)
class DueProvider:
    """A provider with messages waiting: its id and the earliest due time, UTC."""

    provider_id: str
    due: datetime


class DispatchStore(Protocol):
    """The queue as workers use it. None of this waits for those who save providers."""

    def claim_step(self, provider_id: str, worker: str, lease_s: float, plan: Planner) -> Step:
        """Claims messages of a provider that are due, in order of due time, then id; no two workers get the same.

        Args:
            provider_id: The provider; its steps are locked meanwhile, over all workers.
            worker: Who claims.
            lease_s: For how many seconds; `heartbeat` renews it.
            plan: Decides how many.
        """
        ...

    def bodies(self, ids: Sequence[str]) -> Mapping[str, Body]:
        """What of messages goes out, by id; without those that are not there."""
        ...

    def mark_sending(self, marks: Sequence[Mark]) -> frozenset[str]:
        """Marks claimed messages as being sent and takes a try of each; to be called before the first byte leaves.

        Returns:
            The ids that this worker has lost: they must not be sent.
        """
        ...

    def record(self, outcomes: Sequence[Recorded]) -> frozenset[str]:
        """Writes what tries came to.

        Returns:
            The ids that this worker has lost; what it found out about them is dropped.

        Raises:
            IllegalTransition: The table of states has no such way for a worker.
        """
        ...

    def advance(self, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> Lost:
        """Records outcomes and sets marks, both in one transaction, for one commit."""
        ...

    def keep_rendered(self, message_id: str, envelope: str, wire: bytes) -> None:
        """Keeps a message that was rendered anew, because its provider is another one than when it was queued."""
        ...

    def heartbeat(self, worker: WorkerState, lease_s: float) -> int:
        """Says that a worker lives and renews the leases of the messages in its hands.

        Returns:
            How many it has in hand.
        """
        ...

    def workers(self) -> Sequence[WorkerState]:
        """The workers that told of themselves, by id."""
        ...

    def forget_worker(self, worker_id: str) -> None:
        """Takes a worker off that has ended; the leases of messages in its hands are over at once."""
        ...

    def recover(self, limit: int = 1000) -> Recovery:
        """Takes messages out of the hands of workers whose lease is over.

        Without a mark they wait again, the try not used, or are held when that happened five times; with one they are
        in doubt.
        """
        ...

    def expire(self, limit: int = 1000) -> int:
        """Expires waiting messages whose not-after time has passed; gives back how many."""
        ...

    def step_state(self, provider_id: str) -> StepState:
        """Where a provider stands."""
        ...

    def marked_steps(self, provider_ids: Sequence[str]) -> frozenset[str]:
        """Which of these providers, at most 1000, are paused or have anything noted of their breaker."""
        ...

    def change_breaker(self, provider_id: str, change: Callable[[str, datetime], str | None]) -> StepState:
        """Changes the breaker of a provider; no two workers do so at once.

        Args:
            provider_id: The provider.
            change: Gets the breaker's state and the store's time; gives the new state, or None to keep it.
        """
        ...

    def change_pause(self, provider_id: str, why: str, author: Author, sign: "Sign") -> StepState:
        """Pauses a provider, or lets it go on where `why` is empty; audited."""
        ...

    def close_breaker(self, provider_id: str, author: Author, sign: "Sign") -> StepState:
        """Closes the breaker of a provider by an operator's word; audited."""
        ...

    def arrivals(self, mode: str = "auto") -> "Signal | None":
        """Says from now on when messages were queued; None where the store tells nobody, and it is to be looked.

        Args:
            mode: As for `LiveStore.signal`.

        Raises:
            StoreError: The store is away.
        """
        ...

    def due_providers(self) -> Sequence[DueProvider]:
        """The providers with messages waiting, and when the first of each is due."""
        ...
