"""What is said of a database that a newer version of Bellwether made, before anything is done to it."""

import shlex
from contextlib import suppress
from pathlib import Path

from bellwether import __version__
from bellwether.core.errors import NewerDatabase, WrongKey
from bellwether.core.places import COMMAND
from bellwether.db import upgrade_backups, versions
from bellwether.db.versions import State


def refuse_newer(path: Path, state: State | None, key: str) -> None:
    """Raise NewerDatabase where a newer version made what is in the file."""
    if state is not None and state.unknown:
        raise NewerDatabase(
            f"The database {path} is {maker(state)}; this is {__version__}, which left it as it was: install that "
            f"version, or go back to {_way_back(path, key)}."
        )


def refusal_of_backup(file: Path, state: State) -> str:
    """What is said of a backup that a newer version made; empty for any other."""
    if not state.unknown:
        return ""
    return f"{file} is {maker(state)}; this is {__version__}: please install that version first, then restore again."


def maker(state: State) -> str:
    """Which version of Bellwether something is of that this one does not know."""
    if state.number > versions.THIS_VERSION:
        return f"of Bellwether {state.version} or newer"
    return f"of a newer Bellwether, which knows {state.unknown[0]}"


def _way_back(path: Path, key: str) -> str:
    """The newest backup beside it that this version can use, as a command; in general words where there is none."""
    for file in upgrade_backups.backups_of(path):
        with suppress(WrongKey):
            state = versions.state_in(file, key)
            if state is not None and not state.unknown:
                return (
                    f"the backup that was made before the upgrade, `{COMMAND} restore --force {shlex.quote(str(file))}`"
                )
    return f"a backup that was made before the upgrade, `{COMMAND} restore --force FILE`"
