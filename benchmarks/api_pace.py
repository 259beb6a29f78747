"""The API under load: a forecast that is kept, against the same bytes from a constant; and a batch of 500.

Both services run one worker in a process of their own, and are asked in turn, so that a slow minute hits both. The
caller has a key, so every call of ours is counted in the database before it is answered.
"""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import cycle
from pathlib import Path
from urllib.request import urlopen

from bellwether.access import keys
from bellwether.ask import forecasts as ask_forecasts
from bellwether.ask.batch import forecasts
from bellwether.core.config import load_settings
from bellwether.core.plans import Terms
from bellwether.core.types import MARKET_SERIES, Bars, Instrument
from bellwether.db.sqlite_store import SqliteStore
from bellwether.forecasting.inputs import model_inputs
from bellwether.forecasting.outlook_cache import OutlookCache
from bellwether.forecasting.to_json import forecast_json
from bellwether.market.sample import ENDS, SampleProvider
from bellwether.market.symbols.universe import Universe, listed
from bellwether.services import build_services, utc_now
from benchmarks.demo_service import demo_service
from benchmarks.timing import compare

LEAST = 0.6  #: of the requests a second of a constant
BATCH_LIMIT = 1.0  #: times (2 x the bare runs of the model + JSON encoding)
_CALLERS = 8  #: at the same time, each with one connection
_ROUNDS, _SECONDS = 6, 1.5
_PATH = "/api/v1/forecasts/AAPL?horizon=10"
_CONSTANT = """
import sys, uvicorn
from fastapi import FastAPI
from starlette.responses import Response
app = FastAPI()
body = open(sys.argv[1], 'rb').read()
@app.get('/api/v1/forecasts/AAPL')
async def constant():
    return Response(body, media_type='application/json')
uvicorn.run(app, port=int(sys.argv[2]), log_level='warning')
"""


def measure() -> tuple[float, float]:
    """Requests a second of ours and of the constant: medians over rounds taken in turn."""
    with tempfile.TemporaryDirectory() as folder, demo_service() as service:
        key, ours = _key(service.database), service.port
        with urlopen(f"http://127.0.0.1:{ours}{_PATH}") as answer:
            body = answer.read()
        with _constant(Path(folder), body) as theirs:
            paces: dict[int, list[float]] = {ours: [], theirs: []}
            for _ in range(_ROUNDS):
                for port, found in paces.items():
                    found.append(_pace(port, key))
            return statistics.median(paces[ours]), statistics.median(paces[theirs])


def batch() -> float:
    """Milliseconds of a batch of 500 with its encoding / (2 x the bare runs of the model + the same encoding).

    The bars are in memory, and no outlook was made of them before. A live market adds its ledger, which is not in this.
    """
    market = _FiveHundred()
    services = build_services(load_settings(market={"source": "sample"}))
    services = replace(services, provider=market, universe=Universe(market.universe()))
    if services.model is None:
        raise SystemExit(services.model_problem)
    model, symbols = services.model, [instrument.symbol for instrument in services.universe]
    outlooks = [ask_forecasts.answer(services, name, 10).outlook for name in symbols]
    windows = [model_inputs(outlook.bars, outlook.market, model.card.context_length) for outlook in outlooks]
    plain = [forecast_json(ask_forecasts.answer(services, name, 10).forecast) for name in symbols]

    def ours() -> None:
        made = forecasts(replace(services, outlooks=OutlookCache()), symbols, 10)
        json.dumps([forecast_json(one) for one in made if not isinstance(one, Exception)])

    def theirs() -> None:
        for _ in range(2):
            for window in windows:
                model.quantiles(*window)
        json.dumps(plain)

    return compare(ours, theirs, rounds=15).ratio


class _FiveHundred(SampleProvider):
    """The bars of the sample market's 42 instruments, over and over under the names of 500."""

    def __init__(self) -> None:
        sample = SampleProvider()
        every = [sample.bars(instrument.symbol, ENDS) for instrument in sample.universe()]
        self._known = {instrument.symbol: instrument for instrument in list(listed().values())[:500]}
        self._bars = {symbol: replace(bars, symbol=symbol) for symbol, bars in zip(self._known, cycle(every))}
        self._bars |= {symbol: sample.bars(symbol, ENDS) for symbol in MARKET_SERIES}

    def universe(self) -> tuple[Instrument, ...]:
        return tuple(self._known.values())

    def instrument(self, symbol: str) -> Instrument:
        return self._known[symbol]

    def bars(self, symbol: str, end: date) -> Bars:
        return self._bars[symbol]


def _key(database: str) -> str:
    """A key of a service, without limits."""
    settings = load_settings(market={"source": "sample"}, database={"path": Path(database)})
    store, unlimited = SqliteStore(settings.database.path), Terms({"requests_a_minute": 0, "requests_a_day": 0})
    made = keys.create(store, settings.api, "benchmark", "business", utc_now(), terms=unlimited)
    store.close()
    return made.token


@contextmanager
def _constant(folder: Path, body: bytes) -> Iterator[int]:
    """The smallest FastAPI service that gives these bytes; its port."""
    (folder / "body.json").write_bytes(body)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _CONSTANT, str(folder / "body.json"), str(port)])
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit("the constant did not start") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _pace(port: int, key: str) -> float:
    """Requests a second, of callers that ask as fast as they are answered."""
    asked = f"GET {_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    counts = [0] * _CALLERS
    end = time.monotonic() + _SECONDS

    def call(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 10) as connection, connection.makefile("rb") as answers:
            while time.monotonic() < end:
                connection.sendall(asked)
                if not answers.readline().startswith(b"HTTP/1.1 200"):
                    raise SystemExit("a call was not answered")
                length = 0
                while (line := answers.readline()) != b"\r\n":
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                answers.read(length)
                counts[number] += 1

    start = time.monotonic()
    callers = [threading.Thread(target=call, args=(number,)) for number in range(_CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return sum(counts) / (time.monotonic() - start)


if __name__ == "__main__":
    fast, constant = measure()
    print(f"a kept forecast with a key / a constant: {fast:.0f} / {constant:.0f} a second = {fast / constant:.2f}")
    print(f"a batch of 500 / (2 x the model + JSON): {batch():.2f}")
