"""The audit chain: each entry's MAC covers its content and the MAC before it, under a key of the vault."""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ftos_tui.domain.record import Author
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import AuditEntry, Sign

# Made once: `json.dumps` makes an encoder for each call that asks for separators.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def unchained(
    at: datetime,
    author: Author,
    action: str,
    detail: Mapping[str, Any],
    *,
    provider_id: str = "",
    provider_name: str = "",
    version: int = 0,
) -> AuditEntry:
    """An entry that is not in the chain yet.

    Args:
        at: When, UTC.
        author: Who, from where.
        action: What was done.
        detail: What is to be said of it, as it goes into JSON; never a secret.
        provider_id: To which provider; empty for the store itself.
        provider_name: What it is called.
        version: Which version came of it; 0 for none.
    """
    written = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    return AuditEntry(0, time_to_text(at), author, action, provider_id, provider_name, version, written, "", "")


def canonical(entry: AuditEntry) -> bytes:
    """The bytes the MAC covers: everything but the MAC itself, as a JSON array in ASCII."""
    author = entry.author
    parts = (
        entry.sequence,
        entry.at,
        author.user,
        author.host,
        author.ssh_client,
        entry.action,
        entry.provider_id,
        entry.provider_name,
        entry.version,
        entry.detail,
        entry.previous,
    )
    return _encode(parts).encode("ascii")


def chained(entry: AuditEntry, after: AuditEntry | None, sign: Sign) -> AuditEntry:
    """The entry as the next link.

    Args:
        entry: What happened; its sequence, previous and mac do not count.
        after: The last link, None for the first entry.
        sign: HMACs the canonical bytes.
    """
    sequence, previous = (after.sequence + 1, after.mac) if after else (1, "")
    linked = replace(entry, sequence=sequence, previous=previous, mac="")
    return replace(linked, mac=sign(canonical(linked)).hex())


def broken_link(entries: Iterable[AuditEntry], sign: Sign, after: AuditEntry | None = None) -> AuditEntry | None:
    """The first entry that does not follow from the one before it; None when the chain is whole.

    A cut tail does not show here: compare the last entry with a checkpoint kept elsewhere.

    Args:
        entries: Entries in their order, from the first one after `after`.
        sign: The key they were chained with.
        after: The last entry known to be good, None to start with the first.
    """
    for entry in entries:
        if not follows(entry, after, sign):
            return entry
        after = entry
    return None


def follows(entry: AuditEntry, after: AuditEntry | None, sign: Sign) -> bool:
    """Whether an entry is the next link, unaltered.

    Args:
        entry: What is stored.
        after: The link before it, None for the first entry.
        sign: The key it was chained with.
    """
    sequence, previous = (after.sequence + 1, after.mac) if after else (1, "")
    return entry.sequence == sequence and entry.previous == previous and is_genuine(entry, sign)


def is_genuine(entry: AuditEntry, sign: Sign) -> bool:
    """Whether an entry says what it said when it was chained, wherever it stands now."""
    return hmac.compare_digest(entry.mac.encode(), sign(canonical(entry)).hex().encode())


def true_sequence(entry: AuditEntry, sign: Sign, within: int = 200) -> int | None:
    """Under which number an entry was chained that bears another one now; None when it was altered in other ways.

    Args:
        entry: What is stored.
        sign: The key it was chained with.
        within: How far from where it stands is looked.
    """
    for distance in range(1, within + 1):
        for sequence in (entry.sequence - distance, entry.sequence + distance):
            if sequence > 0 and is_genuine(replace(entry, sequence=sequence), sign):
                return sequence
    return None
