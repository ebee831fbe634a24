"""Run a processor, see which run and what keeps each provider's messages, and close a breaker."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.delivery.breaker import Breaker, Position
from ftos_tui.domain.delivery.moments import moment
from ftos_tui.domain.delivery.provider import provider_state
from ftos_tui.domain.delivery.states import IN_HAND, WAITING, Dispatch
from ftos_tui.domain.delivery.steps import Blocker, StepState, room
from ftos_tui.domain.delivery.waiting import blocker_in_words
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.stores.protocol import ListQuery, NotFound, SortColumn
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.log import note
from ftos_tui.studio.messages import ALIVE
from ftos_tui.studio.reading import open_provider

if TYPE_CHECKING:
    from ftos_tui.processor.backing import Backing
    from ftos_tui.processor.metrics import Meter
    from ftos_tui.studio.session import Session

_MOST_NAMED: Final = 4
_MOST_READY: Final = 200
_LONGEST_HOST: Final = 40


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a processor runs.

    Attributes:
        once: Whether it ends as soon as nothing can go now.
        step_s: Seconds from the start of a provider's step to its next; 0 for none.
        metrics: Address of this host and port where it answers about itself; None for nowhere.
    """

    once: bool = False
    step_s: int = STEP_SECONDS
    metrics: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A processor that told of itself.

    Attributes:
        state: What it told.
        alive: Whether that was within the last minute.
    """

    state: WorkerState
    alive: bool

    @property
    def in_hand(self) -> int:
        """How many messages it said it has in hand; 0 where it did not say."""
        try:
            told = json.loads(self.state.detail)
        except ValueError:
            return 0
        number = told.get("in_hand") if isinstance(told, dict) else None
        return number if isinstance(number, int) else 0


@dataclass(frozen=True, slots=True)
class ProviderStanding:
    """How the messages of one provider stand.

    Attributes:
        provider_id: The provider.
        name: What it is called; its id where it is gone.
        waiting: How many wait.
        in_hand: How many workers have in hand.
        first_due: When the first that waits is due, UTC; None where none waits.
        step_at: When the last step began, UTC; None for never.
        next_step_at: Not before when the next one may, UTC; None for at once.
        breaker: Its breaker.
        paused: Why an operator paused it; empty when it is not.
        idle: Why no message of it goes now, in one sentence; empty when one may.
        stuck: Whether that does not end by itself.
    """

    provider_id: str
    name: str
    waiting: int
    in_hand: int
    first_due: datetime | None
    step_at: datetime | None
    next_step_at: datetime | None
    breaker: Breaker
    paused: str
    idle: str
    stuck: bool = False

    @property
    def urgency(self) -> int:
        """What needs attention most comes first: 0 stopped, 1 tried again, 2 stuck, 3 messages to send, 4 none."""
        stopped = {Position.OPEN: 0, Position.HALF_OPEN: 1}.get(self.breaker.position)
        if stopped is not None:
            return stopped
        return 2 if self.stuck else 3 if self.waiting or self.in_hand else 4


@dataclass(frozen=True, slots=True)
class ProcessorStatus:
    """What is known of the processors of an environment.

    Attributes:
        now: The store's time, UTC.
        workers: The workers, by id.
        providers: The providers with messages that are not at their end, and those that are ready and have none (of
            these the first 200 at most); first what needs attention, then by name.
    """

    now: datetime
    workers: Sequence[SeenWorker]
    providers: Sequence[ProviderStanding]

    @property
    def alive(self) -> int:
        """How many workers are running."""
        return sum(worker.alive for worker in self.workers)

    @property
    def in_words(self) -> str:
        """Which run, in a sentence; it changes only when that does."""
        if not self.alive:
            return f"No processor is running{self._gone()}: start one by `ftos-tui processor run`."
        running = [_running(worker) for worker in self.workers if worker.alive]
        more = f" and {len(running) - _MOST_NAMED:,} more" if len(running) > _MOST_NAMED else ""
        head = "1 processor runs" if len(running) == 1 else f"{len(running):,} processors run"
        return f"{head}: {'; '.join(running[:_MOST_NAMED])}{more}{self._gone()}."

    def _gone(self) -> str:
        gone = [worker.state for worker in self.workers if not worker.alive]
        if not gone:
            return ""
        last = max(gone, key=lambda state: state.seen_at)
        host = shortened(last.host, _LONGEST_HOST)
        return f" ({len(gone):,} went without a word, the last on {host} {moment(last.seen_at, self.now)})"


def _running(worker: SeenWorker) -> str:
    host = shortened(worker.state.host, _LONGEST_HOST)
    return f"{host} (process {worker.state.pid}), {worker.in_hand:,} in hand"


def run(session: "Session", options: RunOptions) -> None:
    """Works until SIGTERM or SIGINT; a second one makes it wait less for what is on the wire.

    Args:
        session: Whose store is worked on.
        options: How.

    Raises:
        NotPermitted: The environment is read-only, or the one who is signed in may not deliver.
        Failure: Another processor works on the local store, or the store cannot be used.
    """
    from ftos_tui.processor.metrics import NoMeter, PrometheusMeter

    permit_delivery(session)
    with ExitStack() as held:
        if not session.shared:
            from ftos_tui.processor.sole import SoleWorker

            held.callback(SoleWorker(session.store_path).close)
        meter = PrometheusMeter() if options.metrics else NoMeter()
        asyncio.run(_run(session, options, meter, held))


async def _run(session: "Session", options: RunOptions, meter: "Meter", held: ExitStack) -> None:
    from ftos_tui.processor.backing import Pace
    from ftos_tui.processor.metrics import MetricsServer, PrometheusMeter
    from ftos_tui.processor.notify import Notifier
    from ftos_tui.processor.worker import Worker

    alone = not session.shared
    worker = Worker(backing_of(session), Pace(step_s=options.step_s), meter=meter, once=options.once, alone=alone)
    loop = asyncio.get_running_loop()
    notifier = Notifier(session.environ)

    def stop() -> None:
        notifier.stopping()
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    told = ""
    if options.metrics and isinstance(meter, PrometheusMeter):
        host, port = options.metrics
        try:
            server = MetricsServer(host, port, meter, worker.health)
        except OSError as error:
            raise Failure(f"Metrics cannot be had at {host} port {port}: {error.strerror}.") from error
        held.callback(server.close)
        told = f" Metrics and health: http://{f'[{host}]' if ':' in host else host}:{server.port}/metrics."

    def ready() -> None:
        note(session, Level.INFO, f"The processor {worker.name} runs in {session.environment.name}.{told}")
        notifier.ready(f"Sending in {session.environment.name}")

    watching = asyncio.create_task(_watchdog(notifier.watchdog_s, notifier.alive)) if notifier.watchdog_s else None
    try:
        await worker.run(ready)
    finally:
        if watching is not None:
            watching.cancel()
        note(session, Level.INFO, f"The processor {worker.name} has ended.")


async def _watchdog(every_s: float, alive: Callable[[], None]) -> None:
    """Tells in time, from within the loop that sends, that it is not stuck."""
    while True:
        alive()
        await asyncio.sleep(every_s / 3)


def backing_of(session: "Session") -> "Backing":
    """What a worker works with in a session."""
    from ftos_tui.processor.backing import Backing
    from ftos_tui.studio.connection import reach_of
    from ftos_tui.studio.trial import carry_out_expired

    def note_line(level: Level, sentence: str, provider: str) -> None:
        note(session, level, sentence, provider)

    def chores() -> None:
        carry_out_expired(session)
        session.trial_news.clear()  # the status log has it; nobody reads it here

    return Backing(
        store=session.store,
        secrets=lambda version: secrets_of(session, version),
        reach=reach_of(session),
        environment=session.environment.name,
        note=note_line,
        chores=chores,
    )


def secrets_of(session: "Session", version: ProviderVersion) -> Mapping[str, Secret]:
    """The secrets of a version, those only that were entered for where it leads.

    Raises:
        VaultError: One does not open.
    """
    from ftos_tui.studio.master_key import lasting_name, vault_opening
    from ftos_tui.vault.envelope import Binding

    destination = destination_of(version.values)
    found = {}
    for field_id, state in version.secrets.items():
        if not state.is_set:
            continue
        sealed = session.store.sealed_secret(version.provider_id, field_id, state.version)
        if sealed is None or sealed.destination != destination:
            continue
        binding = Binding(lasting_name(session), version.provider_id, field_id, sealed.version, sealed.destination)
        found[field_id] = vault_opening(session, sealed.key_id).unseal(sealed.sealed, binding, sealed.key_id)
    return found


def permit_delivery(session: "Session") -> None:
    """Refuses to send in a read-only environment, and for whom the shared store gives no right to it.

    Raises:
        NotPermitted: So it is.
    """
    _ = session.store
    if not session.may_revert:  # the same right: whoever delivers takes back trials that are over
        raise NotPermitted(
            f"Nothing is sent from {session.environment.name} here: the environment is read-only, or "
            f"{visible(session.author.user)} lacks the role worker."
        )


def processor_status(session: "Session") -> ProcessorStatus:
    """Which processors run, and what keeps each provider's messages."""
    messages = session.store.messages
    now = session.store.now(session.clock())
    workers = [SeenWorker(worker, now - worker.seen_at < ALIVE) for worker in messages.workers()]
    due = {one.provider_id: one.due for one in messages.due_providers()}
    standings = [
        _standing(session, provider_id, counts, due.get(provider_id), now)
        for provider_id, counts in messages.counts_by_provider().items()
        if any(counts.get(state) for state in (*WAITING, *IN_HAND))
    ]
    standings += _without_messages(session, {standing.provider_id for standing in standings}, now)
    return ProcessorStatus(now, workers, sorted(standings, key=lambda one: (one.urgency, one.name.casefold())))


