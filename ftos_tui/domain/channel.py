"""A Communication Channel: the code that messages are sent under, and the provider that carries them.

Code, Name, Default Action Type, channel and provider are the vendor's fields (SysPack 24.5, "Use the Communication
Processor", Add Communication Channel). The vendor names Email as an action type and a channel; SMS is inferred from
its list of SMS providers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import DataType, FieldSpec, Group
from ftos_tui.domain.record import Author

CHANNEL_FIELDS: Final = (
    FieldSpec(
        "code",
        "Code",
        DataType.TEXT,
        Group.GATEWAY,
        "The channel's short name, unique in this environment. Scripts and message queues refer to the channel by it "
        "(inferred), so changing it breaks them.",
        example="EMAIL",
        max_length=64,
    ),
    FieldSpec(
        "name",
        "Name",
        DataType.TEXT,
        Group.GATEWAY,
        "What people call the channel.",
        example="Customer e-mail",
        max_length=100,
    ),
    FieldSpec(
        "default_action_type",
        "Default Action Type",
        DataType.OPTION,
        Group.GATEWAY,
        "What a message on this channel is unless it says otherwise. As a rule the same as the channel.",
        example="email",
        options=("email", "sms"),
    ),
    FieldSpec(
        "communication_channel",
        "Communication Channel",
        DataType.OPTION,
        Group.GATEWAY,
        "How messages travel. The provider has to serve the same channel.",
        example="email",
        options=("email", "sms"),
    ),
    FieldSpec(
        "provider",
        "Channel Provider",
        DataType.TEXT,
        Group.GATEWAY,
        "The Name of the channel provider that carries the messages. One provider may serve several channels; while it "
        "serves one it cannot be deleted.",
        example="FTOSEmailGateway",
        max_length=100,
    ),
)
"""The fields of a channel, in the vendor's order."""

CHANNEL_FIELD_BY_ID: Final = {spec.id: spec for spec in CHANNEL_FIELDS}


@dataclass(frozen=True, slots=True)
class Channel:
    """A saved channel.

    Attributes:
        channel_id: The store's own id; another code keeps it.
        version: How often it was saved, 1 for the first time.
        code: Its code.
        name: Its name.
        default_action_type: `email` or `sms`.
        communication_channel: `email` or `sms`.
        provider_id: The provider that carries its messages.
        provider: What that provider is called now.
        saved_at: When, UTC.
        saved_by: Who, from where.
    """

    channel_id: str
    version: int
    code: str
    name: str
    default_action_type: str
    communication_channel: str
    provider_id: str
    provider: str
    saved_at: datetime
    saved_by: Author

    @property
    def values(self) -> Mapping[str, str]:
        """The fields by id."""
        return {spec.id: getattr(self, spec.id) for spec in CHANNEL_FIELDS}


NEW_CHANNEL: Final[Mapping[str, str]] = {
    "code": "",
    "name": "",
    "default_action_type": "email",
    "communication_channel": "email",
    "provider": "",
}
"""What the form proposes for a new channel."""


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """An edit of a channel under way.

    Attributes:
        base: The saved channel it started from; None for a new one.
        edits: What was typed, by field id; texts from a face, any JSON type from a file.
        proposed: What stands in fields of a new channel that were not typed into.
    """

    base: Channel | None = None
    edits: Mapping[str, Raw] = field(default_factory=dict)
    proposed: Mapping[str, str] = field(default_factory=dict)

    @property
    def before(self) -> Mapping[str, str]:
        """The values the edit started from, by field id."""
        return self.proposed if self.base is None else self.base.values

    def raw(self, field_id: str) -> Raw:
        """A field as it now stands."""
        return self.edits[field_id] if field_id in self.edits else self.before.get(field_id, "")

    def text(self, field_id: str) -> str:
        """A field as the form shows it."""
        raw: Any = self.raw(field_id)
        return raw if isinstance(raw, str) else ""

    def with_text(self, field_id: str, text: str) -> "ChannelDraft":
        """The draft after a field was typed into; typing the saved text again undoes the edit."""
        edits = {other: value for other, value in self.edits.items() if other != field_id}
        if text != self.before.get(field_id, ""):
            edits[field_id] = text
        return replace(self, edits=edits)

    @property
    def changed(self) -> tuple[str, ...]:
        """The ids of the edited fields, in the vendor's order."""
        return tuple(spec.id for spec in CHANNEL_FIELDS if spec.id in self.edits)


def serves_in_words(count: int, codes: tuple[str, ...]) -> str:
    """Which channels a provider serves: `serves 3 channels: A, B, C`; empty for none.

    Args:
        count: How many there are.
        codes: The first of their codes, safe to show.
    """
    if not count:
        return ""
    listed = ", ".join(codes) + (f" and {count - len(codes):,} more" if count > len(codes) else "")
    return f"serves {count:,} {'channel' if count == 1 else 'channels'}: {listed}"
