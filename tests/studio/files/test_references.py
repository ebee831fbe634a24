"""References to secrets: only what the operator alone can read is taken, and nothing of it is repeated."""

import os
from pathlib import Path

import pyrage
import pytest

from ftos_tui.domain.exchange import Reference, ReferenceKind, reference_in
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.files.reading import Unreadable
from ftos_tui.studio.files.references import Resolved, Resolver, identities_of, own_reference, resolver_of
from ftos_tui.studio.session import Session

CANARY = "canary-key-0815"


def of_file(path: Path | str) -> Resolved | Finding:
    return Resolver({}, prefixes=("file:",)).resolve("Gateway", "app_key", Reference(ReferenceKind.FILE, str(path)))


@pytest.fixture
def owned(tmp_path: Path) -> Path:
    """A file of the operator's own."""
    path = tmp_path / "key"
    path.write_text(CANARY + "\n")
    path.chmod(0o400)
    return path


def test_the_owners_file_is_read_without_its_last_line_end(owned: Path) -> None:
    assert of_file(owned) == Resolved(Secret(CANARY))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(owned: Path, mode: int) -> None:
    owned.chmod(mode)
    found = of_file(owned)
    assert isinstance(found, Finding)
    assert "chmod 600" in found.message
    assert CANARY not in found.message


ENV, FILE = ReferenceKind.ENV, ReferenceKind.FILE


@pytest.mark.parametrize(
    ("provider", "kind", "target"),
    [
        ("Gateway", ENV, "GATEWAY_APP_KEY"),
        ("gateway", ENV, "GATEWAY_APP_KEY"),
        ("A-B", ENV, own_reference(ENV, "A-B", "app_key").target),
        ("Gateway", FILE, "Gateway.app_key"),
        ("GATEWAY", FILE, "Gateway.app_key"),
    ],
)
def test_what_is_named_after_the_provider_is_taken_unasked(
    owned: Path, provider: str, kind: ReferenceKind, target: str
) -> None:
    path = owned.rename(owned.with_name("Gateway.app_key"))
    resolver = Resolver({target: CANARY})
    reference = Reference(kind, target if kind is ENV else str(path))
    assert resolver.resolve(provider, "app_key", reference) == Resolved(Secret(CANARY))


@pytest.mark.parametrize(
    ("allowed", "prefixes", "expected"),
    [
        ((), (), ""),
        (("env:HOME_KEY", "{file}"), (), "env file"),
        ((), ("env:HOME_", "{folder}/"), "env file"),
        ((), ("env:",), "env"),
        (("env:HOME_KEY*", "env:HOME"), ("{folder}/other",), ""),
    ],
)
def test_any_other_is_taken_only_when_it_was_allowed(
    owned: Path, allowed: tuple[str, ...], prefixes: tuple[str, ...], expected: str
) -> None:
    exact = frozenset(text.format(file=f"file:{owned}") for text in allowed)
    begins = tuple(text.format(folder=f"file:{owned.parent}") for text in prefixes)
    resolver = Resolver({"HOME_KEY": CANARY}, allowed=exact, prefixes=begins)
    taken = []
    for reference in (Reference(ENV, "HOME_KEY"), Reference(FILE, str(owned))):
        found = resolver.resolve("Gateway", "app_key", reference)
        if isinstance(found, Resolved):
            taken.append(str(reference.kind))
        else:
            assert found.code == "reference_not_allowed"
            assert f"Allow {reference}, or call it" in found.message
            assert CANARY not in found.message
    assert " ".join(taken) == expected


@pytest.mark.parametrize("kind", [ENV, FILE])
def test_a_name_made_up_to_look_like_what_another_is_called_in_references_leads_not_to_its_secret(
    kind: ReferenceKind,
) -> None:
    of_another = own_reference(kind, "Bank A", "app_key", "/srv")
    made_up = of_another.target.removeprefix("/srv/").removesuffix("_APP_KEY").removesuffix(".app_key")
    for name in (made_up, made_up.lower()):
        found = Resolver({of_another.target: CANARY}).resolve(name, "app_key", of_another)
        assert isinstance(found, Finding)
        assert found.code == "reference_not_allowed"


