"""Several sources in an order: the next is asked when the one before does not answer, and every answer says so.

A symbol's history is always of one source, with the instrument in that source's units: `Bars.origin` names it.
"""

from dataclasses import replace
from datetime import date

from bellwether.core.errors import BadDate, DamagedAnswer, MarketDataError, Trouble, UnknownSymbol
from bellwether.core.i18n.translate import said, together
from bellwether.core.types import Bars, Instrument, Origin
from bellwether.market.provider import Provider, announced_by, search_of, state_of_universe


class FallbackProvider:
    """The first source, and others behind it."""

    def __init__(self, first: Provider, others: tuple[Provider, ...]) -> None:
        """`others` are asked in this order."""
        self.providers = (first, *others)
        self.name, self.live, self.note = first.name, first.live, first.note
        self.first, self._others = first, others
        self.search, self.announcements = search_of(first), announced_by(first)
        self.universe_state = state_of_universe(first)

    def describe(self) -> str:
        """The first source in words: it is the one that people mean."""
        return self.first.describe()

    def universe(self) -> tuple[Instrument, ...]:
        """What any of them knows; the first one's word counts."""
        known = {
            instrument.symbol: instrument for provider in reversed(self.providers) for instrument in provider.universe()
        }
        return tuple(known.values())

    def instrument(self, symbol: str) -> Instrument:
        """From the first source that answers. That it does not know the ticker is an answer."""
        try:
            return self.first.instrument(symbol)
        except MarketDataError as problem:
            for provider in self._others:
                try:
                    return provider.instrument(symbol)
                except (MarketDataError, UnknownSymbol):
                    continue
            raise problem

    def bars(self, symbol: str, end: date) -> Bars:
        """From the first source; from the next that has newer ones where the first does not answer."""
        bars, problem = None, None
        try:
            bars = self.first.bars(symbol, end)
            if bars.origin is None or bars.origin.note == self.note:
                return bars  # it answered
        except MarketDataError as trouble:
            problem = trouble
        for provider in self._others:
            try:
                other = provider.bars(symbol, end)
            except (MarketDataError, UnknownSymbol, BadDate):
                continue
            if bars is None or other.cutoff > bars.cutoff:
                return self._instead(other, provider, problem)
        if bars is None and problem is not None:
            raise problem
        return bars  # type: ignore[return-value]  # old ones, which say so

    def _instead(self, bars: Bars, provider: Provider, problem: MarketDataError | None) -> Bars:
        """Bars of another source than the first, which say so; `problem` is why the first has none."""
        origin = bars.origin or Origin(provider.name, provider.live, provider.note)
        instrument = origin.instrument or provider.instrument(bars.symbol)
        trouble = problem.trouble if isinstance(problem, DamagedAnswer) else Trouble.RESTING
        note = said(
            "{source} {trouble}; these prices come from {other}.",
            source=self.describe(),
            trouble=said(trouble.value),
            other=provider.describe(),
        )
        return replace(bars, origin=replace(origin, instrument=instrument, note=together(note, origin.note)))
