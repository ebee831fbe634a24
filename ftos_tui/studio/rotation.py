"""Replaces the master key of an environment, whatever happens meanwhile, and says how its keys stand.

The new key is on disk before the store hears of it. Then one transaction makes it the store's key: from there on
nothing is sealed under the old one, which the store keeps sealed under the new one, so that both open what is stored.
Each secret is wrapped anew in a transaction of its own. The last transaction lets the old key go. A process that is
killed leaves a store that works; the next rotation goes on where it stopped.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.stores.key_protocol import FactsChange, SecretPlace
from ftos_tui.stores.protocol import AuditEntry, SealedSecret
from ftos_tui.studio.failures import Failure, VaultError, counted, field_label
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import chosen_passphrase, lasting_name, new_salt
from ftos_tui.studio.reasons import reason_to_keep
from ftos_tui.studio.shared_store import permit_owner
from ftos_tui.vault.envelope import Binding, Unreadable
from ftos_tui.vault.errors import KeyLost
from ftos_tui.vault.key_file import make_key_file, next_to, put_in_place, read_key_file, replace_next
from ftos_tui.vault.master_key import MasterKey

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session
    from ftos_tui.vault.vault import Vault

Progress = Callable[[int, int], object]
"""Told how many secrets were wrapped anew and how many there are."""

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """Which key takes the old one's place.

    Attributes:
        file: A file that holds it; None for a fresh one, kept in the environment's key file.
        passphrase: Whether it derives from a passphrase, asked for twice.
    """

    file: Path | None = None
    passphrase: bool = False


@dataclass(frozen=True, slots=True)
class LostSecret:
    """A stored secret that no key at hand opens. It is kept as it is."""

    provider: str
    field: str
    version: int
    current: bool


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How the keys of an environment stand.

    Attributes:
        key_id: The master key in force.
        source: Where it came from, in words.
        warning: What is unsafe about that; None when nothing is.
        counts: How many stored secrets each master key wrapped, by its id.
        retiring: The key a rotation is replacing; None when none is under way.
        lost: The secrets that do not open.
    """

    key_id: str
    source: str
    warning: str | None
    counts: dict[str, int]
    retiring: str | None
    lost: tuple[LostSecret, ...]

    @property
    def waiting(self) -> int:
        """How many secrets another key than the one in force wrapped."""
        return sum(number for key_id, number in self.counts.items() if key_id != self.key_id)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        old: The id of the key that was replaced.
        key_id: The id of the key in force.
        source: Where that is kept, in words.
        rewrapped: How many secrets it wrapped anew.
        lost: How many no key opens; they are kept as they are.
        resumed: Whether it went on where another one had stopped.
        kept: Where the old key file is kept; None when there was none, or it was put aside before.
    """

    old: str
    key_id: str
    source: str
    rewrapped: int
    lost: int
    resumed: bool
    kept: Path | None


class RotationBusy(VaultError):
    """Another process replaces the key just now."""


def key_status(session: "Session") -> KeyStatus:
    """How the keys stand. Every stored secret is opened to see whether it does; none is shown.

    Raises:
        Failure: Store or vault are not to be had.
    """
    vault, store = session.vault, session.store
    lost = tuple(
        _lost(session, place)
        for place, sealed in _secrets(session)
        if not _opens(vault, _binding(session, place, sealed), sealed)
    )
    return KeyStatus(
        vault.key_id, vault.source, vault.warning, dict(store.secret_counts()), store.fact("key_retiring_id"), lost
    )


def rotate_key(
    session: "Session", new_key: NewKey = NewKey(), *, reason: str = "", progress: Progress | None = None
) -> Rotated:
    """Replaces the master key, or goes on with a rotation that was stopped; then `new_key` does not count.

    Args:
        session: The operator's session.
        new_key: Which key is to come.
        reason: Why, in the operator's words.
        progress: Told how far it is.

    Raises:
        NotPermitted: The environment is read-only, or the one who is signed in does not own the shared store.
        RotationBusy: Another process is at it.
        Failure: Store or keys did not do it; what was done so far holds, and a further rotation goes on.
    """
    session.permit_change()
    permit_owner(session)
    with _alone(session.folder):
        kept = _settle(session.key_path, session.store.fact("key_id"))
        session.renew_vault()
        vault = session.vault
        old = session.store.fact("key_retiring_id")
        resumed = old is not None
        if old is None:
            old = vault.key_id
            vault = _begin(session, vault, new_key, reason_to_keep(reason))
            session.renew_vault(vault)
            kept = _settle(session.key_path, vault.key_id)
        elif not vault.opens(old):
            raise KeyLost(f"What the store keeps of the old key {old} is damaged: restore the store from a backup.")
        rewrapped, lost = _rewrap_all(session, vault, progress)
        _finish(session, vault, old, rewrapped, lost)
    done = Rotated(old, vault.key_id, vault.source, rewrapped, lost, resumed, kept)
    note(session, Level.WARNING if lost else Level.SUCCESS, in_words(done))
    return done


def in_words(done: Rotated) -> str:
    """What a rotation did, in one sentence or two."""
    lost = (
        f"; {counted(done.lost, 'secret opens', 'secrets open')} with no key and stay as they are" if done.lost else ""
    )
    kept = (
        f" The old key is kept in {done.kept}: backups of the store need it; delete it when they are gone."
        if done.kept
        else ""
    )
    secrets = counted(done.rewrapped, "secret", "secrets")
    return f"Master key {done.old} replaced by {done.key_id}, {secrets} wrapped anew{lost}.{kept}"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from rotating keys in this folder; the system lets go when this one dies."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RotationBusy("Another process is replacing the master key: wait until it is done.") from None
        yield
    finally:
        os.close(descriptor)


def _settle(path: Path, key_id: str | None) -> Path | None:
    """Puts the key in force into the key file where it still waits beside it."""
    waiting = read_key_file(next_to(path))
    return put_in_place(path) if waiting is not None and waiting.key_id == key_id else None


def _begin(session: "Session", vault: "Vault", new_key: NewKey, reason: str) -> "Vault":
    """Makes the new key the store's, in one transaction with its audit entry."""
    key, salt, source = _made(session, new_key)
    if key.key_id == vault.key_id:
        raise Failure("That is the key in force already: nothing was changed.")
    succession = vault.successor(key, source, lasting_name(session))
    change = FactsChange(
        given={"key_id": vault.key_id, "key_retiring_id": None},
        changes={
            "key_id": key.key_id,
            "key_salt": salt,
            "audit_key": succession.audit_key,
            "key_retiring": succession.retiring,
            "key_retiring_id": vault.key_id,
        },
        entry=_entry(session, {"from": vault.key_id, "to": key.key_id, "reason": reason}),
    )
    if not session.store.change_facts(change, vault.sign):
        raise RotationBusy("The master key was changed meanwhile: try again. Nothing was changed.")
    return succession.vault


