"""One symbol's bars to a forecast.

bars, market bars
| find_problem            may the model answer?
| model_inputs            raw bars as arrays
| OnnxModel.quantiles     quantiles at the heads
| widened                 by how much the market has moved more than forecast of late
| all_horizons            every horizon from 1 to 63
| forecast_at             one horizon, with the baseline beside it and the reasons

Of many symbols each step is taken for all before the next: what a step works with then stays in the processor's cache,
which saves a third of the time.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from bellwether.core import metrics
from bellwether.core.announcement import ReportInside
from bellwether.core.calibration import Calibration
from bellwether.core.errors import BadHorizon, UnusableBars
from bellwether.core.i18n.translate import said
from bellwether.core.types import (
    MARKET_SERIES,
    MAX_HORIZON,
    Q10,
    Q90,
    Bars,
    Baseline,
    Floats,
    Forecast,
    ForecastInputs,
    Outlook,
    Problem,
)
from bellwether.forecasting import caveats
from bellwether.forecasting.baseline import all_horizons, gaussian_quantiles, head_quantiles
from bellwether.forecasting.evening_width import stretch_at, widened
from bellwether.forecasting.explain import explain, record_at
from bellwether.forecasting.inputs import Float32s, align_closes, bars_input, market_input
from bellwether.forecasting.measured_width import MeasuredWidth
from bellwether.forecasting.metrics import probability_above_zero
from bellwether.forecasting.past_statistics import moved_of, reports_of, up_days_of, usual_growth_of, volatility_of
from bellwether.forecasting.reports_ahead import KnownReports, chances_of
from bellwether.forecasting.rises import chance_of_rise, says_more_than_usual
from bellwether.market.bars import SMALLEST_VOLATILITY, find_problem, mended
from bellwether.market.calendar import session_after
from bellwether.market.kept_checks import kept_with_bars
from bellwether.models.model_card import ModelCard
from bellwether.models.onnx_model import OnnxModel

BASELINE_ID = "baseline-ewma"  #: the model_id of an answer that is the plain rule
DEFAULT_CONTEXT = 504  #: sessions behind the baseline's volatility when no model says how many it reads
_NO_LIMITS = (0.0, float("inf"))


def make_outlook(known: ForecastInputs, model: OnnxModel | None) -> Outlook:
    """All horizons at once for one symbol. Raises UnusableBars when not even the baseline can answer."""
    (made,) = make_outlooks([known], model)
    if isinstance(made, UnusableBars):
        raise made
    return made


def make_outlooks(known: Sequence[ForecastInputs], model: OnnxModel | None) -> list[Outlook | UnusableBars]:
    """The same for several symbols, in their order; what `make_outlook` would raise stands in a symbol's place."""
    began, card = time.perf_counter(), model.card if model else None
    checked = [_checked(inputs, card) for inputs in known]
    made = [
        symbol if isinstance(symbol, UnusableBars) else _outlook(symbol, card, answer)
        for symbol, answer in zip(checked, _ask(model, checked), strict=True)
    ]
    took = time.perf_counter() - began
    for _ in known:
        metrics.FORECAST.add(took / len(known))
    return made


@dataclass(frozen=True, slots=True, eq=False)
class _Checked:
    """What is known, as far as it can be used."""

    known: ForecastInputs
    bars: Bars  #: without broken days
    market: tuple[Bars | None, ...]  #: the series that the model reads; without a model MARKET_SERIES
    problem: Problem | None  #: why the model must not answer
    volatility: float  #: daily
    reports: KnownReports | None  #: None where nothing is known

    def calendar(self, card: ModelCard) -> Float32s | None:
        """What the model reads of reports; None where it reads nothing, or nothing is known."""
        if self.reports is None or card.error_shares is None:
            return None
        return self.reports.calendar(chances_of(card), card.context_length)


