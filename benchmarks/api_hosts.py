"""The API on two hosts: a kept forecast from one web process and from two on one PostgreSQL, and whether they count.

    python -m benchmarks.api_hosts [SECONDS]

Each web process is `serve --only web` with nothing but the database in common. Callers ask as fast as they are
answered, all with one key, so every call is counted before it is answered, in the same rows by both processes.
One process and two are asked in turn, so that a slow minute hits both. Then a key of N requests a minute is asked for
by callers of both until nothing is left: exactly N are answered.
"""

import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast
from urllib.request import urlopen

from bellwether.access import keys, usage_table
from bellwether.core.config import Settings, load_settings
from bellwether.core.plans import Terms
from bellwether.db.database import Store
from bellwether.db.opening import open_store
from bellwether.services import utc_now
from tests.support import postgres

LEAST = 1.7  #: times one process
CALLERS = 64  #: of each process, each with a connection of its own
LIMIT = 1500  #: requests a minute of the key that has a limit
SECONDS = 2.0  #: of each round
_ROUNDS = 5
_PATH = "/api/v1/forecasts/AAPL?horizon=10"


class Callers:
    """Connections that ask as fast as they are answered, all in one thread: what they cost is not the service's."""

    def __init__(self, ports: Sequence[int], key: str) -> None:
        """CALLERS of each port."""
        self._asked = f"GET {_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        self._addresses = [("127.0.0.1", port) for port in ports for _ in range(CALLERS)]

    def run(self, seconds: float) -> Counter[int]:
        """How many answers of each status came to what was asked within so many seconds."""
        statuses: Counter[int] = Counter()
        begun: dict[socket.socket, bytes] = {}
        usual, left = 0, len(self._addresses)
        with selectors.DefaultSelector() as waiting:
            for address in self._addresses:
                connection = socket.create_connection(address, 10)
                waiting.register(connection, selectors.EVENT_READ)
                connection.sendall(self._asked)
            end = time.monotonic() + seconds
            while left:
                goes_on = time.monotonic() < end
                for ready, _ in waiting.select(10):
                    connection = cast(socket.socket, ready.fileobj)
                    answer = connection.recv(65536)
                    # nearly all come at once, and are as long as the one before: only the others are looked into
                    if len(answer) != usual or begun:
                        answer = begun.pop(connection, b"") + answer
                        if not _is_whole(answer):
                            begun[connection] = answer
                            continue
                        usual = len(answer)
                    statuses[int(answer[9:12])] += 1
                    if goes_on:
                        connection.send(self._asked)
                    else:
                        waiting.unregister(connection)
                        connection.close()
                        left -= 1
        return statuses


def _is_whole(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = answer.lower().find(b"content-length:", 0, head)
    return len(answer) >= head + 4 + int(answer[at + 15 : answer.find(b"\r", at)])


def main(seconds: float = SECONDS) -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    try:
        database = postgres.server()
    except postgres.NoServer as problem:
        print(f"skip the API on two hosts is not measured: {problem}")
        return 0
    url = database.url(database.new())
    with tempfile.TemporaryDirectory() as folder, ExitStack() as hosts:
        settings = load_settings(database={"url": url, "path": Path(folder) / "bench.sqlite3"})
        store = open_store(settings.database)
        store.prepare()
        ports = [hosts.enter_context(_web(url, Path(folder) / name)) for name in ("one", "two")]
        one, two, miscounted = _paces(store, settings, ports, seconds)
        answered, over = _limited(store, settings, ports)
        store.close()
    ratio = two / one
    holds = ratio >= LEAST and miscounted == 0 and answered == LIMIT
    print(
        f"{'ok  ' if holds else 'MISS'} a kept forecast with a key: {one:.0f} a second of one web process, {two:.0f} of"
        f" two, {ratio:.2f} times (at least {LEAST:g}); {miscounted} calls counted wrong (none); of a key for"
        f" {LIMIT:,} a minute {answered:,} were answered and {over:,} refused"
    )
    return int(not holds)


def _paces(store: Store, settings: Settings, ports: Sequence[int], seconds: float) -> tuple[float, float, int]:
    """Requests a second of one process and of two, medians over rounds taken in turn; how many were counted wrong."""
    key = _key(store, settings, 0)
    for port in ports:
        Callers([port], key.token).run(seconds)  # the first of them load what the others find
    paces: dict[int, list[float]] = {1: [], 2: []}
    before, answered = _counted(store, key.key.id), 0
    for round_ in range(_ROUNDS):
        for hosts, found in paces.items():
            asked = ports if hosts == 2 else [ports[round_ % 2]]
            began = time.monotonic()
            statuses = Callers(asked, key.token).run(seconds)
            found.append(statuses[200] / (time.monotonic() - began))
            if set(statuses) != {200}:
                raise SystemExit(f"calls were not answered: {statuses}")
            answered += statuses[200]
    counted = _counted(store, key.key.id) - before
    return statistics.median(paces[1]), statistics.median(paces[2]), abs(counted - answered)


def _limited(store: Store, settings: Settings, ports: Sequence[int]) -> tuple[int, int]:
    """Of a key that has a limit: how many calls within one minute were answered, and how many refused."""
    key, statuses = _key(store, settings, LIMIT), Counter[int]()
    deadline = time.monotonic() + 30
    while statuses[429] < LIMIT / 10 and time.monotonic() < deadline:
        statuses += Callers(ports, key.token).run(0.5)
    return statuses[200], statuses[429]


def _key(store: Store, settings: Settings, a_minute: int) -> keys.NewKey:
    terms = Terms({"requests_a_minute": a_minute, "requests_a_day": 0})
    return keys.create(store, settings.api, "benchmark", "business", utc_now(), terms=terms)


def _counted(store: Store, key_id: int) -> int:
    with store.reading() as db:
        return usage_table.total(db, key_id)


@contextmanager
def _web(url: str, folder: Path) -> Iterator[int]:
    """A web process; its port."""
    folder.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BELLWETHER_", "TELEGRAM_"))}
    chosen = {"DATABASE__URL": url, "DATABASE__PATH": str(folder / "bench.sqlite3"), "WEB__PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bellwether", "serve", "--only", "web"],
        env=clean | {f"BELLWETHER_{name}": value for name, value in chosen.items()},
        stdin=subprocess.DEVNULL,
        stderr=(folder / "log").open("w"),
    )
    try:
        yield _port(process, folder / "log")
    finally:
        process.terminate()
        process.wait(20)


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Where a process listens, once it answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"Page and API: (http://\S+:(\d+))", log.read_text()):
            urlopen(f"{found[1]}/healthz", timeout=30).close()
            return int(found[2])
        time.sleep(0.1)
    raise SystemExit(f"a web process did not start: {log.read_text()}")


if __name__ == "__main__":
    sys.exit(main(*(float(word) for word in sys.argv[1:2])))
