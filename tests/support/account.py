"""A live account over prices of the past: the sample market behind a clock, and forecasts made up by the thousand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from bellwether.core.config import load_settings
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.jobs.replay import Hands, Replay
from bellwether.market.calendar import closes_at
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services, build_services
from bellwether.track_record.ledger import settle as settling
from bellwether.track_record.ledger.ledger_table import ToEnter
from bellwether.track_record.ledger.settle import Settling
from tests.conftest import MODELS
from tests.support.database import new_database

DAY = date(2026, 11, 23)


def live_services(folder: Path, session: date, symbols: tuple[str, ...] = ("AAPL", "MSFT", "KO")) -> Services:
    """The sample market as if this session had just closed; `set_clock` moves on. Some symbols are served."""
    settings = load_settings(database={"path": new_database(folder / "live.sqlite3")}, models={"folder": MODELS})
    services = build_services(settings)
    hands = Hands(closes_at("XNYS", session) + timedelta(hours=1))
    served = Universe([services.provider.instrument(symbol) for symbol in symbols])
    return replace(services, provider=Replay(services.provider, hands), clock=hands, universe=served)


def set_clock(services: Services, session: date) -> None:
    """An hour after the close of this session."""
    assert isinstance(services.clock, Hands)
    services.clock.now = closes_at("XNYS", session) + timedelta(hours=1)


def settle(services: Services) -> Settling:
    """Add the outcomes that are known by the clock of these services."""
    return settling.settle(services.store, services.provider, services.clock)


def made_up(number: int, *, symbol: str = "", cutoff: date = DAY, horizon: int = 1, **changes: object) -> ToEnter:
    """A forecast that nobody made; each number is another one."""
    random = np.random.default_rng(number)
    quantiles = np.sort(random.normal(0, 0.02, 7))
    plain = np.sort(random.normal(0, 0.02, 7))
    made = ToEnter(
        forecast_id=f"f{number:020x}",
        symbol=symbol or f"S{number % 50}",
        calendar="XNYS",
        cutoff=cutoff,
        horizon=horizon,
        target_session=cutoff + timedelta(days=horizon),
        made_at=datetime(cutoff.year, cutoff.month, cutoff.day, 22, tzinfo=UTC),
        model_id="made-up-1",
        source="yahoo",
        shown=True,
        adjusted_close=100 + number % 7,
        quoted_close=101 + number % 7,
        usual_probability_of_growth=None if number % 3 else 0.55,
        probability_of_growth=None if number % 7 < 3 else 0.52,
        stretched=None if number % 5 else 1.25,
        log_returns=tuple(quantiles.tolist()),
        baseline=tuple(plain.tolist()),
        bars_sha256=bytes([number % 256] * 32).hex(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def store_of(folder: Path) -> Store:
    """An empty database."""
    return SqliteStore(folder / "ledger.sqlite3")
