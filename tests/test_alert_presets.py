"""The thresholds that are offered for alerts on forecasts, beside what forecasts of the sample market really say."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.core.types import Q05, Q50, Forecast
from bellwether.forecasting.forecaster import forecast_at
from bellwether.forecasting.sentences import HORIZON_LABELS
from bellwether.services import Services
from bot.commands.alert_presets import of_forecasts

DAYS = [date(year, month, 15) for year in range(2017, 2022) for month in (2, 6, 10)]


@pytest.mark.parametrize("horizon", HORIZON_LABELS)
def test_every_threshold_that_is_offered_is_passed_by_some_forecasts_and_not_by_all(
    services: Services, horizon: int
) -> None:
    offered, told = of_forecasts(horizon), told_at(services)[horizon]
    growths = np.array([forecast.growths[Q50] for forecast in told])
    chances = np.array([forecast.probability_of_growth for forecast in told])
    losses = np.array([-forecast.growths[Q05] for forecast in told])
    assert all(0 < np.mean(growths > threshold) < 0.5 for threshold in offered.growths_above)
    assert all(0 < np.mean(chances > threshold) < 0.5 for threshold in offered.chances_above)
    assert all(0 < np.mean(growths < threshold) < 0.5 for threshold in offered.growths_below)
    assert all(0 < np.mean(chances < threshold) < 0.5 for threshold in offered.chances_below)
    assert all(0 < np.mean(losses > threshold) < 0.5 for threshold in offered.losses)


_TOLD: dict[int, list[Forecast]] = {}


def told_at(services: Services) -> dict[int, list[Forecast]]:
    """Forecasts of all stocks on DAYS, by horizon; made once."""
    if not _TOLD:
        stocks = [known for known in services.provider.universe() if not known.symbol.startswith("^")]
        for stock in stocks:
            for day in DAYS:
                seen = forecasts.outlook(services, stock, day)
                for horizon in HORIZON_LABELS:
                    _TOLD.setdefault(horizon, []).append(forecast_at(seen, horizon, datetime.now(UTC)))
    return _TOLD
