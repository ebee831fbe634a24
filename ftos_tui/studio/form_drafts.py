"""Drafts of the forms of a channel and of a message: kept in the same place as a provider's, and offered with them."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.channel import CHANNEL_FIELDS, ChannelDraft
from ftos_tui.domain.checks.text import without_keys
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.drafts import KeptDraft
from ftos_tui.studio.channels import new_channel, open_channel
from ftos_tui.studio.drafts import CHANNEL_FORM, Difference, discard_draft
from ftos_tui.studio.failures import NotFound
from ftos_tui.studio.session import new_id

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

_MOST_SHOWN: Final = 200
"""Characters that a list shows of a text."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What one of these forms holds.

    Attributes:
        form: `CHANNEL_FORM` or `MESSAGE_FORM`.
        name: What the draft is known by: the channel's code, the message's provider.
        edits: The texts that were typed, by field; none where nothing is unsaved.
        base_id: The id of the saved record it started from; None for a new one.
        base_version: The version of that; 0 for a new one.
    """

    form: str
    name: str
    edits: Mapping[str, str]
    base_id: str | None = None
    base_version: int = 0


def keep_typed(
    session: "Session", key: str, typed: Typed, *, handed_in: bool = False, at: datetime | None = None
) -> None:
    """Writes what a form holds to disk, 0600, without keys; nothing unsaved is taken off the disk.

    Args:
        session: The operator's session.
        key: The id of the form's draft, from `new_id`.
        typed: What the form holds.
        handed_in: Whether it is on its way to the store, so that it may be there by the time the draft is found.
        at: When the form held that, by the session's clock, UTC; None for now.

    Raises:
        Failure: The disk is full or read-only; the edits are then only in memory.
    """
    if not typed.edits:
        discard_draft(session, key)
        return
    session.drafts.keep(
        KeptDraft(
            key=key,
            environment=session.environment.name,
            provider_id=typed.base_id,
            provider_name=without_keys(typed.name),
            base_version=typed.base_version,
            edits={field_id: without_keys(text) for field_id, text in typed.edits.items()},
            statuses=None,
            secrets_entered=(),
            kept_at=at or session.clock(),
            user=session.author.user,
            pid=os.getpid(),
            operation_id=new_id() if handed_in else "",
            form=typed.form,
        )
    )


def texts_of(kept: KeptDraft) -> dict[str, str]:
    """The texts of a draft by field."""
    return {field_id: "" if text is None else str(text) for field_id, text in kept.edits.items()}


def restored_channel(session: "Session", kept: KeptDraft) -> ChannelDraft:
    """A channel's draft as its form edits it, on top of the version saved now.

    Args:
        session: The operator's session.
        kept: The draft; of a channel that was deleted since it becomes one of a new channel.

    Raises:
        Failure: The store does not answer.
    """
    draft = new_channel()
    if kept.provider_id is not None:
        with suppress(NotFound):
            draft = ChannelDraft(open_channel(session, channel_id=kept.provider_id))
    texts = texts_of(kept)
    for spec in CHANNEL_FIELDS:
        if spec.id in texts:
            draft = draft.with_text(spec.id, texts[spec.id])
    return draft


def form_differences(session: "Session", kept: KeptDraft, labels: Mapping[str, str]) -> Sequence[Difference]:
    """What a draft of one of these forms holds, against what is saved.

    Args:
        session: The operator's session.
        kept: The draft.
        labels: The labels of the form's fields.

    Raises:
        Failure: The store does not answer.
    """
    before: Mapping[str, str] = {}
    if kept.form == CHANNEL_FORM:
        before = restored_channel(session, kept).before
    return [
        Difference(field_id, labels[field_id], visible(before.get(field_id, "")), shortened(text, _MOST_SHOWN))
        for field_id, text in texts_of(kept).items()
        if field_id in labels
    ]
