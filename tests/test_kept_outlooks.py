"""Kept outlooks: given again for the same knowledge and model alone, and only so many."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.ask.point_in_time import inputs_at
from bellwether.core.types import Bars, ForecastInputs
from bellwether.forecasting import outlook_cache
from bellwether.forecasting.outlook_cache import OutlookCache
from bellwether.services import Services

END = date(2021, 12, 30)


def known(services: Services, symbol: str = "AAPL") -> ForecastInputs:
    return inputs_at(services, forecasts.resolve(services, symbol), END)


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


def test_a_day_in_the_past_is_not_kept(services: Services) -> None:
    one = forecasts.resolve(services, "AAPL")
    newest = forecasts.outlook(services, one)
    assert forecasts.outlook(services, one, END) is not forecasts.outlook(services, one, END)
    assert forecasts.outlook(services, one) is newest
