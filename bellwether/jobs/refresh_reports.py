"""The days of reports of every company that is served or watched, each asked for once a day at most.

Those never asked for come first, then those asked for longest ago; what was asked for within a day costs a look into
the database. A run asks for so many that the prices of the next session are not late for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellwether.core.errors import DamagedAnswer, SourceError
from bellwether.jobs.refresh_prices import every_symbol
from bellwether.market.earnings.provider import KeptReports
from bellwether.market.remote.circuit_breaker import BreakerState
from bellwether.market.sources import remote
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services

MOST = 100  #: companies asked for in a run; the next one goes on


@dataclass(frozen=True, slots=True)
class LearnedOfReports:
    """What a run did."""

    asked: int
    failed: int


def refresh_reports(
    services: Services, stop: Callable[[], bool], most: int = MOST, symbols: Sequence[str] | None = None
) -> LearnedOfReports:
    """Ask for what is due, of all that are served or watched or of `symbols`; ends early where the source rests.

    Raises StoreError.
    """
    provider, reports = remote(services.provider), services.reports
    if provider is None or not isinstance(reports, KeptReports):
        return LearnedOfReports(0, 0)
    asked = failed = 0
    wanted = every_symbol(services.store, services.universe) if symbols is None else symbols
    for symbol in reports.in_turn(wanted):
        instrument = services.universe.get(symbol) or instrument_of(symbol)
        if stop() or asked + failed >= most or provider.asker.state is not BreakerState.CLOSED:
            break
        try:
            asked += reports.refresh(instrument)
        except DamagedAnswer:  # of this company alone, whose turn comes again in a day
            failed += 1
        except SourceError:  # it rests now
            return LearnedOfReports(asked, failed + 1)
    return LearnedOfReports(asked, failed)