def test_a_path_that_climbs_out_of_an_allowed_folder_is_not_taken(owned: Path) -> None:
    folder = owned.parent / "allowed"
    folder.mkdir()
    resolver = Resolver({}, prefixes=(f"file:{folder}/",))
    found = resolver.resolve("Gateway", "app_key", Reference(FILE, f"{folder}/../{owned.name}"))
    assert isinstance(found, Finding)
    assert found.code == "reference_not_allowed"


def test_what_is_no_plain_file_of_text_is_refused(owned: Path, tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(owned)
    os.mkfifo(pipe, 0o600)
    binary, large, empty = tmp_path / "binary", tmp_path / "large", tmp_path / "empty"
    binary.write_bytes(b"\xff\xfe")
    large.write_bytes(b"a" * 70_000)
    empty.write_bytes(b"\n")
    for path in (binary, large, empty):
        path.chmod(0o600)
    expected: dict[Path | str, str] = {
        link: "is a link",
        pipe: "no regular file",
        tmp_path: "not a regular file",
        binary: "not UTF-8",
        large: "too large",
        empty: "it is empty",
        tmp_path / "nothing": "No such file",
        "/a\0b": "not a file's name",
    }
    for where, sentence in expected.items():
        found = of_file(where)
        assert isinstance(found, Finding), where
        assert sentence.replace("no regular", "not a regular") in found.message


def test_another_users_file_is_refused(owned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: owned.stat().st_uid + 1)
    found = of_file(owned)
    assert isinstance(found, Finding)
    assert "may be read by others" in found.message


def test_the_programs_own_keys_are_never_taken_for_a_secret(session: Session, tmp_path: Path) -> None:
    assert session.vault.key_id
    assert session.key_path.exists()
    session.environ = {"FTOS_TUI_MASTER_KEY": CANARY}
    resolver = resolver_of(session, prefixes=("env:", "file:"))
    same = tmp_path / "same"
    same.hardlink_to(session.key_path)
    targets = [
        (ReferenceKind.ENV, "FTOS_TUI_MASTER_KEY"),
        (ReferenceKind.FILE, str(session.key_path)),
        (ReferenceKind.FILE, str(same)),
    ]
    for kind, target in targets:
        found = resolver.resolve("Gateway", "app_key", Reference(kind, target))
        assert isinstance(found, Finding)
        assert "program's own" in found.message
    session.key_path.unlink()
    assert isinstance(resolver.resolve("Gateway", "app_key", Reference(ReferenceKind.FILE, str(same))), Resolved)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "env",
        "env:",
        "env:1A",
        "env:A-B",
        "ENV:A",
        "file:x",
        "file:",
        "file:/",
        "age:x",
        "vault:x",
        " env:A",
        "env:A\n",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    assert reference_in(text) is None


def test_references_read_as_they_are_written() -> None:
    armored = pyrage.encrypt(b"x", [pyrage.x25519.Identity.generate().to_public()], armored=True).decode()
    for text in ("env:A_1", "file:/a b/ü", f"age:{armored}", f"age:\n{armored}"):
        found = reference_in(text)
        assert found is not None
        assert str(found) == text
        assert found.shown == ("age: (encrypted)" if found.kind is ReferenceKind.AGE else text)


def test_identities_come_from_a_file_of_ones_own(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity"
    path.write_text(f"# created: today\n\n{identity}\n")
    with pytest.raises(Unreadable, match="may be read by others"):
        identities_of(str(path))
    path.chmod(0o600)
    assert len(identities_of(str(path))) == 1
    for content in ("", "# nothing\n", "AGE-SECRET-KEY-1NONSENSE\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"):
        path.write_text(content)
        with pytest.raises(Unreadable, match="holds no age or SSH private key"):
            identities_of(str(path))
    with pytest.raises(Unreadable, match="cannot be opened"):
        identities_of(str(tmp_path / "nothing"))
