"""Charts made up for tests, in the shape of Yahoo's answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np


def stamp(day: date, hour: int = 14, minute: int = 30) -> int:
    """The second at which a session of that day opens."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


def chart(
    symbol: str,
    closes: Sequence[float | None],
    *,
    factor: float = 1.0,
    last: date,
    days: Sequence[date] | None = None,
    zone: str = "America/New_York",
    offset: int = -18000,
    opens_at: int = 14,
    volume: int | None = 1000,
    events: dict[str, Any] | None = None,
    **meta: Any,
) -> dict[str, Any]:
    """Yahoo's answer: one bar a weekday up to `last`, or on `days`; adjusted close = close x `factor`."""
    offsets = range(-len(closes) + 1, 1)
    days = days or [np.busday_offset(np.datetime64(last), step).astype(object) for step in offsets]
    stamps = [stamp(day, opens_at) for day in days]
    about = {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "NMS",
        "fullExchangeName": "NasdaqGS",
        "instrumentType": "EQUITY",
        "regularMarketTime": stamps[-1],
        "gmtoffset": offset,
        "timezone": "EST",
        "exchangeTimezoneName": zone,
        "longName": f"{symbol} Inc.",
        "dataGranularity": "1d",
        "range": "",
        "priceHint": 2,
        "validRanges": ["1mo", "max"],
        "currentTradingPeriod": {
            part: {"timezone": "EST", "start": stamps[-1], "end": stamps[-1] + 23400, "gmtoffset": offset}
            for part in ("pre", "regular", "post")
        },
    } | meta
    quote = {
        "open": list(closes),
        "high": [None if close is None else close * 1.01 for close in closes],
        "low": [None if close is None else close * 0.99 for close in closes],
        "close": list(closes),
        "volume": [volume if close is not None else None for close in closes],
    }
    adjusted = [None if close is None else close * factor for close in closes]
    result: dict[str, Any] = {
        "meta": about,
        "timestamp": stamps,
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted}]},
    }
    if events:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def walk(sessions: int, seed: int = 1, level: float = 100.0) -> list[float]:
    """Closes of a seeded random walk."""
    random = np.random.default_rng(seed)
    return [round(float(close), 2) for close in level * np.exp(np.cumsum(random.normal(0.0003, 0.015, sessions)))]
