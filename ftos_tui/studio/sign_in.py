"""Signing in to a shared store. The user is remembered for the next time; the password never is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import is_safe
from ftos_tui.studio.failures import SignInRefused
from ftos_tui.studio.log import note
from ftos_tui.studio.state_file import remember, remembered

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

LONGEST_USER: Final = 63
"""The longest name of a role in PostgreSQL, in bytes (NAMEDATALEN)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person typed to sign in."""

    user: str
    password: Secret


def last_user(session: "Session") -> str:
    """Whom to propose: the user of the settings, else who signed in last from here, else the operating system's."""
    settings = session.environment.postgresql
    if settings is not None and settings.user:
        return settings.user
    kept = remembered(session.places.state / "sign_in.json", session.environment.name)
    if isinstance(kept, str) and kept and is_safe(kept):
        return kept
    return session.environ.get("PGUSER") or session.author.user


def sign_in(session: "Session", user: str, password: Secret) -> None:
    """Opens the shared store of a session as a person; the password stays in the session until that ends.

    Args:
        session: The session, its store not open yet.
        user: Who signs in.
        password: With which password.

    Raises:
        SignInRefused: No user was given, or the store does not take this one with this password.
        Failure: The store cannot be reached, or cannot be used.
    """
    if not user.strip() or len(user.encode()) > LONGEST_USER or not is_safe(user):
        raise SignInRefused(f"Enter a user: up to {LONGEST_USER} characters, none of them invisible.")
    session.credentials = Credentials(user.strip(), password)
    try:
        _ = session.store
    except Failure:
        session.credentials = None
        raise
    note(session, Level.SUCCESS, f"Signed in to {session.environment.name} as {session.author.user}.")


def remember_user(session: "Session") -> None:
    """Keeps who signed in for the next time; a disk that takes no more is said in the log, nothing else."""
    if session.credentials is None:
        return
    try:
        remember(session.places.state / "sign_in.json", session.environment.name, session.credentials.user)
    except OSError as error:
        note(session, Level.WARNING, f"The user could not be kept for the next time: {error.strerror}.")
