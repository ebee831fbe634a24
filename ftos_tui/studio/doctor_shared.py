"""What `doctor` tells about a shared store: whether it is reached, how safely, as whom, how far away, and its clock."""

from collections.abc import Iterator
from time import monotonic
from typing import Final

from ftos_tui.config import PostgresSettings
from ftos_tui.domain.visible import visible
from ftos_tui.studio.checks import Check, State
from ftos_tui.studio.failures import Failure, SignInNeeded, counted
from ftos_tui.studio.session import Session
from ftos_tui.studio.shared_store import PGPASSWORD_SET, shared_settings

_CLOCK_APART_S: Final = 60.0

OPEN_TO_ALL: Final = (
    "Every user of the server may connect, and so hold up those who save: `ftos-tui store status` has the SQL that "
    "keeps out who has no role."
)
"""Said where PUBLIC has the privilege CONNECT, as PostgreSQL gives it to each new database."""


def shared_store_checks(session: Session) -> Iterator[Check]:
    """Looks at the shared store of the session's environment; changes nothing there.

    Args:
        session: The operator's session.
    """
    try:
        store = session.store
        started = monotonic()
        standing = store.standing()
        latency_ms = (monotonic() - started) * 1000
        apart_s = (session.clock() - standing.at).total_seconds()
        facts = store.facts()
    except SignInNeeded as needed:
        yield Check("store", State.WARN, f"Not looked at, nobody signed in: {needed}")
        return
    except Failure as failure:
        yield Check("store", State.FAIL, str(failure))
        return
    server = facts.details.get("server", "")
    number = counted(facts.providers, "provider", "providers")
    message = f"{facts.location}: {facts.backend} {server}, schema {facts.schema}, {number}, {latency_ms:.0f} ms away"
    yield Check("store", State.OK, visible(message))
    yield line_check(shared_settings(session), standing.tls)
    rights = ", ".join(sorted(standing.rights)) or "nothing"
    state = State.OK if standing.rights else State.WARN
    yield Check("rights", state, visible(f"Signed in as {standing.user}, who may {rights}"))
    if standing.open_to_all:
        yield Check("connect", State.WARN, OPEN_TO_ALL)
    yield _clock(apart_s)
    if session.environ.get("PGPASSWORD"):
        yield Check("password", State.WARN, PGPASSWORD_SET)


def line_check(settings: PostgresSettings, tls: str) -> Check:
    """What protects the connection.

    Args:
        settings: How the server is reached.
        tls: The protocol, empty for none.
    """
    if tls:
        checked = settings.sslmode or "verify-full"
        return Check("tls", State.OK, visible(f"{tls}, {checked}"))
    if settings.host and all(host.startswith("/") for host in settings.host):
        return Check("tls", State.OK, "None, over a unix socket of this machine")
    return Check("tls", State.WARN, f"None, as sslmode = {settings.sslmode}: whoever is on the line reads along.")


def _clock(apart_s: float) -> Check:
    if abs(apart_s) <= _CLOCK_APART_S:
        return Check("clock", State.OK, "This machine's clock agrees with the store's, which counts.")
    which = "ahead of" if apart_s > 0 else "behind"
    message = f"This machine's clock is {abs(apart_s):,.0f} s {which} the store's, which counts: set it right."
    return Check("clock", State.WARN, message)
