"""Outlooks that were made a moment ago: the same bars and the same model give the same outlook, so it is kept.

Every number of the bars is compared, so a correction anywhere in them makes a new one. With an outlook the forecasts
are kept that were read from it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from bellwether.core.errors import UnusableBars
from bellwether.core.types import Bars, Forecast, ForecastInputs, Outlook
from bellwether.forecasting.forecaster import forecast_at, make_outlooks
from bellwether.models.onnx_model import OnnxModel

MOST = 512  #: outlooks, the longest unused forgotten first: a batch has 500, which with twelve years of bars are 90 MB
_Key = tuple[str, OnnxModel | None]


class OutlookCache:
    """Those made last, for all who ask in this process; for threads."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._outlooks: LRUCache[_Key, tuple[ForecastInputs, Outlook]] = LRUCache(MOST)
        self._forecasts: WeakKeyDictionary[Outlook, dict[int, Forecast]] = WeakKeyDictionary()
        self._lock = Lock()

    def get(self, known: ForecastInputs, model: OnnxModel | None) -> Outlook:
        """The outlook from what is known, by this model. Raises what `make_outlook` does."""
        (outlook,) = self.get_all([known], model)
        if isinstance(outlook, UnusableBars):
            raise outlook
        return outlook

    def get_all(self, known: Sequence[ForecastInputs], model: OnnxModel | None) -> list[Outlook | UnusableBars]:
        """The same for several, as `make_outlooks` has it."""
        pairs = [(inputs, self._recall(inputs, model)) for inputs in known]
        made = iter(make_outlooks([inputs for inputs, kept in pairs if kept is None], model))
        return [kept or self._keep(inputs, model, next(made)) for inputs, kept in pairs]

    def forecast_at(self, outlook: Outlook, horizon: int, made_at: datetime) -> Forecast:
        """`forecast_at` of an outlook, which is read once for each horizon as long as it is kept. Raises BadHorizon."""
        read = self._forecasts.setdefault(outlook, {})
        if horizon not in read:
            read[horizon] = forecast_at(outlook, horizon, made_at)
        forecast = read[horizon]
        return forecast if forecast.made_at == made_at else replace(forecast, made_at=made_at)

    def _recall(self, known: ForecastInputs, model: OnnxModel | None) -> Outlook | None:
        with self._lock:
            kept = self._outlooks.get((known.instrument.symbol, model))
        return kept[1] if kept is not None and _same(kept[0], known) else None

    def _keep(
        self, known: ForecastInputs, model: OnnxModel | None, made: Outlook | UnusableBars
    ) -> Outlook | UnusableBars:
        if isinstance(made, Outlook):
            with self._lock:
                self._outlooks[known.instrument.symbol, model] = (known, made)
        return made


def _same(one: ForecastInputs, other: ForecastInputs) -> bool:
    """Whether the same was known."""
    return (
        (one.instrument, one.source, one.note, one.expected, one.evening)
        == (other.instrument, other.source, other.note, other.expected, other.evening)
        and (one.reports is other.reports or one.reports == other.reports)
        and _same_bars(one.bars, other.bars)
        and all(_same_bars(ours, theirs) for ours, theirs in zip(one.market, other.market, strict=True))
    )


def _same_bars(one: Bars | None, other: Bars | None) -> bool:
    if one is other:
        return True
    if one is None or other is None or len(one) != len(other):
        return False
    return (
        _same_numbers(one.values, other.values)
        and _same_numbers(one.sessions, other.sessions)
        and _same_numbers(one.quoted_closes, other.quoted_closes)
    )


def _same_numbers(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two arrays hold the same; a missing number is equal to nothing, and makes a new outlook.

    What lies in one place and cannot be changed need not be read: that would take longer than all else of an answer.
    """
    mine = one.__array_interface__
    _, cannot_change = mine["data"]
    return (cannot_change and mine == other.__array_interface__) or np.array_equal(one, other)