def _without_messages(session: "Session", known: set[str], now: datetime) -> Iterator[ProviderStanding]:
    """The ready providers that have no messages to send; only of those that are held up more than a row is read."""
    page = session.store.list_page(ListQuery(SortColumn.READINESS, limit=_MOST_READY))
    ready = {row.provider_id: row.name for row in page if row.ready and row.provider_id not in known}
    marked = session.store.messages.marked_steps(list(ready))
    for provider_id, name in ready.items():
        if provider_id in marked:
            yield _standing(session, provider_id, {}, None, now)
        else:
            yield ProviderStanding(provider_id, name, 0, 0, None, None, None, Breaker(), "", _nothing_waits(name))


def _nothing_waits(name: str) -> str:
    return f"{shortened(name, 40)} has no messages waiting."


def _standing(
    session: "Session", provider_id: str, counts: Mapping[Dispatch, int], due: datetime | None, now: datetime
) -> ProviderStanding:
    from ftos_tui.processor.breakers import stored_breaker

    kept = session.store.messages.step_state(provider_id)
    breaker = stored_breaker(kept.breaker)
    name, idle, number, stuck = provider_id, "It is gone: cancel its messages.", breaker.version, True
    with suppress(NotFound):
        version = session.store.by_id(provider_id)
        state = replace(provider_state(version), paused=kept.paused)
        step = StepState(kept.next_step_at, kept.inflight, breaker)
        free = room(state, step, now)
        number = version.number
        name, idle = version.name, "" if free.blocker is None else blocker_in_words(free, state, step, now)
        stuck = free.blocker is not None and free.until is None and free.blocker is not Blocker.IN_FLIGHT
        if not stuck and free.blocker is not Blocker.BREAKER and not any(counts.values()):
            idle = _nothing_waits(name)
    return ProviderStanding(
        provider_id=provider_id,
        name=name,
        waiting=sum(counts.get(state, 0) for state in WAITING),
        in_hand=sum(counts.get(state, 0) for state in IN_HAND),
        first_due=due,
        step_at=kept.started_at,
        next_step_at=kept.next_step_at,
        breaker=breaker.at_time(now, number),
        paused=kept.paused,
        idle=idle,
        stuck=stuck,
    )


def close_breaker(session: "Session", *, name: str) -> bool:
    """Lets the messages of a provider go again, though what stopped them may still be so; audited.

    Args:
        session: The operator's session.
        name: The provider's Name.

    Returns:
        Whether it was stopped, or slowed down because it asked for patience.

    Raises:
        NotPermitted: The environment is read-only.
        NotFound: There is no such provider.
    """
    from ftos_tui.processor.breakers import stored_breaker

    session.permit_change()
    version = open_provider(session, name=name)
    messages = session.store.messages
    now = session.store.now(session.clock())
    if not stored_breaker(messages.step_state(version.provider_id).breaker).keeps_back(now):
        return False
    messages.close_breaker(version.provider_id, session.author, session.vault.sign)
    shown = visible(version.name)
    note(session, Level.SUCCESS, f"Closed the breaker of {shown}: its messages go again.", version.name)
    return True
