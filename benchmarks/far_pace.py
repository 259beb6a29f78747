"""Telegram's pace from far away: the real `serve`, with 50 and 300 ms of network, while it records the universe.

    python -m benchmarks.far_pace [MESSAGES OF EACH]

The service is a process of its own, with a file of prices up to the newest session, and so are the strict server of the
tests and the network before it, which takes half of its time before a message takes effect and half after. Once the
service has begun to enter the session's forecasts of all its symbols, messages are owed to as many chats; while they
go out a person asks /help five times. The server counts what arrives, and refuses a 31st message within a second.
"""

import itertools
import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.config import load_settings
from bellwether.core.types import MARKET_SERIES
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.services import Services, build_services, utc_now
from benchmarks.pace import LIMIT, SHARE, owe
from tests.support.service import service

MESSAGES = 900
AWAY = (0.05, 0.3)  #: seconds of network, there and back
SYMBOLS, BARS = 2500, 600
QUESTIONS = 5
ANSWERED = 0.5  #: seconds of ours, besides the network
_START = 180.0  #: seconds until the universe is being recorded
_PERSON = 10**9  #: who asks; gets nothing else


@dataclass(frozen=True)
class Measured:
    """Messages a second from the first to the last, and how many were refused as too fast.

    The seconds from each question to its answer, and the share of the run in which forecasts were being entered.
    """

    rate: float
    refused: int
    answers: list[float]
    recording: float


def measure(away: float, messages: int = MESSAGES, symbols: int = SYMBOLS) -> Measured:
    """One run."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=_serve, args=(theirs, messages, away), daemon=True)
    server.start()
    base_url, token = ours.recv()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_prices(folder / "prices.parquet", symbols)
        chosen = {
            "TELEGRAM__TOKEN": token,
            "TELEGRAM__BASE_URL": base_url,
            "MARKET__SOURCE": "file",
            "MARKET__FILE": str(folder / "prices.parquet"),
        }
        services = build_services(load_settings(database={"path": folder / "service.sqlite3"}))
        with service(folder, **chosen):
            _wait_for_recording(services)
            owe(services, messages)
            ours.send("owed")
            entered = [_entered(services)]
            while not ours.poll(1.0):
                entered.append(_entered(services))
            times, refused, answers = ours.recv()
        services.store.close()
    server.join()
    steps = list(itertools.pairwise(entered))
    recording = sum(later > earlier for earlier, later in steps) / max(len(steps), 1)
    return Measured((messages - 1) / (max(times) - min(times)), refused, answers, recording)


def main(messages: int = MESSAGES) -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    failed = 0
    for away in AWAY:
        got = measure(away, messages)
        slowest = max(got.answers)
        holds = got.rate >= SHARE * LIMIT and got.refused == 0 and slowest <= ANSWERED + away
        failed += not holds
        print(
            f"{'ok  ' if holds else 'MISS'} {messages:,} messages over {1000 * away:.0f} ms: {got.rate:.2f} a second,"
            f" {got.rate / LIMIT:.1%} of {LIMIT:g} (at least {SHARE:.0%}), {got.refused} refused as too fast (none);"
            f" /help answered after {slowest:.2f} s at most (within {ANSWERED + away:g});"
            f" the universe was recorded in {got.recording:.0%} of the seconds"
        )
    return int(failed > 0)


def _write_prices(path: Path, symbols: int) -> None:
    """Seeded random walks on weekdays up to New York's newest session."""
    random = np.random.default_rng(1)
    days = pd.bdate_range(end=last_closed_session("XNYS", utc_now() - SETTLING), periods=BARS)
    tables = []
    for symbol in (*(f"S{number:04d}" for number in range(symbols)), *MARKET_SERIES):
        closes = 100 * np.exp(np.cumsum(random.normal(0.0003, 0.015, BARS)))
        table = {"symbol": symbol, "date": days, "open": closes, "high": closes * 1.01, "low": closes * 0.99}
        tables.append(pd.DataFrame({**table, "close": closes, "volume": 1e6}))
    pd.concat(tables).to_parquet(path)


def _wait_for_recording(services: Services) -> None:
    patience = time.monotonic() + _START
    while _entered(services) == 0:
        if time.monotonic() > patience:
            raise SystemExit("the service did not begin to record the universe")
        time.sleep(0.2)


def _entered(services: Services) -> int:
    with services.store.reading() as db:
        (row,) = db.rows("SELECT count(*) AS n FROM ledger")
    return int(row["n"])


def _serve(connection: Connection, chats: int, away: float) -> None:
    """The other end, until all messages have arrived."""
    from tests.support.bot_api_server.server import TelegramServer
    from tests.support.far_away import far_away

    with TelegramServer(flood_limits=True) as server:
        for chat_id in (*range(1, chats + 1), _PERSON):
            server.open_chat(chat_id)
        near = int(server.base_url.rpartition(":")[2].partition("/")[0])
        with far_away(near, away) as port:
            connection.send((server.base_url.replace(f":{near}/", f":{port}/"), server.token))
            connection.recv()
            answers = []
            for _ in range(QUESTIONS):
                time.sleep(chats / LIMIT / (QUESTIONS + 1))
                asked = time.time()
                answers.append(server.ask(_PERSON, "/help", 60).sent_at.timestamp() - asked)
            wanted = range(1, chats + 1)
            while not all(server.messages(chat_id) for chat_id in wanted):
                time.sleep(0.5)
        times = [message.sent_at.timestamp() for chat_id in wanted for message in server.messages(chat_id)]
        connection.send((times, server.flood_hits, answers))


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:2])))
