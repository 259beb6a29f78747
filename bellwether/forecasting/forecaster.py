"""One symbol's bars to a forecast.

bars, market bars
| find_problem            may the model answer?
| model_inputs            raw bars as arrays
| OnnxModel.quantiles     quantiles at the heads
| all_horizons            every horizon from 1 to 63
| forecast_at             one horizon, with the baseline beside it and the reasons
"""

import hashlib
from datetime import date, datetime
from functools import lru_cache

import numpy as np

from bellwether import tally
from bellwether.errors import BadHorizon, UnusableBars
from bellwether.forecasting.baseline import (
    all_horizons,
    ewma_volatility,
    gaussian_quantiles,
    head_quantiles,
    log_returns,
)
from bellwether.forecasting.explain import explain, usual_probability_of_growth
from bellwether.forecasting.inputs import align_closes, model_inputs
from bellwether.forecasting.metrics import probability_above_zero
from bellwether.forecasting.onnx_model import OnnxModel
from bellwether.language import said, said_many
from bellwether.market.bars import SMALLEST_VOLATILITY, find_problem, mended
from bellwether.market.calendar import session_after, sessions_between
from bellwether.types import (
    HEADS,
    LEVELS,
    MARKET_SERIES,
    MAX_HORIZON,
    Bars,
    Baseline,
    Floats,
    Forecast,
    Instrument,
    Outlook,
    Problem,
    Record,
)

BASELINE_ID = "baseline-ewma"  #: the model_id of an answer that is the plain volatility rule
DEFAULT_CONTEXT = 504  #: sessions behind the baseline's volatility when no model says how many it reads
_NO_LIMITS = (0.0, float("inf"))
_WITHOUT_MARKET = said("Made without knowledge of the wider market, whose prices are not available.")


@tally.FORECAST.time()
def make_outlook(
    instrument: Instrument,
    bars: Bars,
    market: tuple[Bars | None, ...],
    model: OnnxModel | None,
    *,
    source: str,
    note: str,
    expected: date | None,
) -> Outlook:
    """All horizons at once for one symbol.

    `market` holds the bars of MARKET_SERIES up to the same cutoff, None where not known; `note` is what the source
    wants said with every answer; `expected` is the last closed session, None for a market that is not live. Raises
    UnusableBars when not even the baseline can answer.
    """
    card = model.card if model else None
    problem = find_problem(
        bars,
        expected=expected,
        min_history=card.min_history if card else 0,
        context_length=card.context_length if card else DEFAULT_CONTEXT,
        volatility_range=card.volatility_range if card else _NO_LIMITS,
        max_abs_return=card.max_abs_return if card else float("inf"),
    )
    bars = mended(bars)
    volatility = ewma_volatility(log_returns(bars.closes[-(card.context_length if card else DEFAULT_CONTEXT) :]))
    if volatility < SMALLEST_VOLATILITY:
        raise UnusableBars(
            said(
                "The price of {symbol} has not moved for a long time, so there is nothing to learn a range from.",
                symbol=bars.symbol,
            )
        )
    shape = card.standardised_quantiles if card else gaussian_quantiles()
    baseline = all_horizons(head_quantiles(volatility, shape))
    answer = _ask(model, bars, market) if model and not problem else None
    if answer is None:
        problem = problem or (Problem.NO_ANSWER if model else Problem.NO_MODEL)
    latest = [_latest(series, bars) for series in market]
    return Outlook(
        instrument=instrument,
        bars=bars,
        log_returns=baseline if answer is None else answer,
        baseline=baseline,
        model_id=card.model_id if card and not problem else BASELINE_ID,
        vix=latest[MARKET_SERIES.index("^VIX")],
        records=card.records if card and not problem else (),
        source=source,
        caveats=tuple(
            sentence
            for sentence in (
                note,
                _about_age(instrument, bars, expected),
                about_silence(problem),
                _about_market(latest) if not problem else "",
                _about_training(bars, card.seen_to) if card and not problem else "",
                _about_symbol(instrument, card.symbols) if card and not problem else "",
            )
            if sentence
        ),
        problem=problem,
        market=market,
    )


def _ask(model: OnnxModel, bars: Bars, market: tuple[Bars | None, ...]) -> Floats | None:
    """The model's quantiles at all horizons, (MAX_HORIZON, len(LEVELS)); None when they are no quantiles."""
    window, beside = model_inputs(bars, market, model.card.context_length)
    at_heads = model.quantiles(window, beside)[0].astype(np.float64)
    if not np.isfinite(at_heads).all() or (np.diff(at_heads, axis=1) < 0).any():
        return None
    return all_horizons(at_heads)


