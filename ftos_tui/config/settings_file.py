"""Reads the settings file. Every mistake is reported with its line and, for a name, the nearest known one."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from ftos_tui.config import Environment, PostgresSettings, Settings
from ftos_tui.config.colours import is_colour, nearest_colours
from ftos_tui.config.keys import Remappable, clashes, key_name, known_keys
from ftos_tui.config.toml_lines import KeyPath, key_lines, line_of
from ftos_tui.config.wording import kind_of, nearest, quoted
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.visible import visible

__all__ = ["ConfigError", "Problem", "load_settings", "nearest"]

MOUSE: Final = ("auto", "on", "off")
KEYS: Final = ("auto", "file", "credential", "passphrase")
THEMES: Final = ("dark", "light", "terminal")
_TOP_KEYS: Final = ("environment", "environments", "keys", "mouse", "editor", "theme")
_ENVIRONMENT_KEYS: Final = tuple(spec.name for spec in fields(Environment) if spec.name != "name")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[?[0-9a-f:.]+\]?")
_LARGEST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the settings file.

    Attributes:
        line: Where it stands, from 1 on; None when it is about the file itself.
        message: What is wrong and what is accepted; visible, without a full stop.
    """

    line: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


class ConfigError(Failure):
    """The settings file cannot be used.

    Attributes:
        path: The file.
        problems: Every mistake found in it, in the file's order.
    """

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__(f"Settings file {visible(str(path))}: {'; '.join(map(str, self.problems))}.")


def load_settings(
    path: Path, actions: Mapping[str, Remappable], *, must_exist: bool = False, data_folder: Path | None = None
) -> Settings:
    """The settings that a TOML file asks for, defaults filled in.

    Args:
        path: The file; when there is none, the defaults are in force.
        actions: The actions whose keys may be remapped, by name.
        must_exist: Whether a missing file is a mistake: the operator named it.
        data_folder: The folder of the stores that no setting names, to notice one that is named as well.

    Raises:
        ConfigError: The file cannot be read, or anything in it is unknown or of the wrong kind.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(path, [Problem(None, "there is no such file")]) from None
        return Settings()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not a file's"
        raise ConfigError(path, [Problem(None, f"it cannot be read: {reason}")]) from error
    text, document = _parse(path, data)
    reader = _Reader(document, key_lines(text), actions, data_folder)
    settings = reader.settings(path)
    if reader.problems:
        raise ConfigError(path, reader.problems)
    return settings


def _parse(path: Path, data: bytes) -> tuple[str, dict[str, Any]]:
    if len(data) > _LARGEST:
        raise ConfigError(path, [Problem(None, "it is larger than 1 MiB")])
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, [Problem(line, "this is not UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, [_syntax_problem(str(error), text)]) from error
    except RecursionError as error:
        raise ConfigError(path, [Problem(None, "it is nested too deeply")]) from error


def _syntax_problem(message: str, text: str) -> Problem:
    """tomllib's message with its place put first."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if found is None:
        return Problem(None, visible(message))
    if found[2] is None:
        return Problem(text.rstrip("\n").count("\n") + 1, f"not TOML: {visible(found[1])} at the end of the file")
    return Problem(int(found[2]), f"not TOML: {visible(found[1])} at column {found[3]}")


