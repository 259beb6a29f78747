"""What things weigh in the database, and what is asked of the network for them: the figures of docs/deploy.md.

    python -m benchmarks.disk_sizes

Bars are the sample market's, forecasts and digests are written by the code that serves, prices are a recorded answer of
Yahoo, packed as it sends them.
"""

import gzip
import json
import sys
import tempfile
from pathlib import Path

from bellwether.alerts.tick import tick
from bellwether.core.config import load_settings
from bellwether.core.types import HEADS
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.market.remote import bars_table
from bellwether.market.remote.cached_provider import FETCHED
from bellwether.market.remote.splice import OVERLAP
from bellwether.market.sample import ENDS, SampleProvider
from bellwether.services import build_services
from benchmarks import crowd, large_ledger
from tests.support import yahoo_recordings
from tests.support.yahoo_chart import cut

SESSIONS = 252  #: of a year
CHATS, FORECASTS = 2_000, 126_000  #: the forecasts are those of a hundred symbols in a year


def main() -> int:
    """Print every weight, and what follows for 1,000 symbols and for 1,000 subscribers."""
    bars, forecast = bars_of_a_year(), large_ledger.measure(FORECASTS)["disk, bytes a row"]
    chat, digest = chat_and_digest()
    whole, daily = answer_of_yahoo()
    years, a_year = FETCHED.days / 365.25, SESSIONS * len(HEADS)
    lines = {
        "bars of a symbol, kB a year": bars / 1e3,
        "an issued forecast with its outcome, bytes": forecast,
        "a subscriber who watches 10 symbols, bytes": chat,
        "a digest in the outbox, bytes": digest,
        f"a symbol's first {years:.0f} years from Yahoo, packed, kB": whole / 1e3,
        "a symbol's day from Yahoo, packed, kB": daily / 1e3,
        f"1,000 symbols: bars of the first {years:.0f} years, MB": bars * years / 1e3,
        "1,000 symbols: bars, MB a year": bars / 1e3,
        f"1,000 symbols: {a_year} forecasts of each in a year, MB a year": forecast * a_year / 1e3,
        "1,000 symbols: first fetch, MB": whole / 1e3,
        "1,000 symbols: prices, MB a day": daily / 1e3,
        "1,000 subscribers: themselves, and the digests of the 30 days that are kept, MB": (chat + 21 * digest) / 1e3,
    }
    for name, value in lines.items():
        print(f"{value:10,.1f}  {name}")
    return 0


def bars_of_a_year() -> float:
    """Bytes of the file for a year of one symbol."""
    sample = SampleProvider()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bars.sqlite3")
        before, years = size_of(store), 0.0
        for instrument in sample.universe():
            bars = sample.bars(instrument.symbol, ENDS)
            with store.transaction() as db:
                bars_table.save(db, "yahoo", bars)
            years += len(bars.sessions) / SESSIONS
        return (size_of(store) - before) / years


def chat_and_digest() -> tuple[float, float]:
    """Bytes of a chat with what it watches, and of one digest that is owed to it."""
    with tempfile.TemporaryDirectory() as name:
        folder, symbols = Path(name), [f"S{number:03d}" for number in range(crowd.SYMBOLS)]
        crowd.write_prices(folder / "prices.parquet", symbols)
        settings = load_settings(
            market={"source": "file", "file": str(folder / "prices.parquet")},
            database={"path": folder / "chats.sqlite3"},
        )
        services = build_services(settings, clock=lambda: crowd.EVENING)
        before = size_of(services.store)
        crowd.fill(services, symbols, CHATS)
        joined = size_of(services.store)
        written = tick(services, crowd.EVENING).written
        return (joined - before) / CHATS, (size_of(services.store) - joined) / written


def answer_of_yahoo() -> tuple[float, float]:
    """Packed bytes of a symbol's whole history and of what an evening asks for, by a recorded answer."""
    whole = yahoo_recordings.chart("TSLA")
    assert whole is not None
    stamps = whole["chart"]["result"][0]["timestamp"]
    evening = cut(whole, {"period1": str(stamps[-OVERLAP - 1]), "period2": str(stamps[-1] + 86_400)})
    packed = [len(gzip.compress(json.dumps(body, separators=(",", ":")).encode())) for body in (whole, evening)]
    return packed[0] / len(stamps) * SESSIONS * FETCHED.days / 365.25, packed[1]


def size_of(store: Store) -> int:
    """Bytes of the file with all that was written."""
    with store.transaction():
        pass
    store.empty_log()
    return store.size()


if __name__ == "__main__":
    sys.exit(main())
