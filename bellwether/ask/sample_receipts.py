"""Receipts of the sample market, which show what one is: of its biggest misses, chained like rows of the ledger.

Nothing of the sample is issued, as everybody could know the outcome. These are made anew from its prices, stand in no
ledger, and say so.
"""

import threading
from collections.abc import Iterator
from datetime import date
from math import log1p

from bellwether.ask import forecasts
from bellwether.ask.miss_evidence import evidence_on
from bellwether.core.errors import BellwetherError, LedgerError
from bellwether.core.types import Q10, Q50, Q90, issues_forecasts
from bellwether.forecasting.forecaster import forecast_at
from bellwether.market.calendar import SETTLING, closes_at
from bellwether.services import Services
from bellwether.track_record.ledger import issue, ledger_table, receipts
from bellwether.track_record.ledger.hash_chain_table import START
from bellwether.track_record.ledger.ledger_table import ToEnter
from bellwether.track_record.ledger.outcomes_table import Settled
from bellwether.track_record.ledger.receipts import Receipt
from bellwether.track_record.misses.evidence import SettledRange
from bellwether.track_record.scores.types import Miss


def sample_name(symbol: str, cutoff: date, horizon: int) -> str:
    """What such a receipt can be asked for by, before anybody knows its id: "ba-2023-12-29-10"."""
    return f"{symbol}-{cutoff}-{horizon}".casefold()


class Receipts:
    """The receipts of one service: of its ledger, and of the sample market those of its biggest misses.

    Safe to share between threads.
    """

    def __init__(self, services: Services) -> None:
        """Nothing is made before it is asked for."""
        self._services = services
        self._lock = threading.Lock()
        self._made: dict[str, Receipt] | None = None  # by id and by name

    def get(self, asked: str) -> Receipt:
        """The receipt of this id. Raises LedgerError when there is none, and StoreError."""
        try:
            return receipts.receipt(self._services.store, asked)
        except LedgerError:
            made = None if issues_forecasts(self._services.provider.name) else self._of_sample(asked.strip().casefold())
            if made is None:
                raise
            return made

    def _of_sample(self, name: str) -> Receipt | None:
        with self._lock:
            if self._made is None:
                self._made = _made(self._services)
            return self._made.get(name)


def _made(services: Services) -> dict[str, Receipt]:
    pairs = list(_forecast(services, forecasts.track_record(services).misses))
    made, before = {}, START
    for (miss, entered), stored in zip(pairs, ledger_table.chained(row for _, row in pairs), strict=True):
        known = closes_at(entered.calendar, miss.target_session) + SETTLING
        evidence = evidence_on(services, miss.symbol, _range(miss, entered))
        came = Settled(log1p(miss.growth), miss.target_session, known, int(evidence))
        receipt = receipts.receipt_of(stored, before, came)
        made[receipt.forecast_id] = made[sample_name(miss.symbol, miss.cutoff, miss.horizon)] = receipt
        before = stored[-1]
    return made


def _range(miss: Miss, entered: ToEnter) -> SettledRange:
    low, middle, high = (entered.log_returns[level] for level in (Q10, Q50, Q90))
    return SettledRange(miss.cutoff, miss.horizon, miss.target_session, low, middle, high, log1p(miss.growth))


def _forecast(services: Services, misses: tuple[Miss, ...]) -> Iterator[tuple[Miss, ToEnter]]:
    """Each miss with its forecast, made from what was known then; those that can be made."""
    for miss in misses:
        try:
            outlook = forecasts.outlook(services, forecasts.resolve(services, miss.symbol), miss.cutoff)
        except BellwetherError:
            continue
        made_at = closes_at(outlook.instrument.calendar, miss.cutoff) + SETTLING
        yield miss, issue.row_of(outlook, forecast_at(outlook, miss.horizon, made_at))