class _Reader:
    """Goes through the parsed document and collects what is wrong with it."""

    def __init__(
        self,
        document: dict[str, Any],
        lines: Mapping[KeyPath, int],
        actions: Mapping[str, Remappable],
        data_folder: Path | None,
    ) -> None:
        self.document = document
        self.lines = lines
        self.actions = actions
        self.data_folder = data_folder
        self.problems: list[Problem] = []

    def settings(self, source: Path) -> Settings:
        """The settings as far as they can be read; what cannot is in `problems`."""
        self.known_only((), self.document, _TOP_KEYS, "setting")
        environments = {"local": Environment()} | self.environments()
        chosen = self.text(("environment",), self.document, "local")
        if chosen not in environments:
            self.problem(("environment",), f"no environment {quoted(chosen)}{nearest(chosen, environments)}")
        return Settings(
            environments=environments,
            environment=chosen,
            keys=self.keys(),
            mouse=self.one_of(("mouse",), self.document, MOUSE),
            editor=self.text(("editor",), self.document, ""),
            theme=self.one_of(("theme",), self.document, THEMES),
            source=source,
        )

    def environments(self) -> dict[str, Environment]:
        found: dict[str, Environment] = {}
        section = self.section(("environments",), self.document)
        stores: dict[object, str] = {} if "local" in section else {self.identity(Environment()): "local"}
        folded: dict[str, str] = {}
        for name, given in section.items():
            path: KeyPath = ("environments", name)
            if not _ENVIRONMENT_NAME.fullmatch(name):
                self.problem(
                    path,
                    f"environment {quoted(name)}: use up to 32 letters, digits, dots, hyphens and underscores, "
                    "a letter or digit first",
                )
            elif folded.setdefault(name.casefold(), name) != name:
                self.problem(path, f"environments {folded[name.casefold()]} and {name} differ only in case")
            elif not isinstance(given, dict):
                self.problem(path, f"write a table [environments.{name}], not {kind_of(given)}")
            else:
                found[name] = self.environment(name, given)
                other = stores.setdefault(self.identity(found[name]), name)
                if other != name:
                    key = "postgresql" if "postgresql" in given else "store"
                    self.problem(
                        (*path, key), f"environments {other} and {name} name the same store: each has its own keys"
                    )
        return found

    def identity(self, environment: Environment) -> object:
        """What is equal for two environments with the same store."""
        if environment.postgresql is not None:
            return environment.postgresql.identity
        default = f"{environment.name}.sqlite3"
        path = environment.store or (default if self.data_folder is None else str(self.data_folder / default))
        return os.path.realpath(os.path.expanduser(path))  # noqa: PTH111 (pathlib's raises for an unknown user)

    def environment(self, name: str, given: dict[str, Any]) -> Environment:
        path: KeyPath = ("environments", name)
        self.known_only(path, given, _ENVIRONMENT_KEYS, f"setting of environment {name}")
        colour = self.text((*path, "colour"), given, "green")
        if not is_colour(colour):
            self.problem(
                (*path, "colour"),
                f"no colour {quoted(colour)}: write #rrggbb or a name such as {nearest_colours(colour)}",
            )
        shared = self.shared(path, given)
        return Environment(
            name=name,
            store="" if shared else self.file(path, "store", given),
            postgresql=shared,
            colour=colour.lower(),
            read_only=self.flag((*path, "read_only"), given),
            allowed_hosts=self.hosts((*path, "allowed_hosts"), given),
            allow_http=self.flag((*path, "allow_http"), given),
            test=self.flag((*path, "test"), given),
            key_file=self.file(path, "key_file", given),
            key=self.one_of((*path, "key"), given, KEYS),
            review=self.flag((*path, "review"), given),
        )

    def shared(self, path: KeyPath, given: dict[str, Any]) -> PostgresSettings | None:
        """Where the shared store of an environment is; None where it has none, or one that is not well described."""
        url, table = given.get("store"), given.get("postgresql")
        written_url = isinstance(url, str) and "://" in url
        if table is None and not written_url:
            return None
        from ftos_tui.config.shared_store import from_table, from_url, is_url

        if table is not None and "store" in given:
            self.problem((*path, "store"), "give store or the section postgresql, not both")
        elif table is not None and not isinstance(table, dict):
            self.problem((*path, "postgresql"), f"write a table [{'.'.join(path)}.postgresql], not {kind_of(table)}")
        elif table is not None:
            return from_table(
                table, lambda key, message: self.problem((*path, "postgresql", *filter(None, (key,))), message)
            )
        elif isinstance(url, str) and is_url(url):
            return from_url(url, lambda _, message: self.problem((*path, "store"), message))
        return None

    def file(self, path: KeyPath, key: str, given: dict[str, Any]) -> str:
        written = self.text((*path, key), given, "")
        if key == "store" and "://" in written:
            if not written.startswith(("postgresql://", "postgres://")):
                self.problem((*path, key), "store is the path of a file, or a URL postgresql://USER@HOST/DATABASE")
        elif "://" in written:
            self.problem((*path, key), f"{key} is the path of a file, not a URL")
        elif "\0" in written or (written and not written.startswith(("/", "~"))):
            self.problem((*path, key), f"{key} {quoted(written)}: write a path that starts with / or ~")
        return written

    def hosts(self, path: KeyPath, given: dict[str, Any]) -> frozenset[str]:
        written = given.get(path[-1], [])
        if not isinstance(written, list) or not all(isinstance(host, str) for host in written):
            self.problem(path, f'write a list of host names such as ["api.sendgrid.com"], not {kind_of(written)}')
            return frozenset()
        found = set()
        for host in written:
            canonical = _canonical_host(host)
            if canonical is None:
                self.problem(path, f"{quoted(host)} is no host name: leave scheme, port and path out")
            else:
                found.add(canonical)
        return frozenset(found)

    def keys(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for path, written in _leaves(("keys",), self.section(("keys",), self.document)):
            name = ".".join(path[1:])
            if name not in self.actions:
                self.problem(path, f"no action {quoted(name)}{nearest(name, self.actions)}")
                continue
            names = [written] if isinstance(written, str) else written
            if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
                self.problem(path, f'write a key such as "ctrl+s" or a list of keys, not {kind_of(written)}')
                continue
            found[name] = tuple(key for one in names if (key := self.key(path, one)))
        for name, message in clashes(self.actions, found):
            self.problem(("keys", *self.written_path(name)), message)
        return found

    def written_path(self, name: str) -> KeyPath:
        """How the file writes an action: as one quoted name, or as a dotted one."""
        return (name,) if ("keys", name) in self.lines else tuple(name.split("."))

    def key(self, path: KeyPath, written: str) -> str | None:
        name = key_name(written)
        if name is None:
            self.problem(path, f"no key {quoted(written)}{nearest(written.rpartition('+')[2], known_keys())}")
        return name

    def one_of(self, path: KeyPath, given: dict[str, Any], accepted: tuple[Any, ...]) -> Any:
        written = given.get(path[-1], accepted[0])
        if written not in accepted or not isinstance(written, str):
            shown = quoted(written) if isinstance(written, str) else kind_of(written)
            self.problem(path, f"{path[-1]} is one of {', '.join(accepted)}, not {shown}")
            return accepted[0]
        return written

    def text(self, path: KeyPath, given: dict[str, Any], default: str) -> str:
        written = given.get(path[-1], default)
        if isinstance(written, str):
            return written
        self.problem(path, f"{path[-1]} is a text in quotes, not {kind_of(written)}")
        return default

    def flag(self, path: KeyPath, given: dict[str, Any]) -> bool:
        written = given.get(path[-1], False)
        if isinstance(written, bool):
            return written
        self.problem(path, f"{path[-1]} is true or false, not {kind_of(written)}")
        return False

    def section(self, path: KeyPath, given: dict[str, Any]) -> dict[str, Any]:
        written = given.get(path[-1], {})
        if isinstance(written, dict):
            return written
        self.problem(path, f"{path[-1]} is a section [{path[-1]}], not {kind_of(written)}")
        return {}

    def known_only(self, path: KeyPath, given: dict[str, Any], known: tuple[str, ...], what: str) -> None:
        for key in given:
            if key not in known:
                self.problem((*path, key), f"no {what} {quoted(key)}{nearest(key, known)}")

    def problem(self, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(line_of(self.lines, path), message.rstrip(".")))


def _leaves(path: KeyPath, table: dict[str, Any]) -> list[tuple[KeyPath, Any]]:
    found: list[tuple[KeyPath, Any]] = []
    for key, value in table.items():
        found += _leaves((*path, key), value) if isinstance(value, dict) else [((*path, key), value)]
    return found


def _canonical_host(written: str) -> str | None:
    host = written.strip().lower().rstrip(".")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    return host.strip("[]") if _HOST.fullmatch(host) else None
