"""Unsaved edits on disk: kept while a form is open, offered again after a dropped line or a kill."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.checks.service_url import without_password
from ftos_tui.domain.checks.text import without_keys
from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.fields import PLAIN_IDS
from ftos_tui.domain.record import NEW_VALUES
from ftos_tui.domain.visible import visible
from ftos_tui.stores.drafts import KeptDraft
from ftos_tui.studio.failures import NotFound, field_label
from ftos_tui.studio.reading import base_of, open_provider

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session


__all__ = ["Difference", "KeptDraft", "Saving"]

PROVIDER_FORM: Final = ""
CHANNEL_FORM: Final = "channel"
MESSAGE_FORM: Final = "message"
EVERY_FORM: Final = (PROVIDER_FORM, CHANNEL_FORM, MESSAGE_FORM)
"""Whose drafts there are, as `KeptDraft.form` names them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which a draft differs from the saved record; both sides visible, secrets never among them."""

    field: str
    label: str
    saved: str
    draft: str


@dataclass(frozen=True, slots=True)
class Saving:
    """A save that is under way, or whose outcome is not known yet.

    Attributes:
        operation_id: Its id.
        sent: What it is to save.
    """

    operation_id: str
    sent: Draft

    def typed_since(self, draft: Draft) -> tuple[str, ...]:
        """The ids of what a draft holds that the save was not given.

        Args:
            draft: What the form holds now.
        """
        fields = {*self.sent.edits, *draft.edits}
        differing = {field_id for field_id in fields if self.sent.text(field_id) != draft.text(field_id)}
        secrets = {
            field_id for field_id, entered in draft.secrets.items() if self.sent.secrets.get(field_id) != entered
        }
        statuses = {"statuses"} if self.sent.statuses != draft.statuses else set()
        return tuple(sorted(differing | secrets | statuses))


def keep_draft(
    session: "Session", key: str, draft: Draft, saving: Saving | None = None, at: datetime | None = None
) -> None:
    """Writes a draft to disk, without its secrets: only which ones had been entered.

    Args:
        session: The operator's session.
        key: The id of the form's draft, from `session.new_id`.
        draft: What the form holds; one without changes is taken off the disk, unless it is being saved.
        saving: The save that is under way: whoever finds the draft can ask what became of it.
        at: When the form held that, by the session's clock, UTC; None for now. What waited for its turn to be written
            must not take the place of what was typed after it.

    Raises:
        Failure: The disk is full or read-only; the edits are then only in memory.
    """
    if not draft.changed and saving is None:
        session.drafts.discard(key)
        return
    session.drafts.keep(
        KeptDraft(
            key=key,
            environment=session.environment.name,
            provider_id=draft.base.provider_id,
            provider_name=without_keys(draft.text("name")),
            base_version=draft.base.version,
            edits={field_id: _fit_for_disk(field_id, draft.text(field_id)) for field_id in draft.edits},
            statuses=draft.statuses,
            secrets_entered=tuple(field_id for field_id in draft.secrets),
            kept_at=at or session.clock(),
            user=session.author.user,
            pid=os.getpid(),
            operation_id=saving.operation_id if saving else "",
            typed_since=saving.typed_since(draft) if saving else (),
        )
    )


def _fit_for_disk(field_id: str, text: str) -> str:
    """What is kept of a text: without a key or password that was typed where the check refuses it."""
    text = without_keys(text)
    return without_password(text) if field_id == "service_url" else text


def discard_draft(session: "Session", key: str) -> None:
    """Takes a draft off the disk: it was saved, or the operator does not want it."""
    session.drafts.discard(key)


def offered_drafts(session: "Session", forms: tuple[str, ...] = (PROVIDER_FORM,)) -> Sequence[KeptDraft]:
    """The drafts of this environment that no open form is editing, newest first.

    Args:
        session: The operator's session.
        forms: Which forms' drafts, of `EVERY_FORM`; a provider's unless it is said.
    """
    own = os.getpid()
    return [
        kept
        for kept in session.drafts.list()
        if kept.form in forms
        and kept.environment == session.environment.name
        and kept.key not in session.open_drafts
        and (kept.pid == own or not kept.alive)
    ]


def is_taken(session: "Session", kept: KeptDraft) -> bool:
    """Whether another console edits a draft since it was listed, or has done away with it.

    Raises:
        Failure: The draft cannot be read.
    """
    now = session.drafts.get(kept.key)
    return now is None or (now.pid != os.getpid() and now.alive)


def titled(kept: KeptDraft) -> str:
    """What a list calls a draft: what it is of, safe to show."""
    name = visible(kept.provider_name)
    if kept.form == CHANNEL_FORM:
        return f"Channel {name}" if name else "New channel"
    if kept.form == MESSAGE_FORM:
        return f"Message by {name}" if name else "New message"
    return name or "New provider"


def restore_draft(session: "Session", kept: KeptDraft) -> Draft:
    """The draft as the form edits it, on top of the version that is saved now.

    What others saved since is not lost: only the fields edited in the draft differ from it, and `differences`
    shows them. A draft of a provider that was deleted since becomes one of a new provider.
    """
    base = Base(None, 0, NEW_VALUES)
    if kept.provider_id is not None:
        try:
            version = open_provider(session, provider_id=kept.provider_id)
            base = Base(None, 0, version.values, statuses=version.statuses) if version.deleted else base_of(version)
        except NotFound:
            pass
    draft = Draft(base).with_statuses(kept.statuses) if kept.statuses is not None else Draft(base)
    for field_id, text in kept.edits.items():
        if field_id in PLAIN_IDS:
            draft = draft.with_text(field_id, "" if text is None else str(text))
    return draft


def typed(kept: KeptDraft) -> tuple[Difference, ...]:
    """What a draft holds, in the record's order, where the store does not tell what is saved."""
    return tuple(
        Difference(field_id, field_label(field_id), "?", visible(str(kept.edits[field_id] or "")))
        for field_id in PLAIN_IDS
        if field_id in kept.edits
    )


def differences(draft: Draft) -> tuple[Difference, ...]:
    """The plain fields in which a draft differs from the version it starts from, in the record's order."""
    found = [
        Difference(
            field_id,
            field_label(field_id),
            visible(text_of(field_id, draft.base.values.get(field_id))),
            visible(draft.text(field_id)),
        )
        for field_id in PLAIN_IDS
        if field_id in draft.edits
    ]
    if draft.statuses is not None:
        before, now = len(draft.base.statuses), len(draft.statuses)
        found.append(Difference("statuses", field_label("statuses"), f"{before} rows", f"{now} rows, edited"))
    return tuple(found)
