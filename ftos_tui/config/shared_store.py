"""Reads where a shared store is: the table `[environments.NAME.postgresql]`, or a postgresql:// URL with the same keys.

No message repeats a URL: it may hold a password where none belongs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from ftos_tui.config import PostgresSettings
from ftos_tui.config.wording import kind_of, nearest, quoted

SCHEMES: Final = ("postgresql://", "postgres://")
KEYS: Final = tuple(spec.name for spec in fields(PostgresSettings))
SSL_MODES: Final = ("verify-full", "verify-ca", "require", "prefer", "allow", "disable")

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "sslmode": SSL_MODES,
    "sign_in": ("none", "ask"),
    "live": ("auto", "listen", "poll"),
}
_PATHS: Final = ("passfile", "password_file", "sslrootcert", "sslcert", "sslkey")
_SECONDS: Final = ("connect_timeout", "statement_timeout", "lock_timeout")
_LONGEST_S: Final = 3600
_LIBPQ_NAMES: Final = {"dbname": "database", "hostaddr": "host"}
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|[0-9a-fA-F:.]*:[0-9a-fA-F:.%a-z]+"
)
_URL: Final = re.compile(r"[a-z]+://(?:([^@/?#]*)@)?([^@/?#]*)(?:/([^?#@]*))?(?:\?([^#@]*))?")

NO_PASSWORDS_HERE: Final = (
    "a password does not belong in the settings: use password_file, password_env, a service file, "
    '~/.pgpass, or sign_in = "ask"'
)

Tell = Callable[[str, str], None]
"""Takes a mistake: the key it is at, empty for the whole, and what is wrong."""


def is_url(written: str) -> bool:
    """Whether `store` names a shared store rather than a file."""
    return written.startswith(SCHEMES)


def from_url(written: str, tell: Tell) -> PostgresSettings | None:
    """The settings of `postgresql://user@host1:5432,host2:5433/database?key=value`.

    Args:
        written: The URL; its query takes the keys of the table.
        tell: Takes each mistake.

    Returns:
        What it says; None when anything is wrong.
    """
    found = _URL.fullmatch(written)
    if found is None:
        tell("", "write postgresql://USER@HOST:PORT/DATABASE, with settings such as ?sslmode=verify-full behind it")
        return None
    user, password_sign, _ = (found[1] or "").partition(":")
    given: dict[str, Any] = {"user": unquote(user), "database": unquote(found[3] or "")}
    hosts, ports = _hosts_of(found[2], tell)
    if password_sign:
        tell("", NO_PASSWORDS_HERE)
    if password_sign or ports is None:
        return None
    given |= {"host": hosts, "port": ports}
    for key, value in parse_qsl(found[4] or "", keep_blank_values=True):
        name = _LIBPQ_NAMES.get(key, key)
        given[name] = _from_text(name, value)
    return from_table({key: value for key, value in given.items() if value not in ("", [])}, tell)


def from_table(given: Mapping[str, Any], tell: Tell) -> PostgresSettings | None:
    """The settings of a table.

    Args:
        given: The table as TOML has it.
        tell: Takes each mistake.

    Returns:
        What it says; None when anything is wrong.
    """
    problems: list[tuple[str, str]] = []
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key == "password":
            problems.append((key, NO_PASSWORDS_HERE))
        elif key not in KEYS:
            problems.append((key, f"no setting of a shared store {quoted(key)}{nearest(key, KEYS)}"))
        else:
            read, mistake = _value(key, value)
            values[key] = read
            problems += [(key, mistake)] if mistake else []
    if not problems:
        problems += _whole(PostgresSettings(**values))
    for key, message in problems:
        tell(key, message)
    return None if problems else PostgresSettings(**values)


def _whole(read: PostgresSettings) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    found = []
    if not read.service and not read.host:
        found.append(("", "a shared store needs host, or service for an entry of a service file"))
    if not read.service and not read.database:
        found.append(("", "a shared store needs database"))
    if len(read.port) > 1 and len(read.port) != len(read.host):
        found.append(("port", f"{len(read.port)} ports for {len(read.host)} hosts: give one for all, or one for each"))
    if read.password_file and read.password_env:
        found.append(("password_env", "give password_file or password_env, not both"))
    if any(host.startswith("/") for host in read.host) and read.sslmode not in ("", "disable", "allow", "prefer"):
        found.append(("sslmode", "there is no TLS over a unix socket: leave sslmode out"))
    return found


def _hosts_of(written: str, tell: Tell) -> tuple[list[str], list[int] | None]:
    """The hosts and ports of `host1:5432,host2`; no ports where there is a mistake."""
    hosts: list[str] = []
    ports: list[int] = []
    for part in written.split(",") if written else ():
        found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?", part)
        if found is None:
            tell("", "a port of the URL is no number: write HOST:PORT,HOST:PORT")
            return hosts, None
        hosts.append(unquote(found[1].strip("[]")))
        ports.append(int(found[2] or 5432))
    return hosts, ports[:1] if len(set(ports)) == 1 else ports


def _from_text(key: str, value: str) -> Any:
    """A value of the URL's query, as TOML would have it."""
    if key == "host":
        return [host for host in value.split(",") if host]
    if key == "port":
        return [int(port) if port.isdecimal() and len(port) <= 5 else port for port in value.split(",")]
    if key in _SECONDS and value.isdecimal() and value.isascii():
        return int(value[:9])
    if key == "pooler":
        return {"true": True, "false": False}.get(value, value)
    return value


def _value(key: str, value: Any) -> tuple[Any, str]:
    """What a key says, and what is wrong with it."""
    if key == "host":
        return _hosts(value)
    if key == "port":
        return _ports(value)
    if key in _SECONDS:
        if type(value) is int and 1 <= value <= _LONGEST_S:
            return value, ""
        return 1, f"{key} is a number of seconds from 1 to {_LONGEST_S}"
    if key == "pooler":
        return (value, "") if isinstance(value, bool) else (False, f"pooler is true or false, not {kind_of(value)}")
    if not isinstance(value, str):
        return "", f"{key} is a text in quotes, not {kind_of(value)}"
    return value, _wrong_text(key, value)


def _wrong_text(key: str, value: str) -> str:
    if key in _CHOICES and value not in _CHOICES[key]:
        return f"{key} is one of {', '.join(_CHOICES[key])}, not {quoted(value)}"
    if "\0" in value:
        return f"{key} holds a character that nothing is named with"
    if key in _PATHS and value and not value.startswith(("/", "~")) and (key, value) != ("sslrootcert", "system"):
        return f"{key} {quoted(value)}: write a path that starts with / or ~"
    if key == "password_env" and value and not _VARIABLE.fullmatch(value):
        return "password_env is the name of an environment variable, not a password"
    return ""


def _hosts(value: Any) -> tuple[tuple[str, ...], str]:
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list) or not all(isinstance(host, str) for host in written):
        return (), f"host is a name or a list of names, not {kind_of(value)}"
    for host in written:
        if not host.startswith("/") and not _HOST.fullmatch(host):
            return (), f"host {quoted(host)}: write a host name, an address or the folder of a unix socket"
    return tuple(written), ""


def _ports(value: Any) -> tuple[tuple[int, ...], str]:
    written = value if isinstance(value, list) else [value]
    if any(type(port) is not int or not 1 <= port <= 65535 for port in written):
        return (), "port is a number from 1 to 65535, or a list of them"
    return tuple(written), ""
