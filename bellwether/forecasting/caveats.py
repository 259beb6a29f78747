"""What must be said beside an outlook, each where it is so and empty elsewhere.

How old its prices are, why the model is silent, what it has not seen.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from bellwether.core.calibration import EveningWidth
from bellwether.core.i18n.numbers import spoken_day
from bellwether.core.i18n.translate import said, said_many
from bellwether.core.types import MARKET_SERIES, Bars, Instrument, Problem
from bellwether.market.calendar import sessions_between

OLD = timedelta(days=365)  #: a model that knows nothing of the last one says so, and is due for a fresh one
_WITHOUT_STATE = said(
    "Made without knowing how much all shares together moved of late: too few of them are at hand, or too old."
)
_WITHOUT_EVENING = said("The range does not follow how ranges held in the last weeks: that is not known for this day.")
_WITHOUT_MARKET = said("Made without knowledge of the wider market, whose prices are not available.")


def about_age(instrument: Instrument, bars: Bars, expected: date | None) -> str:
    """When closed sessions are missing at the end of the bars."""
    behind = sessions_between(instrument.calendar, bars.cutoff, expected) if expected else 0
    if behind == 0:
        return ""
    return said_many(
        "The prices end on {day}: {count} later trading day is missing.",
        "The prices end on {day}: {count} later trading days are missing.",
        behind,
        day=spoken_day(bars.cutoff),
        count=behind,
    )


def about_currency(instrument: Instrument, live: bool) -> str:
    """When a live source does not tell in which currency it quotes; an index has none."""
    if not live or instrument.currency or instrument.symbol.startswith("^"):
        return ""
    return said("In which currency these prices are is not known: my source does not say.")


def about_silence(problem: Problem | None) -> str:
    """Why the range is the baseline's."""
    if problem is None:
        return ""
    return said(
        "The model is silent because {reason}; this range comes from the plain rule instead.",
        reason=said(problem.value),
    )


def about_market(latest: list[float | None]) -> str:
    """When the model had to do without a market series: which, where it is not all of them."""
    missing = [symbol for symbol, level in zip(MARKET_SERIES, latest, strict=True) if level is None]
    if len(missing) == len(MARKET_SERIES):
        return _WITHOUT_MARKET
    sentences = (
        said("Made without {symbol}, a part of the wider market, whose prices are not available.", symbol=symbol)
        for symbol in missing
    )
    return next(sentences, "")


def about_state(market: Sequence[Bars | None], latest: Sequence[float | None]) -> str:
    """When the model had to do without the state of the universe, or with that of an earlier session."""
    read = len(MARKET_SERIES)
    if len(market) <= read:
        return ""
    state, index = market[read], market[0]
    if state is None or None in latest[read:]:
        return _WITHOUT_STATE
    if index is None or state.cutoff >= index.cutoff:
        return ""
    return said("How much all shares together moved is known up to {day} only.", day=spoken_day(state.cutoff))


def about_evening(evening: EveningWidth | None, index: Bars | None) -> str:
    """When a model's ranges should follow how the last ones held, and that is not known, or of an earlier session."""
    if evening is None:
        return _WITHOUT_EVENING
    if index is None or evening.session >= index.cutoff:
        return ""
    return said("How ranges held of late is known up to {day} only.", day=spoken_day(evening.session))


def about_training(bars: Bars, seen_to: date) -> str:
    """When the model may have learned from what it now forecasts."""
    if bars.cutoff >= seen_to:  # it learned from outcomes up to that day, and from none of what comes after
        return ""
    return _made_with(seen_to)


def about_model_age(cutoff: date, seen_to: date) -> str:
    """When the model knows nothing of the last year."""
    return untested_since(seen_to) if cutoff - seen_to > OLD else ""


@lru_cache(maxsize=64)
def untested_since(seen_to: date) -> str:
    """Said of an old model until its live record tells how it does in the years that it did not see."""
    return said(
        "The model learned from prices to {day}; how it does in later years is untested.", day=spoken_day(seen_to)
    )


def tested_since(seen_to: date, share: float, forecasts: int) -> str:
    """The same with the `share` (0 to 1) of this model's live 80 % ranges that held in the last year, in its place."""
    return said_many(
        "The model learned from prices to {day}; of {count} live range of the last year {share} of 100 held.",
        "The model learned from prices to {day}; of {count} live ranges of the last year {share} of 100 held.",
        forecasts,
        day=spoken_day(seen_to),
        count=forecasts,
        share=round(100 * share),
    )


@lru_cache(maxsize=64)  # of every forecast of the past that a model makes it is the same
def _made_with(seen_to: date) -> str:
    return said(
        "The model was made with prices up to {day} in view, past this date: no fair test of its skill.",
        day=spoken_day(seen_to),
    )


def about_symbol(instrument: Instrument, taught: frozenset[str]) -> str:
    """When the model never saw this symbol's own prices."""
    if not taught or instrument.symbol in taught:
        return ""
    return said(
        "The model was taught with prices of other shares, not with those of {symbol}.", symbol=instrument.symbol
    )