def _checked(known: ForecastInputs, card: ModelCard | None) -> _Checked | UnusableBars:
    """May the model answer, and can the plain rule?"""
    context = card.context_length if card else DEFAULT_CONTEXT
    try:
        problem = find_problem(
            known.bars,
            expected=known.expected,
            min_history=card.min_history if card else 0,
            context_length=context,
            volatility_range=card.volatility_range if card else _NO_LIMITS,
            max_abs_return=card.max_abs_return if card else float("inf"),
        )
        bars = mended(known.bars)
    except UnusableBars as unusable:
        return unusable
    volatility = volatility_of(known.bars, context)
    if volatility < SMALLEST_VOLATILITY:
        return UnusableBars(
            said(
                "The price of {symbol} has not moved for a long time, so there is nothing to learn a range from.",
                symbol=bars.symbol,
            )
        )
    read = len(card.market) if card else len(MARKET_SERIES)
    market = (*known.market, *[None] * (read - len(known.market)))[:read]
    reports = reports_of(bars, known.instrument.calendar, known.reports) if known.reports else None
    return _Checked(known, bars, market, problem, volatility, reports)


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What a model says of one symbol."""

    at_heads: Floats  #: its quantiles as the graph gave them, (len(HEADS), len(LEVELS))
    calendar: Float32s | None  #: what it read of reports, (context_length + AHEAD,); None where it read nothing
    widened: MeasuredWidth | None  #: by that; None likewise
    report_ahead: int  #: as `all_horizons` takes it; 0 where nothing was read, or no day is told


def _ask(model: OnnxModel | None, checked: Sequence[_Checked | UnusableBars]) -> list[_Answer | None]:
    """The model's answers: None where it must not answer, and where its answer is no quantiles."""
    answers: list[_Answer | None] = [None] * len(checked)
    if model is None:
        return answers
    sound = {at: symbol for at, symbol in enumerate(checked) if isinstance(symbol, _Checked) and not symbol.problem}
    windows = _windows(list(sound.values()), model.card)
    for (at, symbol), window, quantiles in zip(sound.items(), windows, model.quantiles_of_each(windows), strict=True):
        at_heads = quantiles.astype(np.float64)
        if np.isfinite(at_heads).all() and (np.diff(at_heads, axis=1) >= 0).all():
            bars, market, *calendar = window
            ahead = symbol.reports.told_ahead if calendar and symbol.reports is not None else 0
            answers[at] = _Answer(
                at_heads,
                calendar[0][0] if calendar else None,
                MeasuredWidth(model, bars, market, at_heads, ahead) if calendar else None,
                ahead,
            )
    return answers


@dataclass(frozen=True, slots=True, eq=False)
class RawHeads:
    """What is forecast of one symbol before any stretching, (len(HEADS), len(LEVELS)) each."""

    model: Floats | None  #: None where it must not answer
    plain: Floats  #: the plain rule's


def raw_heads(known: Sequence[ForecastInputs], model: OnnxModel | None) -> list[RawHeads | None]:
    """The quantiles at the heads as the graph and the plain rule have them; None where nothing can be said."""
    card = model.card if model else None
    checked = [_checked(inputs, card) for inputs in known]
    return [
        None
        if isinstance(symbol, UnusableBars)
        else RawHeads(answer.at_heads if answer is not None else None, _plain_rule(symbol, card))
        for symbol, answer in zip(checked, _ask(model, checked), strict=True)
    ]


def _plain_rule(checked: _Checked, card: ModelCard | None) -> Floats:
    shape = card.standardised_quantiles if card else gaussian_quantiles()
    return head_quantiles(checked.volatility, shape)


def _stretched(at_heads: Floats, numbers: tuple[float, ...] | None) -> Floats:
    return at_heads if numbers is None else widened(at_heads, np.array(numbers))


def _windows(checked: Sequence[_Checked], card: ModelCard) -> list[tuple[Float32s, ...]]:
    """`model_inputs` of each, and what is known of reports where the model reads it and there is something.

    The market beside symbols of the same sessions is lined up once.
    """
    length = card.context_length
    markets: dict[tuple[bytes, tuple[Bars | None, ...]], Float32s] = {}
    windows: list[tuple[Float32s, ...]] = []
    for symbol in checked:
        sessions, market = symbol.bars.sessions[-length:], symbol.market
        key = (sessions.tobytes(), market)
        if key not in markets:
            markets[key] = market_input(sessions, market, length)
        window = (bars_input(symbol.bars, length), markets[key])
        calendar = symbol.calendar(card)
        windows.append(window if calendar is None else (*window, calendar))
    return windows


def _outlook(checked: _Checked, card: ModelCard | None, answer: _Answer | None) -> Outlook:
    """What the model has answered, or else the plain rule, with all that must be said beside it."""
    known, bars, problem = checked.known, checked.bars, checked.problem
    evening = known.evening if card and card.evening_width else None
    baseline = all_horizons(_stretched(_plain_rule(checked, card), evening.plain if evening else None))
    if answer is None:
        problem = problem or (Problem.NO_ANSWER if card else Problem.NO_MODEL)
    answering = card if problem is None else None
    latest = [None if series is None else _latest(series, bars.sessions[-1]) for series in checked.market]
    return Outlook(
        instrument=known.instrument,
        bars=bars,
        log_returns=baseline
        if answer is None
        else all_horizons(_stretched(answer.at_heads, evening.model if evening else None), answer.report_ahead),
        baseline=baseline,
        model_id=answering.model_id if answering else BASELINE_ID,
        vix=latest[MARKET_SERIES.index("^VIX")],
        records=answering.records if answering else (),
        source=known.source,
        caveats=tuple(
            sentence
            for sentence in (
                known.note,
                caveats.about_age(known.instrument, bars, known.expected),
                caveats.about_currency(known.instrument, known.expected is not None),
                caveats.about_silence(problem),
                caveats.about_market(latest[: len(MARKET_SERIES)]) if answering else "",
                caveats.about_state(checked.market, latest) if answering else "",
                caveats.about_evening(evening, checked.market[0]) if card and card.evening_width else "",
                caveats.about_training(bars, answering.seen_to) if answering else "",
                caveats.about_model_age(bars.cutoff, answering.seen_to) if answering else "",
                caveats.about_symbol(known.instrument, answering.symbols) if answering else "",
            )
            if sentence
        ),
        problem=problem,
        market=checked.market,
        report=checked.reports.next() if checked.reports is not None else None,
        reported=checked.reports is not None and checked.reports.just_came,
        widened=answer.widened if answer is not None else None,
        report_ahead=answer.report_ahead if answer is not None else 0,
        evening=evening,
        rises=answering.rises if answering else None,
        learned_to=answering.seen_to if answering else None,
        calendar=answer.calendar if answer is not None else None,
    )


