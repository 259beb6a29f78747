"""The newest of the recorded misses of a symbol, or of all, with what speaks for a cause."""

from dataclasses import dataclass
from math import log1p

from bellwether.ask import forecasts
from bellwether.ask.miss_evidence import evidence_on
from bellwether.core.errors import BellwetherError
from bellwether.core.types import Q10, Q50, Q90, issues_forecasts
from bellwether.forecasting.forecaster import forecast_at
from bellwether.market.calendar import SETTLING, closes_at
from bellwether.services import Services
from bellwether.track_record.ledger import receipts
from bellwether.track_record.misses.evidence import SettledRange
from bellwether.track_record.scores.types import Miss


@dataclass(frozen=True, slots=True)
class LastMiss:
    """A miss and the evidence on it."""

    miss: Miss
    evidence: int | None  #: of `Evidence`; None where nobody has looked for a cause yet
    of: int  #: how many misses the record lists, of which this is the newest


def last_miss(services: Services, symbol: str | None = None, horizon: int | None = None) -> LastMiss | None:
    """The newest, by the session that settled it, of the misses that the record lists; None where it lists none.

    The record lists the biggest outcomes outside the 90 % range (`TrackRecord.misses`). Raises StoreError, LedgerError.
    """
    listed = forecasts.track_record(services, symbol=symbol, horizon=horizon).misses
    if not listed:
        return None
    miss = max(listed, key=lambda miss: (miss.target_session, miss.distance))
    return LastMiss(miss, _evidence(services, miss), len(listed))


def _evidence(services: Services, miss: Miss) -> int | None:
    if issues_forecasts(services.provider.name):
        outcome = receipts.receipt(services.store, miss.forecast_id).outcome
        return outcome.evidence if outcome is not None else None
    try:
        return _of_simulated(services, miss)
    except BellwetherError:  # the forecast cannot be made again from the prices at hand
        return None


def _of_simulated(services: Services, miss: Miss) -> int:
    """Of a replayed forecast, which no ledger holds: made again from what was known on its day. Raises its errors."""
    outlook = forecasts.outlook(services, forecasts.resolve(services, miss.symbol), miss.cutoff)
    made = forecast_at(outlook, miss.horizon, closes_at(outlook.instrument.calendar, miss.cutoff) + SETTLING)
    low, middle, high = (made.log_returns[level] for level in (Q10, Q50, Q90))
    came = log1p(miss.growth)
    settled = SettledRange(miss.cutoff, miss.horizon, miss.target_session, low, middle, high, came)
    return int(evidence_on(services, miss.symbol, settled))