def _made(session: "Session", new_key: NewKey) -> tuple[MasterKey, str | None, str]:
    """The key to come, the salt of its passphrase, and where it is kept in words."""
    if new_key.passphrase:
        if session.ask_passphrase is None:
            raise Failure("Nobody can be asked for a passphrase here: start again at a terminal.")
        salt = new_salt()
        passphrase = chosen_passphrase(session.ask_passphrase, session.environment.name)
        if not passphrase:
            raise Failure("No passphrase was entered: the key stays.")
        return MasterKey.from_passphrase(passphrase, bytes.fromhex(salt)), salt, "the passphrase"
    source = f"file {session.key_path}"
    if new_key.file is None:
        return make_key_file(next_to(session.key_path)), None, source
    key = read_key_file(new_key.file)
    if key is None:
        raise Failure(f"There is no key file {visible(str(new_key.file))}: the key stays.")
    return replace_next(session.key_path, key), None, source


def _rewrap_all(session: "Session", vault: "Vault", progress: Progress | None) -> tuple[int, int]:
    """Wraps every secret of another key anew; gives back how many were, and how many do not open."""
    done = lost = 0
    total = sum(number for key_id, number in session.store.secret_counts().items() if key_id != vault.key_id)
    for place, sealed in _secrets(session, not_under=vault.key_id):
        try:
            rewrapped = vault.rewrap(sealed.sealed, _binding(session, place, sealed), sealed.key_id)
        except Unreadable:
            lost += 1
            continue
        done += session.store.rewrap_secret(place, sealed.sealed, rewrapped, vault.key_id)
        if progress is not None:
            progress(done, total)
    return done, lost


def _finish(session: "Session", vault: "Vault", old: str, rewrapped: int, lost: int) -> None:
    change = FactsChange(
        given={"key_id": vault.key_id, "key_retiring_id": old},
        changes={"key_retiring": None, "key_retiring_id": None},
        entry=_entry(session, {"from": old, "to": vault.key_id, "rewrapped": rewrapped, "unreadable": lost}),
    )
    if not session.store.change_facts(change, vault.sign):
        raise RotationBusy("The master key was changed meanwhile: see `ftos-tui secrets status`.")


def _entry(session: "Session", detail: dict[str, str | int]) -> AuditEntry:
    return unchained(session.clock(), session.author, "rotate_key", detail)


def _secrets(session: "Session", not_under: str = "") -> Iterator[tuple[SecretPlace, SealedSecret]]:
    after: SecretPlace | None = None
    while page := session.store.secrets_page(after, _PAGE, not_under):
        yield from page
        after = page[-1][0]


def _binding(session: "Session", place: SecretPlace, sealed: SealedSecret) -> Binding:
    provider_id, field_id, version = place
    return Binding(lasting_name(session), provider_id, field_id, version, sealed.destination)


def _opens(vault: "Vault", binding: Binding, sealed: SealedSecret) -> bool:
    try:
        vault.unseal(sealed.sealed, binding, sealed.key_id)
    except Unreadable:
        return False
    return True


def _lost(session: "Session", place: SecretPlace) -> LostSecret:
    provider_id, field_id, version = place
    provider = session.store.by_id(provider_id)
    current = not provider.deleted and provider.secrets[field_id].version == version
    return LostSecret(provider.name, field_label(field_id), version, current)
