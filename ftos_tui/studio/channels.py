"""Find, check, save and delete communication channels."""

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.channel import NEW_CHANNEL, Channel, ChannelDraft, serves_in_words
from ftos_tui.domain.checks.channel import Carrier, ChannelContext, check_channel
from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.names import name_key
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.channel_protocol import ChannelEnd, ChannelQuery, NewChannel
from ftos_tui.stores.protocol import NotFound
from ftos_tui.studio.failures import (
    OutcomeUnknown,
    Refused,
    StaleVersion,
    WarningsOpen,
    WrongConfirmation,
    counted,
    field_label,
)
from ftos_tui.studio.log import note
from ftos_tui.studio.outcome import Sought, find_out
from ftos_tui.studio.reasons import reason_to_keep

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Channel", "ChannelDraft", "ChannelQuery"]

NAMED_CODES: Final = 5
"""How many of a provider's channels are named; the rest is counted."""


def list_channels(session: "Session", query: ChannelQuery) -> Sequence[Channel]:
    """One page of the communication channels, in the order of their codes."""
    return session.store.channels(query)


def count_channels(session: "Session", filter: str = "") -> int:
    """How many communication channels match the filter."""
    return session.store.count_channels(filter)


def open_channel(session: "Session", *, code: str | None = None, channel_id: str | None = None) -> Channel:
    """A communication channel by its code or by its id.

    Raises:
        NotFound: There is none; for a code the text names the nearest ones.
    """
    if channel_id is not None:
        return session.store.channel(channel_id)
    found = session.store.channel_by_code(code or "")
    if found is None:
        near = _near_codes(session, code or "")
        hint = f": did you mean {' or '.join(near)}?" if near else ": `ftos-tui channels list` lists them."
        raise NotFound(f"There is no channel {shortened(code or '', 60)}{hint}")
    return found


def new_channel() -> ChannelDraft:
    """A draft of a new channel, with what can safely be proposed."""
    return ChannelDraft(proposed=NEW_CHANNEL)


def serves(session: "Session", provider_id: str) -> tuple[int, tuple[str, ...]]:
    """Which channels send through a provider.

    Returns:
        How many, and the first of their codes.
    """
    number = session.store.count_channels(provider_id=provider_id)
    if not number:
        return 0, ()
    first = session.store.channels(ChannelQuery(provider_id=provider_id, limit=NAMED_CODES))
    return number, tuple(channel.code for channel in first)


def served_in_words(session: "Session", provider_id: str) -> str:
    """Which channels a provider serves, in words that are safe to show; empty for none."""
    number, codes = serves(session, provider_id)
    return serves_in_words(number, tuple(shortened(code, 40) for code in codes))


def channel_context(session: "Session", draft: ChannelDraft) -> ChannelContext:
    """What the check has to know of the store: who bears the provider's name, and whether the code is taken."""
    from ftos_tui.studio.nearest import nearest_names

    taken: frozenset[str] = frozenset()
    code = draft.text("code").strip()
    if code:
        owner = session.store.channel_by_code(code)
        if owner is not None and (draft.base is None or owner.channel_id != draft.base.channel_id):
            taken = frozenset({name_key(code)})
    name = draft.text("provider").strip()
    if not name:
        return ChannelContext(taken_codes=taken)
    provider_id = session.store.name_owner(name)
    if provider_id is None:
        return ChannelContext(near=nearest_names(session, name), taken_codes=taken)
    version = session.store.by_id(provider_id)
    channel = version.values.get("communication_channel")
    carrier = Carrier(provider_id, version.name, channel if isinstance(channel, str) else None, version.ready)
    return ChannelContext(carrier, taken_codes=taken)


def check(session: "Session", draft: ChannelDraft) -> Checked:
    """The verdict on a draft, the same for every way in; stores nothing."""
    return check_channel(draft, channel_context(session, draft))


def check_live(context: ChannelContext, draft: ChannelDraft) -> Checked:
    """The verdict while it is typed: asks no store."""
    return check_channel(draft, context)


