"""The bars that are there already: what works through a whole universe must not ask a live source for each of it."""

from datetime import date

from bellwether.ask.point_in_time import BarSource
from bellwether.core.errors import MarketDataError
from bellwether.core.i18n.translate import said
from bellwether.core.types import Bars
from bellwether.db.database import Store
from bellwether.market.provider import Provider, state_of_universe
from bellwether.market.remote.bar_history import BarHistory
from bellwether.market.sources import remote
from bellwether.services import Services


def bars_at_hand(services: Services) -> BarSource:
    """A market that asks nobody: of a remote source what of its bars lies in the database."""
    is_remote = remote(services.provider) is not None
    return _KeptBars(services.store, services.provider) if is_remote else services.provider


class _KeptBars:
    """A market that is never asked: what of its bars lies in the database."""

    live = True

    def __init__(self, store: Store, provider: Provider) -> None:
        self.name, self.note = provider.name, provider.note
        self.universe_state = state_of_universe(provider)
        self._history = BarHistory(store, provider.name, provider.note)

    def bars(self, symbol: str, end: date) -> Bars:
        """Kept bars up to `end`. Raises MarketDataError when there are none."""
        kept = self._history.load(symbol)
        if kept is None:
            raise MarketDataError(said("No prices of {symbol} are kept yet.", symbol=symbol))
        bars = kept.bars.until(end)
        if bars is None:
            raise MarketDataError(said("No prices of {symbol} up to {day} are kept.", symbol=symbol, day=end))
        return bars