def forecast_at(outlook: Outlook, horizon: int, made_at: datetime) -> Forecast:
    """One horizon, 1 to MAX_HORIZON sessions, with the baseline beside it and the reasons. Raises BadHorizon."""
    if not 1 <= horizon <= MAX_HORIZON:
        raise BadHorizon(
            said("The horizon must be 1 to {most} trading days, not {horizon}.", most=MAX_HORIZON, horizon=horizon)
        )
    instrument, bars = outlook.instrument, outlook.bars
    cutoff = bars.cutoff
    target = session_after(instrument.calendar, cutoff, horizon)
    quantiles, baseline = outlook.log_returns[horizon - 1], outlook.baseline[horizon - 1]
    growth, baseline_growth = probability_above_zero(np.stack([quantiles, baseline]))
    return Forecast(
        symbol=instrument.symbol,
        name=instrument.name,
        currency=instrument.currency,
        exchange=instrument.exchange,
        cutoff=cutoff,
        last_close=bars.quoted_close,
        horizon=horizon,
        target_session=target,
        made_at=made_at,
        log_returns=tuple(quantiles.tolist()),
        probability_of_growth=_told_chance(outlook, horizon, growth),
        usual_probability_of_growth=usual_growth_of(bars, horizon),
        baseline=Baseline(tuple(baseline.tolist()), float(baseline_growth)),
        model_id=outlook.model_id,
        explanation=explain(
            moved_of(bars),
            outlook.vix,
            quantiles[Q90] - quantiles[Q10],
            baseline[Q90] - baseline[Q10],
            record_at(outlook.records, horizon),
        ),
        source=outlook.source,
        caveats=outlook.caveats,
        learned_to=outlook.learned_to,
        forecast_id=_forecast_id(outlook, horizon, quantiles),
        problem=outlook.problem,
        earnings=_report_inside(outlook, horizon, target),
        calibration=_calibration(outlook, horizon),
        growth_is_usual=outlook.rises is not None and not says_more_than_usual(outlook.rises, horizon),
    )


def _report_inside(outlook: Outlook, horizon: int, target: date) -> ReportInside | None:
    """The company's next report, where it counts by the target session, else the one of the cutoff's day; else None."""
    report = outlook.report
    is_inside = report is not None and report.session <= target
    if not is_inside and not outlook.reported:
        return None
    wider = float(outlook.widened()[horizon - 1]) if outlook.widened is not None else None
    measured = wider if wider is not None and np.isfinite(wider) else None
    if report is not None and is_inside:
        return ReportInside(report.day, report.last_day, report.known, measured)
    return ReportInside(outlook.bars.cutoff, None, True, measured, came=True)


def _told_chance(outlook: Outlook, horizon: int, own: np.floating) -> float:
    if outlook.rises is None:
        return float(own)
    return float(chance_of_rise(np.array(own), outlook.rises, horizon, *up_days_of(outlook.bars)))


def _calibration(outlook: Outlook, horizon: int) -> Calibration | None:
    """How the range of this horizon was stretched; that between two heads as the mixture of both."""
    evening = outlook.evening
    if evening is None:
        return None
    numbers = evening.model if outlook.problem is None else evening.plain
    return Calibration(
        evening.session, stretch_at(horizon, outlook.log_returns, numbers, outlook.report_ahead), evening.stocks
    )


def _forecast_id(outlook: Outlook, horizon: int, quantiles: Floats) -> str:
    """The same answer to the same question always has the same id."""
    bars = outlook.bars
    question = f"{bars.symbol} {bars.cutoff} {horizon} {outlook.model_id} {outlook.source} {bars.quoted_close}"
    digest = hashlib.sha256(question.encode() + quantiles.tobytes())
    return f"f{digest.hexdigest()[:20]}"


@kept_with_bars  # the same for all symbols with the same last session
def _latest(series: Bars, session: np.datetime64) -> float | None:
    """The last value of a market series, when there is one as new as the session (within a week)."""
    value = float(align_closes(np.array([session]), series)[0])
    return value if value > 0 else None
