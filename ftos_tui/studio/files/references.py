"""Turns what stands for a secret into the secret, on the machine and with the rights of whoever imports.

Somebody else may have written the file, so of the operator's variables and files only those are taken unasked that are
named after the very provider and field, as an export names them. Any other has to be allowed by its name first.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.exchange import Reference, ReferenceKind
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding, refuse
from ftos_tui.domain.names import name_key
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import shortened
from ftos_tui.studio.files.reading import Unreadable

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

NOT_ALLOWED: Final = "reference_not_allowed"
"""The code of the finding about a reference that the operator has not allowed."""

_LONGEST: Final = 64 * 1024
_OWN: Final = "FTOS_TUI_"
"""How the variables begin that the program itself reads, the master key among them."""
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")
_MADE_UP: Final = re.compile(r"P_.*_[0-9a-f]{8}", re.IGNORECASE)
"""What is made of a Name that is not plain; a Name that looks like it must not lead to another provider's secret."""


def own_reference(kind: ReferenceKind, provider: str, field_id: str, folder: str = "") -> Reference:
    """The variable or file named after a provider and one of its secrets: what an export writes.

    Args:
        kind: `ENV` or `FILE`.
        provider: The provider's Name; never a path in what comes of it, and not the same for two providers.
        field_id: The secret's id.
        folder: Where the file is.
    """
    plain = _NOT_PLAIN.sub("_", provider).strip("_")
    if plain != provider or not plain[:1].isalpha() or _MADE_UP.fullmatch(plain):
        key = name_key(provider).encode(errors="backslashreplace")  # a file's Name may hold what UTF-8 cannot
        plain = f"P_{plain[:60]}_{sha256(key).hexdigest()[:8]}"
    if kind is ReferenceKind.ENV:
        return Reference(kind, f"{plain}_{field_id}".upper())
    return Reference(kind, f"{folder.rstrip('/')}/{plain}.{field_id}")


@dataclass(frozen=True, slots=True)
class Resolver:
    """Where references are looked up.

    Attributes:
        environ: The importing process's environment.
        identities: Private keys for age files, from `identities_of`.
        never: Files that no reference may name: the program's own keys.
        allowed: References that the operator allowed, as a file writes them.
        prefixes: How references begin that the operator allowed together.
    """

    environ: Mapping[str, str]
    identities: tuple[object, ...] = ()
    never: tuple[Path, ...] = ()
    allowed: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def resolve(self, provider: str, field_id: str, reference: Reference) -> "Resolved | Finding":
        """The secret, or the finding that says why there is none. Neither repeats it.

        Args:
            provider: The Name of the provider that the file gives it to.
            field_id: The secret's id.
            reference: What stands for it.
        """
        if not self._may_take(provider, field_id, reference):
            own = own_reference(reference.kind, provider, field_id, str(PurePosixPath(reference.target).parent))
            message = (
                f"Allow {shortened(str(reference), 100)}, or call it {shortened(str(own), 100)}: it is not named after "
                f"{FIELD_BY_ID[field_id].label} of this provider."
            )
            return refuse(field_id, NOT_ALLOWED, message)
        if reference.kind is ReferenceKind.ENV:
            return self._of_environment(field_id, reference.target)
        if reference.kind is ReferenceKind.FILE:
            return _of_file(field_id, reference.target, self.never)
        return self._of_age(field_id, reference.target)

    def _may_take(self, provider: str, field_id: str, reference: Reference) -> bool:
        text = str(reference)
        if reference.kind is ReferenceKind.AGE or text in self.allowed:
            return True
        path = PurePosixPath(reference.target)
        own = own_reference(reference.kind, provider, field_id)
        if reference.kind is ReferenceKind.ENV:
            return reference.target == own.target or text.startswith(self.prefixes)
        if path.name.casefold() == PurePosixPath(own.target).name.casefold():  # a Name's case does not count
            return True
        # A path that climbs may begin in a folder that was allowed and end anywhere.
        return ".." not in path.parts and text.startswith(self.prefixes)

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


def resolver_of(
    session: "Session", identity: str = "", allowed: Iterable[str] = (), prefixes: Iterable[str] = ()
) -> Resolver:
    """Where the references of a file are looked up in a session.

    Args:
        session: The operator's session.
        identity: The operator's age identity file; empty for none.
        allowed: References that the operator allowed, as a file writes them.
        prefixes: How references begin that the operator allowed together.

    Raises:
        Unreadable: The identity file cannot be used.
    """
    key = session.key_path
    kept = tuple(key.parent.glob(f"{key.name}.*"))  # a rotation keeps the next key and old ones beside it
    identities = identities_of(identity) if identity else ()
    return Resolver(session.environ, identities, (key, *kept), frozenset(allowed), tuple(prefixes))


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
