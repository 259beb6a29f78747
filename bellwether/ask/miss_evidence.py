"""What is known of a settled range's symbol and market, gathered for the tests of why it missed. Asks nobody."""

import logging
from datetime import date, timedelta

from bellwether.ask.bars_at_hand import bars_at_hand
from bellwether.core.announcement import Announcement
from bellwether.core.errors import BadDate, MarketDataError, UnknownSymbol
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Q10, Q50, Q90, Bars
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.market.earnings.companies import reports_results
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from bellwether.track_record.ledger.ledger_table import unpack_all
from bellwether.track_record.misses.evidence import Evidence, SettledRange, evidence_of
from bellwether.track_record.misses.evidence_table import Filed, Unfiled
from bellwether.track_record.misses.market_move import IndexMove, beta_of, index_move

PATIENCE = timedelta(days=3)  #: after it settled, an outcome is filed without the index' close
log = logging.getLogger(__name__)


def evidence_on(services: Services, symbol: str, settled: SettledRange) -> Evidence:
    """The evidence on one range that closed in the past, by what was known on the day of its close."""
    return EvidenceMarket(services, settled.session).of_range(symbol, settled, settled.session)


class EvidenceMarket:
    """Prices and days of reports, read once for some outcomes."""

    def __init__(self, services: Services, end: date) -> None:
        """`end` is the last day of which the index is read."""
        self._services, self._prices = services, bars_at_hand(services)
        self._index = self._bars(MARKET_SERIES[0], end)
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

    def of_range(self, symbol: str, settled: SettledRange, day: date) -> Evidence:
        """The evidence on one range, by what was known on a day."""
        bars = self._bars(symbol, day)
        return self._evidence(settled, symbol, bars, self._beta(bars, settled.cutoff), day)

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
                betas[row.cutoff] = self._beta(bars, row.cutoff)
            evidence = self._evidence(settled, symbol, bars, betas[row.cutoff], row.settled_at.date())
            rows.append(Filed(row, settled.held, int(evidence)))
        return rows

    def _evidence(
        self, settled: SettledRange, symbol: str, bars: Bars | None, beta: float | None, day: date
    ) -> Evidence:
        """Of one range, by what was known on the day on which it was settled."""
        then = bars.until(day) if bars is not None else None
        return evidence_of(settled, then, self._move(settled), beta, self._reports(symbol, day))

    def _beta(self, bars: Bars | None, cutoff: date) -> float | None:
        return beta_of(bars, self._index, cutoff) if bars is not None and self._index is not None else None

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
