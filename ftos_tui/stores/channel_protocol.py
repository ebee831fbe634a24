"""What a store does with communication channels. Part of `ProviderStore`; the same contract tests hold it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ftos_tui.domain.channel import Channel
from ftos_tui.domain.record import Author

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import Sign


@dataclass(frozen=True, slots=True)
class ChannelQuery:
    """Which page of the channels, in the order of their codes.

    Attributes:
        filter: What code, name or provider contains, whatever its case; empty for all.
        provider_id: Only the channels of this provider; None for all.
        after: The cursor (code key) of the row the page starts behind, or ends before when `backwards`.
        backwards: Whether to read towards the start: `after=None` then gives the last page.
        limit: Most rows to return, 1 to 1000.
    """

    filter: str = ""
    provider_id: str | None = None
    after: str | None = None
    backwards: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class NewChannel:
    """A channel to be written.

    Attributes:
        channel_id: Its id; for a new channel one made by the caller (UUID hex).
        expected_version: The version the edit started from; 0 for a new channel.
        code: Its code.
        name: Its name.
        default_action_type: `email` or `sms`.
        communication_channel: `email` or `sms`.
        provider_id: The provider that carries its messages.
        author: Who, from where.
        at: When, UTC.
        reason: Why.
        acknowledged: The codes of acknowledged warnings.
        changed: The ids of what changes.
        operation_id: The caller's id of this save (UUID hex), for the audit entry; see `AuditStore.audited`.
    """

    channel_id: str
    expected_version: int
    code: str
    name: str
    default_action_type: str
    communication_channel: str
    provider_id: str
    author: Author
    at: datetime
    reason: str = ""
    acknowledged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    operation_id: str = ""


@dataclass(frozen=True, slots=True)
class ChannelEnd:
    """A channel to be deleted: which, at which version, by whom, when and why, under which id of the deletion."""

    channel_id: str
    expected_version: int
    author: Author
    at: datetime
    reason: str = ""
    operation_id: str = ""


class ChannelStore(Protocol):
    """Communication channels of one environment."""

    def channels(self, query: ChannelQuery) -> Sequence[Channel]:
        """One page of the channels."""
        ...

    def count_channels(self, filter: str = "", provider_id: str | None = None) -> int:
        """How many channels match."""
        ...

    def channel(self, channel_id: str) -> Channel:
        """A channel by its id.

        Raises:
            NotFound: There is none.
        """
        ...

    def channel_by_code(self, code: str) -> Channel | None:
        """The channel that bears a code, compared by `name_key`, or None."""
        ...

    def write_channel(self, new: NewChannel, sign: "Sign") -> Channel:
        """Writes a channel and its audit entry in one transaction.

        Raises:
            StaleVersion: The channel is no longer at `expected_version`.
            NameTaken: Another channel bears the code.
            NotFound: The provider is not there any more.
            OutcomeUnknown: The connection broke while it was being committed: ask whether it is `audited`.
        """
        ...

    def delete_channel(self, end: ChannelEnd, sign: "Sign") -> None:
        """Deletes a channel, with an audit entry that keeps what it was, in one transaction.

        Raises:
            StaleVersion: The channel is no longer at `expected_version`.
            OutcomeUnknown: The connection broke while it was being committed: ask whether it is `audited`.
        """
        ...
