"""Why ranges missed, filed once for each outcome: after it is there, and of old ones some at a time.

outcomes not filed yet, in their order | the prices at hand, days of reports known then, the index | Evidence | tables

Nothing is fetched. A symbol whose prices are no longer at hand is filed as that, and not looked at again.
"""

import logging
from collections.abc import Callable
from datetime import date, timedelta
from itertools import groupby

from bellwether.ask.bars_at_hand import bars_at_hand
from bellwether.core.announcement import Announcement
from bellwether.core.errors import BadDate, MarketDataError, UnknownSymbol
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Q10, Q50, Q90, Bars
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.market.earnings.companies import reports_results
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from bellwether.track_record.ledger.ledger_table import unpack_all
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.misses.evidence import RULE, Evidence, SettledRange, evidence_of
from bellwether.track_record.misses.evidence_table import Filed, Unfiled
from bellwether.track_record.misses.market_move import IndexMove, beta_of, index_move

AT_ONCE = 2000  #: outcomes in one transaction: others want to write too
MOST = 20_000  #: in one run of the job: what settled before there was a file is filed over hours
PATIENCE = timedelta(days=3)  #: after it settled, an outcome is filed without the index' close
log = logging.getLogger(__name__)


def file_evidence(services: Services, stopping: Callable[[], bool] = lambda: False, most: int | None = MOST) -> int:
    """File what is not filed, at most so many; how many were. Safe to run late, twice or not at all.

    What other tests have filed is filed anew. Raises StoreError.
    """
    store, filed = services.store, 0
    with store.reading() as db:
        begin_again = evidence_table.other_rule(db, RULE)
    if begin_again:
        with store.transaction() as db:
            evidence_table.clear(db)
    while not stopping() and (most is None or filed < most):
        with store.reading() as db:
            some = evidence_table.unfiled(db, AT_ONCE)
        market = _Market(services)
        some = market.ready(some)
        if not some:
            break
        rows = [
            row
            for symbol, outcomes in groupby(sorted(some, key=lambda row: row.symbol), lambda row: row.symbol)
            for row in market.filed(symbol, list(outcomes))
        ]
        with store.transaction() as db:
            filed += evidence_table.add(db, sorted(rows, key=lambda row: row.of.number), RULE)
    return filed


class _Market:
    """Prices and days of reports, read once for some outcomes."""

    def __init__(self, services: Services) -> None:
        self._services, self._prices = services, bars_at_hand(services)
        self._index = self._bars(MARKET_SERIES[0], services.clock().date())
        self._moves: dict[tuple[date, date, int], IndexMove | None] = {}

    def ready(self, outcomes: list[Unfiled]) -> list[Unfiled]:
        """The first of these, up to one that the index has no close for yet and that can still wait."""
        newest = self._index.cutoff if self._index is not None else date.min
        now = self._services.clock()
        closed = last_closed_session(MARKET_CALENDAR, now - SETTLING)
        for at, row in enumerate(outcomes):
            due = row.session is not None and min(row.session, closed) > newest
            if due and now - row.settled_at < PATIENCE:
                return outcomes[:at]
        return outcomes

    def filed(self, symbol: str, outcomes: list[Unfiled]) -> list[Filed]:
        """Some outcomes of a symbol with their evidence."""
        bars = self._bars(symbol, max(row.settled_at for row in outcomes).date())
        quantiles = unpack_all(row.numbers for row in outcomes).log_returns
        betas: dict[date, float | None] = {}
        rows = []
        for row, (low, middle, high) in zip(outcomes, quantiles[:, [Q10, Q50, Q90]].tolist(), strict=True):
            if row.log_return is None or row.session is None:
                rows.append(Filed(row, None, 0))
                continue
            settled = SettledRange(row.cutoff, row.horizon, row.session, low, middle, high, row.log_return)
            if row.cutoff not in betas:
                betas[row.cutoff] = beta_of(bars, self._index, row.cutoff) if bars and self._index else None
            evidence = self._evidence(settled, symbol, bars, betas[row.cutoff], row.settled_at.date())
            rows.append(Filed(row, settled.held, int(evidence)))
        return rows

    def _evidence(
        self, settled: SettledRange, symbol: str, bars: Bars | None, beta: float | None, day: date
    ) -> Evidence:
        """Of one range, by what was known on the day on which it was settled."""
        then = bars.until(day) if bars is not None else None
        return evidence_of(settled, then, self._move(settled), beta, self._reports(symbol, day))

    def _move(self, settled: SettledRange) -> IndexMove | None:
        key = (settled.cutoff, settled.session, settled.horizon)
        if key not in self._moves:
            self._moves[key] = index_move(self._index, *key) if self._index is not None else None
        return self._moves[key]

    def _reports(self, symbol: str, day: date) -> tuple[Announcement, ...] | None:
        """The days of reports that were known on a day; None for what never reports."""
        instrument = self._services.universe.get(symbol) or instrument_of(symbol)
        return self._services.reports.known(instrument, day) if reports_results(instrument) else None

    def _bars(self, symbol: str, end: date) -> Bars | None:
        try:
            return self._prices.bars(symbol, end)
        except (MarketDataError, UnknownSymbol, BadDate) as problem:
            log.debug("No prices of %s at hand: %s", symbol, problem)
            return None
