"""Opens the shared store of an environment: which server, who signs in, with which password, what they may do there.

A password comes from the first of these that has one: what a person typed in this session, `password_file`,
`password_env`, and what libpq finds by itself (service file, passfile, PGPASSWORD). It is never an argument, and what
was typed is kept nowhere but in the session.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ftos_tui.config import PostgresSettings
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import visible
from ftos_tui.studio.failures import NotPermitted, SignInNeeded, SignInRefused
from ftos_tui.studio.sign_in import last_user, remember_user

if TYPE_CHECKING:
    from ftos_tui.stores.postgres_target import PostgresTarget
    from ftos_tui.stores.protocol import ProviderStore
    from ftos_tui.studio.session import Session


T = TypeVar("T")


class NotShared(Failure):
    """The environment's store is a file: nobody signs in there."""


def shared_settings(session: "Session") -> PostgresSettings:
    """Where the shared store of the session's environment is.

    Raises:
        NotShared: The environment has a file of its own.
    """
    settings = session.environment.postgresql
    if settings is None:
        raise NotShared(f"The store of {session.environment.name} is a file, not a shared store.")
    return settings


def target_of(session: "Session") -> "PostgresTarget":
    """The database of the session's environment and the way to it, with the password where one is known here.

    Raises:
        Failure: The environment has no shared store, or the password cannot be had from where the settings say.
    """
    from ftos_tui.stores.postgres_target import PostgresTarget

    settings = shared_settings(session)
    typed = session.credentials
    read_only = session.environment.read_only
    return PostgresTarget(
        hosts=settings.host,
        ports=settings.port,
        database=settings.database,
        user=typed.user if typed else settings.user,
        password=typed.password if typed else _kept_password(session, settings),
        sslmode=settings.sslmode or "verify-full",
        sslrootcert=_path(settings.sslrootcert),
        sslcert=_path(settings.sslcert),
        sslkey=_path(settings.sslkey),
        service=settings.service,
        passfile=_path(settings.passfile),
        connect_timeout_s=settings.connect_timeout,
        statement_timeout_s=settings.statement_timeout,
        lock_timeout_s=settings.lock_timeout,
        pooler=settings.pooler,
        target_session_attrs="any" if read_only else "read-write",
        read_only=read_only,
    )


def open_shared(session: "Session") -> "ProviderStore":
    """Opens the shared store; asks for user and password where the settings or the server want them.

    The session then knows who is signed in and what they may do.

    Raises:
        SignInNeeded: Somebody has to sign in, and cannot be asked from here.
        SignInRefused: The server does not take what was given.
        Failure: The store cannot be opened; the text says why and what to do.
    """
    store = signed_in(session, _opened)
    try:
        _take_standing(session, store)
    except BaseException:
        store.close()
        raise
    remember_user(session)
    return store


def permit_owner(session: "Session") -> None:
    """Refuses, in a shared store that is open, whoever does not own it.

    Raises:
        NotPermitted: They do not, or the environment is read-only.
    """
    if not session.may_make:
        raise NotPermitted(
            f"{visible(session.author.user)} does not own the store of {session.environment.name}: sign in as who made "
            "it. Nothing was changed."
        )


def signed_in(session: "Session", reach: "Callable[[PostgresTarget], T]") -> T:
    """Does something with the database; asks for user and password where the settings or the server want them.

    Args:
        session: The operator's session.
        reach: What to do; called once more when the server wants a password that nobody gave yet.

    Raises:
        SignInNeeded: Somebody has to sign in, and cannot be asked from here.
        SignInRefused: The server does not take what was given.
        Failure: What `reach` raises.
    """
    if session.asks_first:
        _ask(session, session.refused, None)
    _warn_of_variable(session)
    try:
        return reach(target_of(session))
    except SignInRefused as refused:
        typed = session.credentials
        if typed is not None:
            session.credentials = None  # what was refused is not tried again
            raise
        session.refused = str(refused)
        _ask(session, session.refused, refused)
        return reach(target_of(session))


def _opened(target: "PostgresTarget") -> "ProviderStore":
    from ftos_tui.stores.sql.postgres import open_postgres

    return open_postgres(target, read_only=target.read_only)


def _warn_of_variable(session: "Session") -> None:
    if session.environ.get("PGPASSWORD") and session.credentials is None:
        from ftos_tui.studio.log import note

        note(session, Level.WARNING, PGPASSWORD_SET)


PGPASSWORD_SET = (
    "PGPASSWORD is set: every program started here can read the password. Use password_file, a service file or "
    "~/.pgpass instead."
)
"""Said when a password comes from where others may see it."""


def _take_standing(session: "Session", store: "ProviderStore") -> None:
    standing = store.standing()
    session.rights = standing.rights
    session.person = session.person or session.author
    session.author = replace(session.author, user=standing.user)


def _ask(session: "Session", why: str, cause: Failure | None) -> None:
    if session.ask_sign_in is None:
        raise SignInNeeded(why or f"Sign in to {session.environment.name} first.", session) from cause
    session.credentials = session.ask_sign_in(session.environment.name, last_user(session))


def _kept_password(session: "Session", settings: PostgresSettings) -> Secret | None:
    if settings.password_file:
        from ftos_tui.stores.password_file import read_password_file

        return read_password_file(Path(settings.password_file).expanduser())
    if settings.password_env:
        text = session.environ.get(settings.password_env)
        if not text:
            raise Failure(f"The environment variable {settings.password_env}, which password_env names, is not set.")
        return Secret(text)
    return None


def _path(written: str) -> Path | None:
    return Path(written).expanduser() if written else None
