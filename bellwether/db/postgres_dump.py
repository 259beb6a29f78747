"""Dumps of a database of PostgreSQL, made and put back by PostgreSQL's own programs.

What they need to reach the server stands in their environment, never on their command lines, which everybody on the
machine can read.
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import conninfo, pq

from bellwether.core.errors import BackupRefused

if TYPE_CHECKING:
    from bellwether.db.postgres_store import PostgresStore

_MAGIC = b"PGDMP"  #: how a dump in the custom format begins
_NEWER = "It is newer than the server: put the programs of the server's own version first on the PATH."
#: secrets for which the programs read no variable of their environment
_ONLY_ON_COMMAND_LINES = ("sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret")
_NO_TERMINAL = ("--no-password", "--no-owner", "--no-privileges")  #: whoever puts it back owns it


def program(name: str, server_version: int) -> str:
    """Where pg_dump or pg_restore is. Raises BackupRefused where it is none for this server."""
    file = shutil.which(name)
    if file is None:
        raise BackupRefused(
            f"{name} is not on the PATH: install PostgreSQL's client programs (on Debian postgresql-client), "
            f"of version {server_version // 10_000} or newer."
        )
    told = subprocess.run([file, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\b(\d+)[.\w]*\s*(\(|$)", told)
    if number is None or int(number[1]) < server_version // 10_000:
        raise BackupRefused(
            f"{name} on the PATH is {told.strip() or 'none that answers'}, older than the server's PostgreSQL "
            f"{server_version // 10_000}: install its client programs of that version or newer."
        )
    return file


def is_dump(file: Path) -> bool:
    """Whether a file is a dump that can be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def dump(pg_dump: str, store: "PostgresStore", snapshot: str, target: Path) -> None:
    """Write what a transaction sees that has exported its snapshot. Raises BackupRefused."""
    _run(store, [pg_dump, *_NO_TERMINAL, "--format=custom", f"--snapshot={snapshot}", f"--file={target}"])


def restore(pg_restore: str, store: "PostgresStore", source: Path) -> None:
    """Put a dump into an empty database, all of it or nothing. Raises BackupRefused."""
    _run(store, [pg_restore, *_NO_TERMINAL, "--exit-on-error", "--single-transaction"], str(source))


def _run(store: "PostgresStore", command: list[str], *last: str) -> None:
    for name in _ONLY_ON_COMMAND_LINES:
        if name in store.parameters:
            raise BackupRefused(f"DATABASE__URL has {name}, which these programs cannot be given without showing it.")
    variables = _variables()
    environment = {variables[name]: value for name, value in store.parameters.items() if name in variables}
    others = {name: value for name, value in store.parameters.items() if name not in variables}
    database = conninfo.make_conninfo("", **(others | {"dbname": store.database}))
    done = subprocess.run(
        [*command, f"--dbname={database}", *last],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        said = next((line for line in lines if "error" in line.lower()), lines[0]).removesuffix(".")
        if secret := store.parameters.get("password"):
            said = said.replace(secret, "***")
        # a pg_restore of PostgreSQL 17 sets what no older server knows
        advice = f" {_NEWER}" if "unrecognized configuration parameter" in said else ""
        raise BackupRefused(f"{said}. Nothing was changed.{advice}")


@cache
def _variables() -> dict[str, str]:
    """The environment's names for what an address may say."""
    options = pq.Conninfo.get_defaults()
    return {option.keyword.decode(): option.envvar.decode() for option in options if option.envvar}