def forecast_at(outlook: Outlook, horizon: int, made_at: datetime) -> Forecast:
    """The forecast for one horizon, 1 to MAX_HORIZON sessions. Raises BadHorizon outside of it."""
    if not 1 <= horizon <= MAX_HORIZON:
        raise BadHorizon(
            said("The horizon must be 1 to {most} trading days, not {horizon}.", most=MAX_HORIZON, horizon=horizon)
        )
    one, bars = outlook.instrument, outlook.bars
    quantiles, baseline = outlook.log_returns[horizon - 1], outlook.baseline[horizon - 1]
    growth, baseline_growth = probability_above_zero(np.stack([quantiles, baseline]))
    low, high = LEVELS.index(0.1), LEVELS.index(0.9)
    return Forecast(
        symbol=one.symbol,
        name=one.name,
        currency=one.currency,
        exchange=one.exchange,
        cutoff=bars.cutoff,
        last_close=bars.quoted_close,
        horizon=horizon,
        target_session=session_after(one.calendar, bars.cutoff, horizon),
        made_at=made_at,
        log_returns=tuple(quantiles.tolist()),
        probability_of_growth=float(growth),
        usual_probability_of_growth=usual_probability_of_growth(bars.closes, horizon),
        baseline=Baseline(tuple(baseline.tolist()), float(baseline_growth)),
        model_id=outlook.model_id,
        explanation=explain(
            bars.closes,
            outlook.vix,
            quantiles[high] - quantiles[low],
            baseline[high] - baseline[low],
            _record_at(outlook.records, horizon),
        ),
        source=outlook.source,
        caveats=outlook.caveats,
        forecast_id=_forecast_id(outlook, horizon, quantiles),
        problem=outlook.problem,
    )


def _record_at(records: tuple[Record | None, ...], horizon: int) -> Record | None:
    """The record of this horizon's head; between two heads the worse of theirs, lest it look better than it is."""
    if not records:
        return None
    right = next(at for at, head in enumerate(HEADS) if head >= horizon)
    near = records[right : right + 1] if HEADS[right] == horizon else records[right - 1 : right + 1]
    known = [record for record in near if record is not None]
    return min(known, key=lambda record: record.skill_low) if len(known) == len(near) else None


def _forecast_id(outlook: Outlook, horizon: int, quantiles: Floats) -> str:
    """The same answer to the same question always has the same id."""
    bars = outlook.bars
    question = f"{bars.symbol} {bars.cutoff} {horizon} {outlook.model_id} {outlook.source} {bars.quoted_close}"
    digest = hashlib.sha256(question.encode() + quantiles.tobytes())
    return f"f{digest.hexdigest()[:20]}"


def _latest(series: Bars | None, bars: Bars) -> float | None:
    """The last value of a market series, when there is one as new as the bars (within a week)."""
    if series is None:
        return None
    value = float(align_closes(bars.sessions[-1:], series)[0])
    return value if value > 0 else None


def _about_age(instrument: Instrument, bars: Bars, expected: date | None) -> str:
    """Says so when closed sessions are missing at the end of the bars."""
    behind = sessions_between(instrument.calendar, bars.cutoff, expected) if expected else 0
    if behind == 0:
        return ""
    return said_many(
        "The prices end on {day}: {count} later trading day is missing.",
        "The prices end on {day}: {count} later trading days are missing.",
        behind,
        day=bars.cutoff,
        count=behind,
    )


def about_silence(problem: Problem | None) -> str:
    """Says why the range is the baseline's."""
    if problem is None:
        return ""
    return said(
        "The model is silent because {reason}; this range comes from a plain volatility rule instead.",
        reason=said(problem.value),
    )


def _about_market(latest: list[float | None]) -> str:
    """Says so when the model had to do without a market series."""
    if None not in latest:
        return ""
    return _WITHOUT_MARKET


def _about_training(bars: Bars, seen_to: date) -> str:
    """Says so when the model may have learned from what it now forecasts."""
    if bars.cutoff >= seen_to:  # it learned from outcomes up to that day, and from none of what comes after
        return ""
    return _made_with(seen_to)


@lru_cache(maxsize=64)  # of every forecast of the past that a model makes it is the same
def _made_with(seen_to: date) -> str:
    return said(
        "The model was made with prices up to {day} in view, past this date: no fair test of its skill.", day=seen_to
    )


def _about_symbol(instrument: Instrument, taught: frozenset[str]) -> str:
    """Says so when the model never saw this symbol's own prices."""
    if not taught or instrument.symbol in taught:
        return ""
    return said(
        "The model was taught with prices of other shares, not with those of {symbol}.", symbol=instrument.symbol
    )
