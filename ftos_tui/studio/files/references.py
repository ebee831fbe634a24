"""Turns what stands for a secret into the secret, on the machine and with the rights of whoever imports."""

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.exchange import Reference, ReferenceKind
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding, refuse
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import shortened
from ftos_tui.studio.files.reading import Unreadable

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

_LONGEST: Final = 64 * 1024
_OWN: Final = "FTOS_TUI_"
"""How the variables begin that the program itself reads, the master key among them."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Where references are looked up.

    Attributes:
        environ: The importing process's environment.
        identities: Private keys for age files, from `identities_of`.
        never: Files that no reference may name: the program's own keys.
    """

    environ: Mapping[str, str]
    identities: tuple[object, ...] = ()
    never: tuple[Path, ...] = ()

    def resolve(self, field_id: str, reference: Reference) -> "Resolved | Finding":
        """The secret, or the finding that says why there is none. Neither repeats it."""
        if reference.kind is ReferenceKind.ENV:
            return self._of_environment(field_id, reference.target)
        if reference.kind is ReferenceKind.FILE:
            return _of_file(field_id, reference.target, self.never)
        return self._of_age(field_id, reference.target)

    def _of_environment(self, field_id: str, name: str) -> "Resolved | Finding":
        if name.startswith(_OWN):
            return refuse(
                field_id, "reference_own_key", f"Name another variable than {name}: that is the program's own."
            )
        text = self.environ.get(name, "")
        if text:
            return Resolved(Secret(text))
        message = f"Set the environment variable {name}: it is to hold {FIELD_BY_ID[field_id].label} and is empty."
        return refuse(field_id, "reference_missing", message)

    def _of_age(self, field_id: str, armored: str) -> "Resolved | Finding":
        from ftos_tui.vault.age import AgeUnusable, unwrapped

        label = FIELD_BY_ID[field_id].label
        if not self.identities:
            message = f"Name the file of your age identity: {label} is encrypted."
            return refuse(field_id, "reference_identity", message)
        try:
            return Resolved(*unwrapped(armored, field_id, list(self.identities)))
        except AgeUnusable as problem:
            return refuse(field_id, "reference_age", f"{label}: {problem}")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A secret that a reference stood for.

    Attributes:
        secret: The secret.
        destination: The only place it may be sent; None where it does not say.
    """

    secret: Secret
    destination: str | None = None


def resolver_of(session: "Session", identity: str = "") -> Resolver:
    """Where the references of a file are looked up in a session.

    Args:
        session: The operator's session.
        identity: The operator's age identity file; empty for none.

    Raises:
        Unreadable: The identity file cannot be used.
    """
    key = session.key_path
    kept = tuple(key.parent.glob(f"{key.name}.*"))  # a rotation keeps the next key and old ones beside it
    return Resolver(session.environ, identities_of(identity) if identity else (), (key, *kept))


def identities_of(path: str) -> tuple[object, ...]:
    """The private keys in an age identity file that only its owner may read.

    Raises:
        Unreadable: It cannot be read, others may read it, or it holds no key.
    """
    from ftos_tui.vault.age import AgeUnusable, identities_in

    text = _owners_text(path)
    if isinstance(text, _Problem):
        raise Unreadable(f"The identity file {shortened(path, 100)} {text.why}.")
    try:
        return tuple(identities_in(text))
    except AgeUnusable as problem:
        raise Unreadable(str(problem)) from None


@dataclass(frozen=True, slots=True)
class _Problem:
    why: str


def _of_file(field_id: str, path: str, never: tuple[Path, ...]) -> Resolved | Finding:
    label, shown = FIELD_BY_ID[field_id].label, shortened(path, 100)
    text = _owners_text(path, never)
    if isinstance(text, _Problem):
        return refuse(field_id, "reference_file", f"The file {shown}, which is to hold {label}, {text.why}.")
    bare = text.removesuffix("\n").removesuffix("\r")
    if not bare:
        return refuse(field_id, "reference_missing", f"Put {label} into the file {shown}: it is empty.")
    return Resolved(Secret(bare))


def _owners_text(path: str, never: tuple[Path, ...] = ()) -> str | _Problem:
    """The text of a regular file of our own that nobody else may read, or what is wrong with it."""
    try:
        # Without O_NONBLOCK a pipe in its place would be waited for; a link may lead to somebody else's file.
        descriptor = os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
        return _Problem(f"cannot be opened: {reason}")
    except (ValueError, RuntimeError):
        return _Problem("cannot be opened: this is not a file's name")
    try:
        status = os.fstat(descriptor)
        if any(_is_same(status, own) for own in never):
            return _Problem("is the program's own key: name another")
        if not stat.S_ISREG(status.st_mode):
            return _Problem("is not a regular file")
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            return _Problem("may be read by others: make it yours and run chmod 600 on it")
        data = os.read(descriptor, _LONGEST + 1)
    finally:
        os.close(descriptor)
    if len(data) > _LONGEST:
        return _Problem("is too large for a secret")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _Problem("is not UTF-8 text")


def _is_same(status: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(status, path.stat())
    except OSError:
        return False
