"""Opens the vault whose key belongs to a store, and keeps it the right one while keys are rotated.

What the store knows of its keys are facts: `key_id`, the master key that new secrets are sealed with; `key_salt`, when
that key derives from a passphrase; `audit_key`, the key of the audit chain sealed under the master key, once that was
rotated (before, it derives from it); and while secrets still wait for the new key `key_retiring`, the one before it,
sealed under it, and `key_retiring_id`. `environment` is what a shared store's keys and secrets are bound to.
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from ftos_tui.domain.log import Level
from ftos_tui.domain.secret import Secret

if TYPE_CHECKING:
    from ftos_tui.stores.protocol import ProviderStore
    from ftos_tui.studio.session import Session
    from ftos_tui.vault.keys import KeySource
    from ftos_tui.vault.vault import Vault

T = TypeVar("T")

ENVIRONMENT: Final = "environment"
"""The fact that says what the environment of a shared store was called when it was made."""


def vault_of(session: "Session", store: "ProviderStore") -> "Vault":
    """The vault of a store; a key is made, or a passphrase chosen, for one that knows none yet.

    Raises:
        Failure: The key is lost, wrong or unsafe; the text says why and what to do.
    """
    from ftos_tui.vault.errors import KeyLost, KeyWrong

    known, session.key_facts = session.key_facts, None
    while True:
        facts = known or store.key_facts()
        known, expected = None, facts.get("key_id")
        try:
            vault = _found(session, store, facts)
            if expected is None and (expected := store.remember("key_id", vault.key_id)) != vault.key_id:
                continue  # another process chose the key
            if session.bound_to is None:
                session.bound_to = facts.get(ENVIRONMENT) or session.environment.name
            vault = _with_store_keys(session.bound_to, vault, facts)
        except (KeyLost, KeyWrong) as lost:
            if store.fact("key_id") == expected:
                if session.shared and isinstance(lost, KeyLost) and not store.fact("key_salt"):
                    raise KeyLost(
                        f"There is no master key of {session.environment.name} here, and saving needs it: ask who "
                        f"keeps the store for it, put it into {session.key_path} and run chmod 600 on that."
                    ) from lost
                raise
            continue  # the key was rotated while it was looked for
        if vault.warning:
            from ftos_tui.studio.log import note

            note(session, Level.WARNING, vault.warning)
        return vault


def with_current_key(session: "Session", operation: Callable[[], T]) -> T:
    """Carries out an operation that seals and saves, once more where the master key was rotated under it.

    Args:
        session: The operator's session.
        operation: What to do; takes `session.vault` anew each time.

    Raises:
        StaleKey: The key was rotated again; nothing was saved.
    """
    from ftos_tui.stores.protocol import StaleKey

    try:
        return operation()
    except StaleKey:
        session.renew_vault()
        return operation()


def vault_opening(session: "Session", key_id: str) -> "Vault":
    """The session's vault, opened again where a rotation has brought a key that it lacks.

    Args:
        session: The operator's session.
        key_id: The master key that something is sealed with.
    """
    vault = session.vault
    if vault.opens(key_id) or session.store.fact("key_id") == vault.key_id:
        return vault
    session.renew_vault()
    return session.vault


def _found(session: "Session", store: "ProviderStore", facts: Mapping[str, str]) -> "Vault":
    from ftos_tui.vault.keys import open_vault

    wanted, expected = session.environment.key, facts.get("key_id")
    salt = facts.get("key_salt") or ""
    source: KeySource = wanted
    if expected is not None:
        # What the settings say is for the next key: the store knows whether this one is a passphrase.
        source = "passphrase" if salt else "auto" if wanted == "passphrase" else wanted
    elif wanted == "passphrase" and session.ask_passphrase is not None:
        salt = store.remember("key_salt", new_salt())
    ask = session.ask_passphrase
    asked: Callable[[], Secret] | None = None
    if ask is not None and source == "passphrase":
        name = session.environment.name
        asked = (lambda: ask(f"Passphrase of {name}: ")) if expected else (lambda: chosen_passphrase(ask, name))
    return open_vault(
        environment=session.environment.name,
        key_file=session.key_path,
        expected_key_id=expected,
        may_create=session.may_make,
        environ=session.environ,
        source=source,
        ask_passphrase=asked,
        salt=bytes.fromhex(salt) or None,
    )


def lasting_name(session: "Session", store: "ProviderStore | None" = None) -> str:
    """What the secrets and keys of a store are bound to: what its environment was called when it was made.

    Operators may call the environment of a shared store what they like; a local store's name is its environment's.

    Args:
        session: The operator's session.
        store: Its store, while that is being opened.
    """
    if session.bound_to is None:
        kept = (store or session.store).fact(ENVIRONMENT)
        session.bound_to = kept or session.environment.name
    return session.bound_to


def chosen_passphrase(ask: Callable[[str], Secret], environment: str) -> Secret:
    """A new passphrase, entered twice.

    Raises:
        KeyWrong: The second is not the first.
    """
    from ftos_tui.vault.errors import KeyWrong

    chosen = ask(f"New passphrase of {environment}: ")
    if chosen and ask("The same once more: ") != chosen:
        raise KeyWrong("The two passphrases differ: start again. Nothing was changed.")
    return chosen


def new_salt() -> str:
    """A fresh salt for a passphrase, as the store keeps it: 16 random bytes in hex."""
    return os.urandom(16).hex()


def _with_store_keys(name: str, vault: "Vault", facts: Mapping[str, str]) -> "Vault":
    audit_key, retiring = facts.get("audit_key"), facts.get("key_retiring")
    if audit_key:
        vault = vault.with_audit_key(audit_key, name)
    return vault.with_retiring(retiring, name) if retiring else vault
