"""Which PostgreSQL database a store is in, and how it is reached. Imports no driver: settings are mapped to it."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import shortened

SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""How far TLS is insisted on, the weakest first (libpq's `sslmode`)."""

_DEFAULT_PORT: Final = 5432
_PARTS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey", "service", "passfile", "target_session_attrs")


@dataclass(frozen=True, slots=True)
class PostgresTarget:
    """A database and the way to it. What is None or empty is left to libpq: its service file, `.pgpass`, environment.

    Attributes:
        hosts: Servers to try in this order, names, addresses or folders of Unix sockets; several for failover.
        ports: One for each host, or one for all; none for 5432.
        database: The database; empty for libpq's own choice.
        user: The role to sign in as; empty for libpq's own choice.
        password: Its password; None to have libpq look for one.
        sslmode: One of `SSL_MODES`. Unix sockets never use TLS, whatever it says.
        sslrootcert: The authorities' certificates; None for libpq's file where there is one, else the system's.
        sslcert: The client's certificate.
        sslkey: Its key.
        service: A section of the service file.
        passfile: A password file other than `~/.pgpass`.
        connect_timeout_s: How long to wait for each host, in seconds, at least 2 (libpq's least).
        statement_timeout_s: How long one statement may take, in seconds.
        lock_timeout_s: How long to wait for another writer, in seconds.
        pooler: Whether a pooler in transaction mode may stand between: nothing is then kept in a session.
        target_session_attrs: What a server must be, `read-write` to find the primary among several; `any` for reading.
        read_only: Whether every change is refused.
    """

    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    database: str = ""
    user: str = ""
    password: Secret | None = None
    sslmode: str = "verify-full"
    sslrootcert: Path | None = None
    sslcert: Path | None = None
    sslkey: Path | None = None
    service: str = ""
    passfile: Path | None = None
    connect_timeout_s: int = 5
    statement_timeout_s: float = 30.0
    lock_timeout_s: float = 5.0
    pooler: bool = False
    target_session_attrs: str = "read-write"
    read_only: bool = False

    def __post_init__(self) -> None:
        """Refuses what could not work.

        Raises:
            ValueError: With a sentence that repeats no value but modes and numbers.
        """
        if self.sslmode not in SSL_MODES:
            raise ValueError(f"sslmode must be one of {', '.join(SSL_MODES)}")
        if len(self.ports) > 1 and len(self.ports) != len(self.hosts):
            raise ValueError("give one port for each host, or one for all")
        if any(not 0 < port < 65536 for port in self.ports):
            raise ValueError("a port is a number from 1 to 65535")
        if min(self.connect_timeout_s, self.statement_timeout_s, self.lock_timeout_s) <= 0:
            raise ValueError("a timeout is greater than 0 seconds")

    @property
    def location(self) -> str:
        """Where the database is, as sentences name it: never a password."""
        ports = self.ports or (_DEFAULT_PORT,)
        each = ports if len(ports) == len(self.hosts) else ports * len(self.hosts)
        places = [
            host if host.startswith("/") else f"{f'[{host}]' if ':' in host else host}:{port}"
            for host, port in zip(self.hosts, each, strict=False)
        ]
        where = ", ".join(places) or (f"service {self.service}" if self.service else "the server libpq finds")
        database = f"{self.database} on " if self.database else ""
        return shortened(f"{database}{where}", 120)

    @property
    def local(self) -> bool:
        """Whether only Unix sockets are used, which need no TLS."""
        return bool(self.hosts) and all(host.startswith(("/", "@")) for host in self.hosts)

    def signed_in(self, user: str, password: Secret | None) -> "PostgresTarget":
        """The same database for another person.

        Args:
            user: Who signs in.
            password: With which password; None to have libpq look for one.
        """
        return replace(self, user=user, password=password)


def target_of_url(url: Secret) -> PostgresTarget:
    """A target out of a `postgresql://` URL as libpq takes it.

    Args:
        url: It may hold a password.

    Raises:
        ValueError: It is none, or has parts that are not known here; the sentence repeats no value.
    """
    try:
        parts = urlsplit(url.reveal())
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ValueError("this is no URL") from None
    if parts.scheme not in ("postgresql", "postgres") or parts.fragment:
        raise ValueError("a store's URL begins with postgresql:// and has no fragment")
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    hosts, ports = _places(places)
    hosts, ports = _asked_places(asked, hosts, ports)
    given = {name: asked.pop(name) for name in _PARTS if name in asked}
    user, password = asked.pop("user", "") or unquote(user), asked.pop("password", "") or unquote(password)
    database = asked.pop("dbname", "") or unquote(parts.path.lstrip("/"))
    timeout = asked.pop("connect_timeout", "5")
    if asked:
        raise ValueError(f"a store's URL takes no {shortened(', '.join(sorted(asked)), 60)}")
    if not re.fullmatch(r"[0-9]{1,4}", timeout):
        raise ValueError("connect_timeout is a number of seconds")

    def file(name: str) -> Path | None:
        return Path(given[name]) if name in given else None

    return PostgresTarget(
        hosts=hosts,
        ports=ports,
        database=database,
        user=user,
        password=Secret(password) if password else None,
        connect_timeout_s=int(timeout),
        sslmode=given.get("sslmode", "verify-full"),
        sslrootcert=file("sslrootcert"),
        sslcert=file("sslcert"),
        sslkey=file("sslkey"),
        passfile=file("passfile"),
        service=given.get("service", ""),
        target_session_attrs=given.get("target_session_attrs", "read-write"),
    )


def _asked_places(
    asked: dict[str, str], hosts: tuple[str, ...], ports: tuple[int, ...]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if "host" in asked:
        hosts = tuple(asked.pop("host").split(","))
    if "port" in asked:
        ports = tuple(map(_port, asked.pop("port").split(",")))
    return hosts, ports


def _places(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    hosts, ports = [], []
    for place in filter(None, text.split(",")):
        found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([^:]*))?", place)
        if found is None:
            raise ValueError("a host is written host:port, an IPv6 address in brackets")
        hosts.append(unquote(found[1].strip("[]")))
        ports.append(_port(found[2]) if found[2] else _DEFAULT_PORT)
    return tuple(hosts), tuple(ports)


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise ValueError("a port is a number from 1 to 65535")
    return int(text)
