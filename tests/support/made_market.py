"""A market of made-up stocks in a price file, with the real service over it and a clock that is set."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.config import load_settings
from bellwether.core.types import MARKET_SERIES
from bellwether.jobs.replay import Hands
from bellwether.market.calendar import closes_at, is_session
from bellwether.services import Services, build_services
from tests.conftest import MODELS
from tests.support.database import new_database

FIRST, LAST = date(2019, 1, 2), date(2021, 12, 31)


def sessions() -> pd.DatetimeIndex:
    """The sessions of New York on which the market is made up."""
    days = pd.bdate_range(FIRST, LAST)
    return days[[is_session("XNYS", day.date()) for day in days]]


def made_prices(stocks: int, seed: int = 1, index: bool = True) -> pd.DataFrame:
    """Daily bars in long form of stocks that move with one market, which has storms, and of its index."""
    random = np.random.default_rng(seed)
    days = sessions()
    pace = 0.01 * np.exp(0.6 * np.sin(np.arange(len(days)) / 40))
    common = random.normal(0, 1, len(days)) * pace
    frames = []
    for number in range(stocks):
        own = common + random.normal(0, 1, len(days)) * pace * (0.5 + number % 3)
        frames.append(_bars(name_of(number), days, 50 * np.exp(np.cumsum(own)), random))
    if index:
        frames.append(_bars(MARKET_SERIES[0], days, 2500 * np.exp(np.cumsum(common)), random))
        frames.append(_bars(MARKET_SERIES[1], days, 1600 * pace, random))
    return pd.concat(frames, ignore_index=True)


def name_of(number: int) -> str:
    """The symbol of a stock: MAA, MAB, ..."""
    return f"M{chr(65 + number // 26)}{chr(65 + number % 26)}"


def _bars(
    symbol: str, days: pd.DatetimeIndex, closes: npt.NDArray[np.float64], random: np.random.Generator
) -> pd.DataFrame:
    spread = 1 + np.abs(random.normal(0, 0.004, len(days)))
    opens = np.clip(np.r_[closes[0], closes[:-1]], closes / spread, closes * spread)
    return pd.DataFrame(
        {
            "symbol": symbol,
            "date": days,
            "open": opens,
            "high": closes * spread,
            "low": closes / spread,
            "close": closes,
            "volume": random.integers(1_000_000, 3_000_000, len(days)).astype(float),
        }
    )


def market_of(folder: Path, prices: pd.DataFrame, session: date, models: Path = MODELS, **model: object) -> Services:
    """The service over these prices, an hour after the close of a session."""
    file = folder / "prices.parquet"
    prices.to_parquet(file)
    settings = load_settings(
        market={"source": "file", "file": str(file)},
        database={"path": new_database(folder / "made.sqlite3")},
        models={"folder": models, **model},
    )
    hands = Hands(closes_at("XNYS", session) + timedelta(hours=1))
    return build_services(settings, clock=hands)


def at_evening(services: Services, session: date, hours: float = 1) -> Services:
    """So many hours after the close of this session."""
    assert isinstance(services.clock, Hands)
    services.clock.now = closes_at("XNYS", session) + timedelta(hours=hours)
    return services


def changed(
    prices: pd.DataFrame, where: "pd.Series[bool]", change: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """The prices with some rows changed."""
    copy = prices.copy()
    columns = ["open", "high", "low", "close"]
    copy.loc[where, columns] = change(copy.loc[where, columns])
    return copy
