"""Storms, as every face asks: is one going on, which were there, and how the days of one held.

Of the sample market, which has ended and of which nothing is issued, they are those of the plain rule's ranges replayed
on its prices, and `simulated` says so.
"""

import logging
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeVar
from zlib import crc32

import numpy as np

from bellwether.core.errors import LedgerError, StoreError
from bellwether.core.i18n.translate import said
from bellwether.core.incident import OpenIncident
from bellwether.core.types import Forecast, issues_forecasts
from bellwether.forecasting.baseline import gaussian_quantiles
from bellwether.forecasting.list_forecast import ListForecast
from bellwether.market.sample import open_source
from bellwether.market.universe_state import counts_for_state
from bellwether.services import Services
from bellwether.track_record.incidents import live, rule, sentences
from bellwether.track_record.incidents.plain_record import plain_record
from bellwether.track_record.incidents.types import DailyRecord, Incident

_AROUND = timedelta(days=30)  #: of its days, how many are shown before a storm and after it
_Made = TypeVar("_Made", Forecast, ListForecast)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incidents:
    """All that were announced."""

    simulated: bool
    items: tuple[Incident, ...]  #: the newest first


@dataclass(frozen=True, slots=True)
class Described:
    """One storm, and what was around it."""

    incident: Incident
    days: DailyRecord  #: of it and some before and after
    others: tuple[Incident, ...]  #: other storms that had some of these days, the newest first
    simulated: bool


def every(services: Services) -> Incidents:
    """All storms. Raises StoreError."""
    if issues_forecasts(services.provider.name):
        return Incidents(False, tuple(reversed(live.kept(services.store))))
    return Incidents(True, tuple(reversed(rule.incidents(_replayed(services)))))


def named(services: Services, incident_id: str) -> Described:
    """One storm by its id. Raises LedgerError and StoreError."""
    storms = every(services)
    incident = next((incident for incident in storms.items if incident.id == incident_id.strip()), None)
    if incident is None:
        raise LedgerError(said("No storm was announced on {day}; the track record lists them.", day=incident_id[:30]))
    if storms.simulated:
        record = _replayed(services)
    else:
        with services.store.reading() as db:
            record = live.daily_record(db, incident.first - 2 * _AROUND)
    begin, end = incident.first - _AROUND, incident.ended + _AROUND if incident.ended is not None else date.max
    others = tuple(
        other
        for other in storms.items
        if other != incident and other.first <= end and (other.ended is None or begin <= other.ended)
    )
    return Described(incident, record.since(begin).until(end), others, storms.simulated)


def going_on(services: Services) -> OpenIncident | None:
    """The storm of now; None in calm times, for a market that has ended, and while the database does not answer."""
    if not issues_forecasts(services.provider.name):
        return None
    try:
        return live.going_on(services.store)
    except StoreError as problem:
        log.warning("Whether ranges hold as usual could not be asked: %s", problem.for_operator)
        return None


def with_incident(made: _Made, incident: OpenIncident | None) -> _Made:
    """The same forecast, which says so while ranges of all stocks hold too rarely or too often."""
    if incident is None:
        return made
    return replace(made, incident=incident, caveats=(*made.caveats, sentences.now(incident)))


def _replayed(services: Services) -> DailyRecord:
    model = services.model
    shape = model.card.standardised_quantiles if model is not None else gaussian_quantiles()
    symbols = tuple(instrument.symbol for instrument in services.universe if counts_for_state(instrument))
    return _of_closes(symbols, tuple(map(tuple, shape.tolist())))


@lru_cache(maxsize=2)  # of a market that has ended it never changes
def _of_closes(symbols: tuple[str, ...], shape: tuple[tuple[float, ...], ...]) -> DailyRecord:
    """The record that the plain rule of this shape, (heads, levels), would have of stocks of the sample market."""
    in_order = sorted(symbols, key=lambda symbol: (crc32(symbol.encode()), symbol))
    market = open_source(None)
    bars = [market.bars(symbol, date.max) for symbol in in_order]
    sessions = np.unique(np.concatenate([of_symbol.sessions for of_symbol in bars]))
    closes = np.full((len(sessions), len(bars)), np.nan)
    for column, of_symbol in enumerate(bars):
        closes[np.searchsorted(sessions, of_symbol.sessions), column] = of_symbol.closes
    returns = np.diff(np.log(closes), axis=0)
    return rule.enough(plain_record(sessions[1:], returns, np.array(shape)))
