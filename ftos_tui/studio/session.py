"""A session: one operator in one environment, with its store, vault, drafts and log.

Store and vault are opened on first use, so that a face can paint its first frame before either is imported.
"""

import os
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ftos_tui.config import Environment, Places, Settings
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.domain.record import Author
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import visible
from ftos_tui.studio.failures import GivenUp, NotPermitted, StoreDamaged
from ftos_tui.studio.identity import current_author

if TYPE_CHECKING:
    from ftos_tui.stores.drafts import DraftFiles
    from ftos_tui.stores.journal import Journal
    from ftos_tui.stores.protocol import ProviderStore
    from ftos_tui.stores.rights_protocol import Right
    from ftos_tui.studio.sign_in import Credentials
    from ftos_tui.vault.vault import Vault

Clock = Callable[[], datetime]

_CLOSES_WITHIN_S = 0.5


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Session:
    """What every operation needs.

    Attributes:
        settings: The settings in force.
        environment: The environment the session is in.
        places: The operator's folders.
        author: Who is acting, from where.
        clock: Tells the time, UTC.
        environ: The process's environment, where key sources are looked for.
        ask_passphrase: Asks for a passphrase with the prompt given; None where nobody can be asked.
        ask_sign_in: Asks who signs in, given the environment and whom to propose; None where nobody can be asked.
        credentials: What a person typed to sign in to a shared store, for as long as the session lasts.
        refused: Why the shared store did not let in who gave no password; it is not tried again without one.
        person: Who acts as the operating system knows them, where `author` is who is signed in to a shared store.
        rights: What the one who is signed in may do in a shared store, once it is open; None for a file.
        open_drafts: Keys of the drafts that forms of this process are editing now.
        listeners: Told of each line of the status log, in the thread that wrote it.
        bound_to: What secrets and keys of the store are bound to, once that is known; see `master_key.lasting_name`.
        key_facts: What the store was last heard to keep about its keys, until the vault is opened with it.
        closing: Called when the session is closed, before its store is.
        trial_news: What became of trials that this session carried out, for a face without a status log to tell.
    """

    settings: Settings
    environment: Environment
    places: Places
    author: Author = field(default_factory=lambda: current_author(os.environ))
    clock: Clock = _utc_now
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)  # it may hold passwords
    ask_passphrase: Callable[[str], Secret] | None = None
    ask_sign_in: "Callable[[str, str], Credentials] | None" = None
    credentials: "Credentials | None" = None
    refused: str = ""
    person: Author | None = None
    rights: "frozenset[Right] | None" = None
    open_drafts: set[str] = field(default_factory=set)
    listeners: list[Callable[[LogEntry], None]] = field(default_factory=list)
    closing: list[Callable[[], None]] = field(default_factory=list)
    trial_news: list[str] = field(default_factory=list)
    bound_to: str | None = None
    key_facts: Mapping[str, str] | None = None
    _opening: threading.RLock = field(default_factory=threading.RLock, repr=False)
    # Opening a shared store may take long; log and drafts do not wait for it, nor does who leaves.
    _files: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _attempts: int = field(default=0, repr=False)
    _given_up: int = field(default=0, repr=False)
    _failure: Failure | None = field(default=None, repr=False)
    _store: "ProviderStore | None" = field(default=None, repr=False)
    _vault: "Vault | None" = field(default=None, repr=False)
    _journal: "Journal | None" = field(default=None, repr=False)
    _drafts: "DraftFiles | None" = field(default=None, repr=False)

    @property
    def shared(self) -> bool:
        """Whether the environment's store is shared, rather than a file of this machine."""
        return self.environment.postgresql is not None

    @property
    def asks_first(self) -> bool:
        """Whether a person has to sign in before the shared store is even tried."""
        shared = self.environment.postgresql
        return shared is not None and self.credentials is None and (shared.sign_in == "ask" or bool(self.refused))

    @property
    def folder(self) -> Path:
        """Where the environment's own files lie: its store, or what belongs to a shared one."""
        return self.places.data if self.shared else self.store_path.parent

    @property
    def store_made(self) -> bool:
        """Whether there is a store to be opened; of a shared one that is only known once it is asked."""
        return self.shared or self.store_path.exists()

    @property
    def store_path(self) -> Path:
        """The SQLite file of the environment.

        Raises:
            Failure: The environment's store is shared and has none.
        """
        if self.shared:
            raise Failure(f"The store of {self.environment.name} is shared and is no file.")
        if self.environment.store:
            return Path(self.environment.store).expanduser()
        return self.places.data / f"{self.environment.name}.sqlite3"

    @property
    def key_path(self) -> Path:
        """The master key file of the environment."""
        if self.environment.key_file:
            return Path(self.environment.key_file).expanduser()
        return self.places.data / f"{self.environment.name}.key"

    @property
    def store(self) -> "ProviderStore":
        """The environment's store; a file is made, upgraded and filled with the shipped providers on first use.

        Raises:
            Failure: It cannot be opened; the text says why and what to do.
        """
        attempts, given_up = self._attempts, self._given_up
        with self._opening:
            if self._store is None:
                if self._attempts != attempts and self._failure is not None:
                    raise self._failure  # whoever waited for this attempt need not wait for another one
                try:
                    self._store = self._open()
                except Failure as failure:
                    self._attempts, self._failure = self._attempts + 1, failure
                    raise
                self._carry_out_trials(self._store)
                if self._given_up != given_up:
                    self._store.close()
                    self._store = None
                    raise GivenUp(f"The store of {self.environment.name} was left while it was being opened.")
            return self._store

    def _open(self) -> "ProviderStore":
        if not self.shared:
            return self._open_file()
        from ftos_tui.studio.shared_store import open_shared

        return open_shared(self)

    def _open_file(self) -> "ProviderStore":
        from ftos_tui.stores.sql.sqlite import open_sqlite

        self.refuse_emptied()
        store = open_sqlite(self.store_path, read_only=self.environment.read_only)
        try:
            if not self.environment.read_only and store.fact("shipped") is None:
                from ftos_tui.studio.first_start import ship_providers

                ship_providers(self, store)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def is_open(self) -> bool:
        """Whether the store was opened; asking does not open it, and does not wait for whoever does."""
        return self._store is not None

    def _carry_out_trials(self, store: "ProviderStore") -> None:
        """Reverts what was on trial for too long: whoever opens the store does, for whoever saved may be gone."""
        if not self.may_revert:
            return
        try:
            if store.due_trials(self.clock(), limit=1):
                from ftos_tui.studio.trial import carry_out_expired

                carry_out_expired(self)
        except Failure as failure:
            from ftos_tui.studio.log import note

            note(self, Level.ERROR, f"Trials that are over could not be looked for: {failure}")

    def refuse_emptied(self) -> None:
        """A store that was cut to nothing must not look like a first start: its key file tells that it was more.

        Raises:
            StoreDamaged: The file is empty though its key file is there.
        """
        try:
            emptied = self.store_path.stat().st_size == 0 and self.key_path.exists()
        except OSError:
            return
        if emptied:
            raise StoreDamaged(
                f"The store {self.store_path} is empty, though its key file {self.key_path} is there: restore the "
                "store from a backup, or remove the empty file to start anew. Nothing was changed."
            )

    @property
    def vault(self) -> "Vault":
        """The environment's vault; its key file is made when the store knows no key yet.

        Raises:
            Failure: The key is lost, wrong or unsafe; the text says why and what to do.
        """
        return self.vault_for(self.store)

    def vault_for(self, store: "ProviderStore") -> "Vault":
        """The vault whose key belongs to a store."""
        with self._opening:
            if self._vault is None:
                from ftos_tui.studio.master_key import vault_of

                self._vault = vault_of(self, store)
            return self._vault

    def renew_vault(self, vault: "Vault | None" = None) -> None:
        """Takes another vault after the master key was rotated; None lets the next use open it."""
        with self._opening:
            self._vault = vault
            self.key_facts = None

    @property
    def vault_is_open(self) -> bool:
        """Whether the vault was opened; asking does not open it."""
        return self._vault is not None

    @property
    def journal(self) -> "Journal":
        """The status log's file."""
        with self._files:
            if self._journal is None:
                from ftos_tui.stores.journal import Journal

                self._journal = Journal(self.places.state / "status.log")
            return self._journal

    @property
    def drafts(self) -> "DraftFiles":
        """The unsaved edits on disk."""
        with self._files:
            if self._drafts is None:
                from ftos_tui.stores.drafts import DraftFiles

                self._drafts = DraftFiles(self.places.data / "drafts")
            return self._drafts

    @property
    def may_change(self) -> bool:
        """Whether changes are permitted, as far as it is known before a shared store is open."""
        return not self.environment.read_only and (self.rights is None or "change" in self.rights)

    @property
    def may_unseal(self) -> bool:
        """Whether sealed secrets may be read from the store."""
        return self.rights is None or "unseal" in self.rights

    @property
    def may_make(self) -> bool:
        """Whether a store, or its first master key, may be made."""
        return not self.environment.read_only and (self.rights is None or "init" in self.rights)

    @property
    def may_revert(self) -> bool:
        """Whether trials that are over may be carried out."""
        return self.may_change or (not self.environment.read_only and "deliver" in (self.rights or ()))

    def permit_change(self) -> None:
        """Refuses every change in a read-only environment, and to whom the shared store gives no right to it.

        Raises:
            NotPermitted: The environment is read-only, or the one who is signed in may not change anything.
            Failure: The shared store, which knows, cannot be opened.
        """
        if self.environment.read_only:
            raise NotPermitted(
                f"The environment {self.environment.name} is read-only: change it in another environment, "
                "or ask who keeps the settings file to lift read_only."
            )
        if self.shared:
            _ = self.store
            if not self.may_change:
                raise NotPermitted(
                    f"{visible(self.author.user)} may read here, not change: sign in with a developer account, or ask "
                    "who keeps the store for the role developer."
                )

    def close(self) -> None:
        """Gives back the store's connections; an opening that is under way gives back its own at its end."""
        while self.closing:
            self.closing.pop()()
        self._given_up += 1
        if not self._opening.acquire(timeout=_CLOSES_WITHIN_S):
            return  # it is still being opened, in a thread that ends with the program
        try:
            if self._store is not None:
                self._store.close()
                self._store = None
            self._vault = self.key_facts = None
            self.credentials = None
        finally:
            self._opening.release()


def open_session(settings: Settings, places: Places, environment: str | None = None) -> Session:
    """A session in the environment asked for, or in the one the settings name.

    Args:
        settings: The settings in force.
        places: The operator's folders.
        environment: The environment's name; None for the settings' own.

    Raises:
        Failure: No environment bears that name.
    """
    name = environment or settings.environment
    if name not in settings.environments:
        known = ", ".join(sorted(settings.environments))
        raise Failure(f"There is no environment {name}: the settings know {known}.")
    return Session(settings, settings.environments[name], places)


def new_id() -> str:
    """An id for a provider, a save or a draft: a random UUID, as hex digits."""
    return uuid.uuid4().hex
