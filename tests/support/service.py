"""The whole service in a process of its own, on the sample market and a free port."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60.0


def command(folder: Path, *words: str, **settings: str) -> str:
    """What a command of the service prints; `settings` as in the environment, without the prefix."""
    done = subprocess.run(
        [sys.executable, "-m", "bellwether", *words],
        env=environment(folder, settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=_START_SECONDS,
    )
    return done.stdout


@contextmanager
def service(folder: Path, **settings: str) -> Iterator[str]:
    """`python -m bellwether serve` until the block ends; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bellwether", "serve"],
        env=environment(folder, settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    # whatever happens, a read that waits for a line ends
    patience = threading.Timer(_START_SECONDS, process.kill)
    patience.start()
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            found = re.search(r"Page and API: (http://\S+)", line)
            if found:
                break
        else:
            raise RuntimeError("the service did not start: " + "".join(said))
        patience.cancel()
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield found[1]
    finally:
        patience.cancel()
        process.terminate()
        process.wait(15)
        drain.join(5)
        process.stderr.close()


def environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """That of this process, with a database in `folder` and settings for the service."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BELLWETHER_", "TELEGRAM_"))}
    chosen = {
        "DATABASE__PATH": str(folder / "service.sqlite3"),
        "WEB__PORT": "0",
        "MARKET__SOURCE": "sample",
    } | settings
    return clean | {f"BELLWETHER_{name}": value for name, value in chosen.items()}
