"""PostgreSQL's errors as sentences: by SQLSTATE where the server gave one, by libpq's text where no session came about.

The sentences name the place, never a URL, a password or a statement.
"""

import re
from typing import Final

import psycopg

from ftos_tui.domain.visible import shortened
from ftos_tui.stores.protocol import (
    SignInRefused,
    StoreDamaged,
    StoreError,
    StoreForbidden,
    StoreFull,
    StoreReadOnly,
    StoreUnreachable,
)

_UNCHANGED: Final = " Nothing was changed."

# The first pattern that libpq's text matches decides (fe-connect.c, fe-secure-openssl.c; auth.c, postinit.c of the
# server, which may speak another language: then only what libpq says itself is recognised).
_SIGN_IN: Final[tuple[tuple[str, type[StoreError], str], ...]] = (
    (
        r"password authentication failed|no password supplied|authentication failed|role .* does not exist",
        SignInRefused,
        "does not accept this user and password: check both and sign in again.",
    ),
    (
        r"no pg_hba.conf entry|is not permitted to log in|pg_hba.conf rejects",
        SignInRefused,
        "lets this user not in from here: ask its administrator.",
    ),
    (r"permission denied for database", StoreForbidden, "lets this user not connect: ask its administrator."),
    (
        r"server does not support SSL",
        StoreUnreachable,
        "cannot be reached safely: the server offers no TLS. Have TLS switched on there, or lower sslmode knowingly.",
    ),
    (
        r"certificate verify failed|does not match host name|root certificate file|certificate has expired|SSL error",
        StoreUnreachable,
        "cannot be reached safely: the server's certificate is not trusted ({reason}). Check sslrootcert and the "
        "host's name.",
    ),
    (
        r"too many connections|remaining connection slots|too many clients|no more connections allowed",
        StoreUnreachable,
        "has too many connections: try again in a moment.",
    ),
    (
        r"database system is (?:starting up|shutting down|in recovery)|not yet accepting connections",
        StoreUnreachable,
        "is starting up or shutting down: try again in a moment.",
    ),
    (r"database .* does not exist", StoreUnreachable, "has no database of that name: check `database`."),
    (
        r"session is read-only|server is in hot standby|session is not read-only",
        StoreUnreachable,
        "has no server there that takes changes: wait for the failover, or check `host`.",
    ),
    (r"definition of service .* not found", StoreUnreachable, "is named by a service that no service file defines."),
    (r"could not translate host name|resolve host", StoreUnreachable, "has a host name that is not known: check it."),
    (r"timeout expired|timed out", StoreUnreachable, "does not answer in time: check the network, or try again."),
    (r"Connection refused", StoreUnreachable, "is not running or not reachable there: check host and port."),
)

_BY_STATE: Final[dict[str, tuple[type[StoreError], str]]] = {
    "28P01": (SignInRefused, "does not accept this user and password: check both and sign in again."),
    "28000": (SignInRefused, "does not let this user in: ask its administrator."),
    "42501": (StoreForbidden, "does not permit this to who is signed in: ask who keeps the store for a role that may."),
    "25006": (StoreReadOnly, "takes no changes: it is a standby server, or read-only for this role."),
    "53100": (StoreFull, "has no room left on its disk: make room and try again."),
    "53200": (StoreFull, "has no memory left: try again, or ask its administrator."),
    "53300": (StoreUnreachable, "has too many connections: try again in a moment."),
    "55P03": (StoreUnreachable, "is being changed by another program for too long: try again."),
    "40P01": (StoreUnreachable, "was changed by another program at the same time: try again."),
    "57014": (StoreUnreachable, "did not finish in time, or was told to stop: try again."),
    "57P01": (StoreUnreachable, "was shut down or ended this connection: try again in a moment."),
    "57P02": (StoreUnreachable, "crashed and is starting again: try again in a moment."),
    "57P03": (StoreUnreachable, "is starting up or shutting down: try again in a moment."),
    "57P05": (StoreUnreachable, "ended the connection because it was idle: try again."),
    "25P03": (StoreUnreachable, "ended the change because this program paused too long: try again."),
    "3D000": (StoreUnreachable, "has no database of that name: check `database`."),
    "0A000": (StoreUnreachable, "refuses what a pooler does not support: set `pooler` for this environment."),
    "26000": (StoreUnreachable, "is behind a pooler that changes sessions: set `pooler` for this environment."),
    "42P05": (StoreUnreachable, "is behind a pooler that changes sessions: set `pooler` for this environment."),
}

_BY_CLASS: Final[dict[str, tuple[type[StoreError], str]]] = {
    "08": (StoreUnreachable, "cannot be reached: check the network and try again."),
    "40": (StoreUnreachable, "was changed by another program at the same time: try again."),
    "53": (StoreFull, "has no resources left ({state}): try again, or ask its administrator."),
    "57": (StoreUnreachable, "was stopped ({state}): try again in a moment."),
    "42": (StoreDamaged, "lacks a part of its schema ({state}): see `ftos-tui store status`."),
    "58": (StoreDamaged, "cannot read its own files ({state}): ask its administrator."),
    "XX": (StoreDamaged, "reports damage ({state}): ask its administrator."),
    "22": (StoreDamaged, "holds a text that no save wrote ({state}): restore it from a backup."),
    "23": (StoreDamaged, "holds rows that contradict each other ({state}): restore it from a backup."),
}


def in_words(error: BaseException | None, location: str, *, writing: bool) -> StoreError:
    """A driver's error as one sentence.

    Args:
        error: What psycopg raised.
        location: Where the store is.
        writing: Whether a change was being made; the sentence then says that it was not.
    """
    if isinstance(error, psycopg.DataError) and error.sqlstate is None:
        return StoreError(f"The store {location} takes no NUL character in a text: take it out.{_UNCHANGED}")
    text = str(error or "")
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    end = _UNCHANGED if writing else ""
    if state is not None:
        kind, what = _BY_STATE.get(state) or _BY_CLASS.get(state[:2]) or (StoreUnreachable, _OTHER)
        return kind(f"The store {location} {what.format(state=state)}{end}")
    for pattern, kind, what in _SIGN_IN:
        if found := re.search(pattern, text):
            return kind(f"The store {location} {what.format(reason=shortened(found[0], 60))}{end}")
    return StoreUnreachable(f"The store {location} cannot be reached, or the connection broke: try again.{end}")


_OTHER: Final = "answered with an error ({state}): try again, or ask its administrator."


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time; asking again would wait as long again."""


def is_broken(error: BaseException | None) -> bool:
    """Whether the connection is gone with this error, so that another one may do better."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    state = error.sqlstate
    return state is None or state.startswith("08") or state in ("57P01", "57P02", "57P03", "57P05", "25P03")


def is_worth_another(error: BaseException | None) -> bool:
    """Whether the connection was dead already, so that the same on a new one is worth trying."""
    return is_broken(error) and not isinstance(error, NoAnswer)
