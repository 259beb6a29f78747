"""Kept outlooks: given again for the same knowledge and model alone, and only so many."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bellwether.ask import batch, forecasts
from bellwether.ask.point_in_time import inputs_at
from bellwether.core.errors import BadHorizon
from bellwether.core.types import Bars, ForecastInputs
from bellwether.forecasting import outlook_cache
from bellwether.forecasting.forecaster import forecast_at
from bellwether.forecasting.outlook_cache import OutlookCache
from bellwether.services import Services

END = date(2021, 12, 30)
NOW = datetime(2022, 1, 3, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def known(services: Services, symbol: str = "AAPL") -> ForecastInputs:
    return inputs_at(services.provider, forecasts.resolve(services, symbol), END)


def copied(bars: Bars) -> Bars:
    """The same numbers elsewhere in memory, where they can be changed."""
    return Bars(bars.symbol, bars.sessions.copy(), bars.values.copy(), bars.quoted_closes.copy(), bars.origin)


def test_the_same_knowledge_has_the_same_outlook_wherever_it_lies(services: Services) -> None:
    kept, told = OutlookCache(), known(services)
    first = kept.get(told, services.model)
    assert kept.get(known(services), services.model) is first
    assert kept.get(replace(told, bars=copied(told.bars)), services.model) is first


@pytest.mark.parametrize("what", ["note", "source", "expected", "name", "market", "bars", "model"])
def test_whatever_differs_has_an_outlook_of_its_own(services: Services, what: str) -> None:
    kept, told = OutlookCache(), known(services)
    first = kept.get(told, services.model)
    corrected = copied(told.bars)
    corrected.values[5] *= 1.001
    others = {
        "note": replace(told, note="Old."),
        "source": replace(told, source="file"),
        "expected": replace(told, expected=END),
        "name": replace(told, instrument=replace(told.instrument, name="Other")),
        "market": replace(told, market=(None, told.market[1])),
        "bars": replace(told, bars=corrected),
    }
    model = None if what == "model" else services.model
    assert kept.get(others.get(what, told), model) is not first


def test_a_gap_is_equal_to_nothing(services: Services) -> None:
    kept, told = OutlookCache(), known(services)
    mine = replace(told, bars=copied(told.bars))
    mine.bars.values[100, :4] = np.nan
    first = kept.get(mine, services.model)
    assert kept.get(mine, services.model) is first, "the very same bars are the same, whatever is in them"
    assert kept.get(replace(mine, bars=copied(mine.bars)), services.model) is not first, "nothing equals a gap"


def test_those_unused_for_longest_are_forgotten(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlook_cache, "MOST", 2)
    kept = OutlookCache()
    apple, microsoft, coke = (known(services, symbol) for symbol in ("AAPL", "MSFT", "KO"))
    first = kept.get(apple, services.model)
    second = kept.get(microsoft, services.model)
    assert kept.get(apple, services.model) is first
    kept.get(coke, services.model)
    assert kept.get(apple, services.model) is first
    assert kept.get(microsoft, services.model) is not second


def test_a_forecast_is_read_once_for_each_horizon_and_has_the_time_at_which_it_is_asked_for(services: Services) -> None:
    cache = OutlookCache()
    outlook = cache.get(known(services), services.model)
    first = cache.forecast_at(outlook, 10, NOW)
    assert first == forecast_at(outlook, 10, NOW)
    assert cache.forecast_at(outlook, 10, NOW) is first
    assert cache.forecast_at(outlook, 10, LATER) == replace(first, made_at=LATER)
    assert cache.forecast_at(outlook, 21, NOW).horizon == 21
    with pytest.raises(BadHorizon):
        cache.forecast_at(outlook, 64, NOW)


def test_a_batch_asks_once_for_the_market_beside_its_symbols(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    bars = services.provider.bars

    def counted(symbol: str, end: date) -> Bars:
        asked[symbol] += 1
        return bars(symbol, end)

    monkeypatch.setattr(services.provider, "bars", counted)
    batch.forecasts(services, ["AAPL", "MSFT", "KO"], 10)
    assert asked == {"AAPL": 1, "MSFT": 1, "KO": 1, "^GSPC": 1, "^VIX": 1}


def test_a_day_in_the_past_is_not_kept(services: Services) -> None:
    one = forecasts.resolve(services, "AAPL")
    newest = forecasts.outlook(services, one)
    assert forecasts.outlook(services, one, END) is not forecasts.outlook(services, one, END)
    assert forecasts.outlook(services, one) is newest
