"""What the `store` commands print of a store, as JSON and in words. Other programs read the JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftos_tui.studio.store_admin import Grant, Seen, SetUp
    from ftos_tui.studio.store_copy import StoreCopied

Shape = dict[str, Any]


def set_up_shape(done: "SetUp") -> Shape:
    """What `store init` and `store upgrade` print."""
    return {
        "environment": done.environment,
        "location": done.location,
        "schema": done.schema,
        "changed": done.changed,
        "shipped": done.shipped,
        "key": {"id": done.key_id, "source": done.key_source, "made": done.key_made} if done.key_id else None,
        "roles": done.roles or None,
        "advised": [done.closing] if done.closing else [],
    }


def store_shape(environment: str, seen: "Seen") -> Shape:
    """What `store status` prints."""
    return {
        "environment": environment,
        "location": seen.location,
        "backend": seen.backend,
        "schema": seen.schema,
        "known": seen.known,
        "current": seen.current,
        "copying": seen.copying,
        "counts": dict(seen.counts),
        "details": dict(seen.details),
        "advised": [seen.closing] if seen.closing else [],
        "roles": None if seen.members is None else {role: list(users) for role, users in seen.members.items()},
    }


def store_pairs(environment: str, seen: "Seen") -> Iterator[tuple[str, str]]:
    """The same in words."""
    yield "Environment", environment
    yield "Store", seen.location
    yield "Backend", seen.backend
    if seen.schema is None:
        yield "Schema", "none yet: run `ftos-tui store init`"
    elif not seen.known:
        yield "Schema", f"{seen.schema}, made by a newer ftos-tui: install that one"
    else:
        yield "Schema", f"{seen.schema}{'' if seen.current else ', an older one: run `ftos-tui store upgrade`'}"
    if seen.copying:
        yield "Copy", "not done yet: run `ftos-tui store copy` again"
    for name, number in seen.counts.items():
        yield name.capitalize(), f"{number:,}"
    for name, detail in seen.details.items():
        yield ("TLS" if name == "tls" else name.capitalize()), f"{int(detail):,}" if name == "bytes" else detail
    if seen.closing:
        yield "Connect", f"every user of the server may, and so hold up those who save; run: {seen.closing};"
    for role, users in (seen.members or {}).items():
        yield f"Role {role}", ", ".join(users) or "nobody yet"


def grant_shape(done: "Grant") -> Shape:
    """What `store grant` and `store revoke` print."""
    return {
        "statements": list(done.statements),
        "unknown": list(done.unknown),
        "applied": done.applied,
        "advised": [done.closing] if done.closing else [],
    }


def copied_shape(done: "StoreCopied") -> Shape:
    """What `store copy` prints."""
    return {
        "from": done.source,
        "to": done.target,
        "resumed": done.resumed,
        "unreadable": done.unreadable,
        "undelivered": done.undelivered,
        "tables": [{"table": row.table, "rows": row.rows, "from": row.source, "to": row.target} for row in done.tables],
    }
