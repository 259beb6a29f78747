"""The image's proof, its backups: made by deploy/compose/backup.yaml, and one put back as the manual tells."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.package.container import Container, service
from tests.package.proof import fail, say, until, until_ready

_LONG_AGO = "bellwether-2020-01-01.sqlite3"


def prove_backups(container: Container, elsewhere: Path) -> None:
    """Start the service again, back it up, change what is kept, put the backup back."""
    running = container.start()
    until_ready(container.port, running)
    _bellwether(container, "keys", "create", "--owner", "ann")
    before = _keys(container)
    brought = Path(shutil.move(_made_by_the_overlay(container), elsewhere / "kept.backup"))
    _bellwether(container, "keys", "revoke", "1")
    _bellwether(container, "keys", "create", "--owner", "bob")
    later = _keys(container)
    assert before == ["1 ann works"] and later == ["1 ann revoked", "2 bob works"], (before, later)
    container.signal("TERM")
    assert running.wait(30) == 0
    with brought.open("rb") as file:
        _done(container.once("sh", "-c", "cat > kept.backup", given=file))
    said = _done(container.once(*container.image.entrypoint, "restore", "kept.backup", "--force"))
    assert "ok   The ledger proves itself." in said, said
    running = container.start()
    until_ready(container.port, running)
    assert _keys(container) == before, _keys(container)
    say("restored", "what the backup held is back, and what came later is gone")
    container.signal("TERM")
    assert running.wait(30) == 0


def _made_by_the_overlay(container: Container) -> Path:
    """The file that the service of backups makes beside this one; what is too old is gone then."""
    asked = service("deploy/compose/backup.yaml", "backup")
    keeper = Container(
        container.root, container.image, container.volume, container.port, asked, f"{container.name}-backup"
    )
    folder = keeper.volume / "backups"
    folder.mkdir()
    old = folder / _LONG_AGO
    old.touch()
    eight_days_ago = time.time() - 8 * 86400
    os.utime(old, (eight_days_ago, eight_days_ago))
    for path in (folder, old):
        os.chown(path, *(int(number) for number in keeper.image.user.split(":")))
    try:
        keeping = keeper.start()
        until(lambda: not old.exists(), keeping, "it makes no backup")
        (made,) = folder.glob("bellwether-*.sqlite3")
        _done(keeper.run("sh", "-c", asked["healthcheck"]["test"][1]))
        most, limit = keeper.most_memory() / 1e6, keeper.memory_limit / 1e6
        say("a backup each day", f"{made.stat().st_size / 1e6:.1f} MB, with {most:.0f} of {limit:.0f} MB of memory")
        keeper.signal("TERM")
        assert keeping.wait(30) == 0
    finally:
        keeper.remove()
    return made


def _keys(container: Container) -> list[str]:
    """The keys of the API: number, owner and state."""
    listed = (line.split() for line in _bellwether(container, "keys", "list").splitlines())
    return [f"{number} {owner} {state}" for number, owner, _, state, *_ in listed]


def _bellwether(container: Container, *words: str) -> str:
    return _done(container.run(*container.image.entrypoint, *words))


def _done(ended: "subprocess.CompletedProcess[str]") -> str:
    return ended.stdout if ended.returncode == 0 else fail(ended.stdout + ended.stderr)
