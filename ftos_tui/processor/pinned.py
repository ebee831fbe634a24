"""A provider's version as a step pins it: rules, way out, and what shapes its messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.delivery.provider import ProviderState, SendingRules, provider_state
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.processor.backing import Backing
from ftos_tui.transports.protocol import NoRoute, Transport, choose_transport
from ftos_tui.transports.rendered import rendering_key


@dataclass(frozen=True, slots=True, eq=False)
class Pinned:
    """A version that steps are sent with.

    Attributes:
        version: The version.
        state: What it means for sending, pauses left out.
        transport: The way out; None where there is none.
        fault: Why there is none.
        key: What the messages rendered for it are marked with.
        codes: The codes of its status list, as `status_codes` gives them.
    """

    version: ProviderVersion
    state: ProviderState
    transport: Transport | None = None
    fault: str = ""
    key: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def rules(self) -> SendingRules:
        """By what it sends.

        Raises:
            ValueError: It does not: nothing of it can have been claimed.
        """
        if self.state.rules is None:
            raise ValueError("a version without rules sends nothing")
        return self.state.rules

    @property
    def way(self) -> Transport:
        """The way out.

        Raises:
            ValueError: There is none: nothing can have been claimed.
        """
        if self.transport is None:
            raise ValueError("a version that leads nowhere sends nothing")
        return self.transport

    @property
    def connections(self) -> int:
        """How many messages this worker may have on the wire at once."""
        return max(1, min(self.rules.connections, self.way.route.max_connections))

    @property
    def nowhere(self) -> Outcome:
        """What every message would come to where there is no way out."""
        return Outcome(OutcomeKind.PROVIDER_WIDE, said=self.fault, reason=Cause.CONFIGURATION)

    async def close(self) -> None:
        """Closes its connections; it may be used again."""
        if self.transport is not None:
            await self.transport.close()


def pin(backing: Backing, version: ProviderVersion, step_s: int) -> Pinned:
    """Pins a version; its secrets are opened once, here. Blocks.

    Args:
        backing: What the worker works with.
        version: The current version of a provider.
        step_s: The step interval, in seconds.
    """
    state = provider_state(version, step_s=step_s)
    if not state.active:
        return Pinned(version, state)
    try:
        transport = choose_transport(version.values, backing.secrets(version), backing.reach)
        key, codes = rendering_key(version.values), status_codes(version.statuses)
        return Pinned(version, state, transport, key=key, codes=codes)
    except (NoRoute, Failure) as fault:
        return Pinned(version, state, fault=str(fault))


def status_codes(rows: Iterable[StatusRow]) -> Mapping[str, str]:
    """The codes of a provider's status list, by how they are looked for."""
    return {row.code.strip().casefold(): row.code for row in rows}


def status_code(code: str, known: Mapping[str, str]) -> str:
    """The row of a provider's status list that a reply counts under; empty for none.

    Args:
        code: The code of the reply: `250`, `5.1.1`, a word.
        known: The codes of the list: `550` stands before the class `5xx`.
    """
    wanted = code.strip().casefold()
    if not wanted:
        return ""
    family = f"{wanted[0]}xx" if wanted[0].isdigit() else ""
    return known.get(wanted) or known.get(family, "")
