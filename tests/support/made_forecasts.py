"""Forecasts made up by the thousand, without the services that would make them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from bellwether.track_record.ledger.ledger_table import ToEnter

DAY = date(2026, 11, 23)


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