def save(session: "Session", draft: ChannelDraft, *, acknowledged: Iterable[str] = (), reason: str = "") -> Channel:
    """Writes a draft, after the same check that every way in goes through.

    Args:
        session: The operator's session.
        draft: The edit and the saved channel it started from.
        acknowledged: Codes of the warnings the operator acknowledges.
        reason: Why, in the operator's words.

    Returns:
        The saved channel; the unchanged one when the draft holds no change.

    Raises:
        NotPermitted: The environment is read-only.
        Refused: The check refuses it.
        WarningsOpen: A warning was not acknowledged.
        StaleVersion: Somebody saved in between; nothing was written.
        NameTaken: Another channel was given the code in between.
        OutcomeUnknown: The line broke, and the store did not say in time whether it was saved.
        NotDone: The line broke, and it was not saved.
    """
    from ftos_tui.studio.session import new_id

    session.permit_change()
    context = channel_context(session, draft)
    checked = check_channel(draft, context)
    base = draft.base
    if base is not None:
        _refuse_stale(session, base)
    if context.carrier is None or any(finding.severity is Severity.REFUSE for finding in checked.findings):
        raise Refused(checked)
    codes = frozenset(acknowledged)
    open_warnings = checked.unacknowledged(codes)
    if open_warnings:
        raise WarningsOpen(checked, open_warnings)
    values = {field_id: str(value) for field_id, value in checked.values.items()}
    before = {} if base is None else base.values
    changed = tuple(field_id for field_id, value in values.items() if value != before.get(field_id))
    if base is not None and not changed:
        return base
    new = NewChannel(
        channel_id=new_id() if base is None else base.channel_id,
        expected_version=0 if base is None else base.version,
        code=values["code"],
        name=values["name"],
        default_action_type=values["default_action_type"],
        communication_channel=values["communication_channel"],
        provider_id=context.carrier.provider_id,
        author=session.author,
        at=session.clock(),
        reason=reason_to_keep(reason),
        acknowledged=tuple(sorted({f.code for f in checked.findings if f.severity is Severity.WARN} & codes)),
        changed=changed,
        operation_id=new_id(),
    )
    return _written(session, new)


def delete(session: "Session", channel: Channel, typed_code: str, reason: str = "") -> None:
    """Deletes a channel after its code was typed; the audit keeps what it was.

    Raises:
        NotPermitted: The environment is read-only.
        WrongConfirmation: The typed code is not the channel's.
        StaleVersion: Somebody saved or deleted it in between.
        OutcomeUnknown: The line broke, and the store did not say in time whether it was deleted.
        NotDone: The line broke, and it was not deleted.
    """
    from ftos_tui.studio.session import new_id

    session.permit_change()
    if typed_code != channel.code and visible(typed_code) != visible(channel.code):
        raise WrongConfirmation(f"Not deleted: type {visible(channel.code)} to confirm.")
    why = reason_to_keep(reason)
    end = ChannelEnd(channel.channel_id, channel.version, session.author, session.clock(), why, new_id())
    try:
        session.store.delete_channel(end, session.vault.sign)
    except OutcomeUnknown as unknown:
        what = f"channel {visible(channel.code)} was deleted"
        find_out(session, unknown, _sought(session, end, what, "Not deleted", "Delete it again", "deleting"))
    note(session, Level.WARNING, f"Deleted channel {visible(channel.code)}; {visible(channel.provider)} stays")


def _written(session: "Session", new: NewChannel) -> Channel:
    """Writes a channel; where the answer is lost, finds out what became of it."""
    saved = f"channel {visible(new.code)} version {new.expected_version + 1}"
    fields = counted(len(new.changed), "field", "fields")
    try:
        channel = session.store.write_channel(new, session.vault.sign)
    except OutcomeUnknown as unknown:
        find_out(session, unknown, _sought(session, new, f"{saved} was written", "Not saved", "Save again"))
        note(session, Level.SUCCESS, f"Saved {saved} ({fields}): the line dropped after it was written.")
        return session.store.channel(new.channel_id)
    note(session, Level.SUCCESS, f"Saved {saved} ({fields})")
    return channel


def _sought(
    session: "Session", change: NewChannel | ChannelEnd, what: str, failed: str, again: str, doing: str = "saving"
) -> Sought[bool]:
    later = "Look later: ftos-tui channels list"
    return Sought(lambda: session.store.audited(change.operation_id) or None, what, later, failed, again, doing)


def _refuse_stale(session: "Session", base: Channel) -> None:
    try:
        current = session.store.channel(base.channel_id)
    except NotFound:
        raise StaleVersion(
            f"The channel {visible(base.code)} was deleted meanwhile: nothing was saved.", None
        ) from None
    if current.version != base.version:
        changes = [field_id for field_id, value in current.values.items() if value != base.values[field_id]]
        named = ", ".join(map(field_label, changes)) or "nothing"
        raise StaleVersion(
            f"{visible(current.saved_by.user)} saved version {current.version} of the channel meanwhile ({named}): "
            "nothing was saved.",
            None,
        )


def _near_codes(session: "Session", code: str) -> tuple[str, ...]:
    wanted = name_key(code[:200])
    found: dict[str, str] = {}
    for start in (wanted[:3], ""):
        for channel in session.store.channels(ChannelQuery(filter=start)):
            found.setdefault(name_key(channel.code), channel.code)
    return tuple(visible(found[key]) for key in difflib.get_close_matches(wanted, found, 3, 0.5))
