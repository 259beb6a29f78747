"""The tick for a crowd: 100,000 chats that watch 10 of 500 symbols each, from an empty outbox and once more.

On SQLite, and where there is a server to be had on PostgreSQL, each in a process of its own. Its only option is another
number of chats.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bellwether.alerts.tick import tick
from bellwether.core.config import load_settings
from bellwether.core.types import MARKET_SERIES
from bellwether.db.database import stamp
from bellwether.db.sql import insert
from bellwether.services import Services, build_services
from benchmarks.databases import file_in, of_postgres
from tests.support.postgres import NoServer

CHATS, EACH, SYMBOLS, BARS = 100_000, 10, 500, 600
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)  # an hour after New York closed
LIMIT_FIRST, LIMIT_AGAIN, LIMIT_MEMORY = 20.0, 2.0, 700.0  #: seconds, seconds, MB
POSTGRES_LIMIT = 2.0  #: times what it takes on SQLite


@dataclass(frozen=True)
class Measured:
    """Seconds of the first tick and of one that finds everything written, and peak memory in MB (10^6 bytes)."""

    first: float
    again: float
    memory: float
    processor: float  #: seconds that the first tick computed: what it takes on a machine that does nothing else


def measure(folder: Path, database: dict[str, Any], chats: int) -> Measured:
    """The real tick on a real file of prices, with the exported model."""
    symbols = [f"S{number:03d}" for number in range(SYMBOLS)]
    prices = folder / "prices.parquet"
    if not prices.exists():
        write_prices(prices, symbols)
    settings = load_settings(market={"source": "file", "file": str(prices)}, database=database)
    services = build_services(settings, clock=lambda: EVENING)
    fill(services, symbols, chats)
    times, worked = [], []
    for expected in (chats, 0):
        start, processor = time.perf_counter(), time.process_time()
        written = tick(services, EVENING).written
        times.append(time.perf_counter() - start)
        worked.append(time.process_time() - processor)
        if written != expected:
            raise SystemExit(f"the tick wrote {written} digests, not {expected}")
    services.store.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return Measured(first=times[0], again=times[1], memory=memory, processor=worked[0])


def in_process(folder: Path, database: dict[str, Any], chats: int) -> Measured:
    """The same in a process of its own, so that its memory is its own and nothing is warm."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, folder, database, chats).result()


def main(chats: int = CHATS) -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        got = in_process(folder, file_in(folder, "crowd"), chats)
        lines = [
            ("first tick, s", got.first, LIMIT_FIRST),
            ("the same tick again, s", got.again, LIMIT_AGAIN),
            ("peak memory, MB", got.memory, LIMIT_MEMORY),
        ]
        print(
            f"{chats:,} chats with {EACH} of {SYMBOLS} symbols each; the first tick computed for {got.processor:.1f} s:"
        )
        try:
            with of_postgres(folder) as database:
                there = in_process(folder, database, chats)
            print(f"on PostgreSQL {there.first:.2f} and {there.again:.2f} s, and computed for {there.processor:.1f} s:")
            lines += [
                ("first tick on PostgreSQL / on SQLite", there.first / got.first, POSTGRES_LIMIT),
                ("the same tick again on PostgreSQL / on SQLite", there.again / got.again, POSTGRES_LIMIT),
            ]
        except NoServer as problem:
            print(f"not on PostgreSQL: {problem}")
    for label, value, limit in lines:
        print(f"{'ok  ' if value <= limit else 'MISS'} {label}: {value:.2f} (at most {limit:g})")
    return int(any(value > limit for _, value, limit in lines))


def write_prices(path: Path, symbols: list[str]) -> None:
    """Seeded random walks on New York's weekdays up to the evening's session."""
    random = np.random.default_rng(1)
    days = pd.bdate_range(end=date(2021, 12, 30), periods=BARS)
    tables = []
    for symbol in (*symbols, *MARKET_SERIES):
        closes = 100 * np.exp(np.cumsum(random.normal(0.0003, 0.015, BARS)))
        table = {"symbol": symbol, "date": days, "open": closes, "high": closes * 1.01, "low": closes * 0.99}
        tables.append(pd.DataFrame({**table, "close": closes, "volume": 1e6}))
    pd.concat(tables).to_parquet(path)


def fill(services: Services, symbols: list[str], chats: int) -> None:
    """Everybody and what they watch, in one transaction: this is not what is measured.

    Then the file or the server is left as they are long after people joined: PostgreSQL tidies up within minutes.
    """
    random = np.random.default_rng(2)
    joined = stamp(EVENING - timedelta(days=30))

    def watched() -> Iterator[dict[str, object]]:
        for chat_id in range(1, chats + 1):
            for number in random.choice(SYMBOLS, EACH, replace=False):
                yield {"chat_id": chat_id, "symbol": symbols[number], "calendar": "XNYS", "created_at": joined}

    with services.store.transaction() as db:
        db.executemany(
            "INSERT INTO chats (chat_id, language, timezone, paused, joined_at)"
            " VALUES (:chat_id, 'en', 'UTC', 0, :joined_at)",
            ({"chat_id": chat_id, "joined_at": joined} for chat_id in range(1, chats + 1)),
        )
        db.executemany(insert("subscriptions", ("chat_id", "symbol", "calendar", "created_at")), watched())
    services.store.compact()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
