"""What is known beside a forecast: how earlier ones of its horizon turned out, and what came after a look back."""

from datetime import date

import numpy as np

from bellwether.ask.evenings import with_evening
from bellwether.ask.forecasts import Answer
from bellwether.ask.point_in_time import last_session, market_end
from bellwether.charts.beside import Beside, Bracket
from bellwether.core.errors import BellwetherError, UnusableBars
from bellwether.core.types import Q10, Q90, Bars, ForecastInputs, Outlook, Problem, to_date
from bellwether.forecasting.forecaster import make_outlook
from bellwether.market.scale import ScaleDoubt, closes_to_grade, doubt_between
from bellwether.services import Services
from bellwether.track_record.demotion.gate import demoted

MOST = 6  #: earlier ranges: more of them would hide the prices


def beside(services: Services, asked: Answer, *, looks_back: bool = False) -> Beside:
    """Both, as far as they can be known; `looks_back` where the forecast is of a past day."""
    came = _what_came(services, asked) if looks_back else ()
    return Beside(_brackets(services, asked), came)


def known_until(services: Services, asked: Answer) -> date:
    """The last session that a look back can tell of: another one makes another picture."""
    newest = last_session(asked.outlook.instrument.calendar, None, services.clock())
    return min(newest, asked.forecast.target_session)


def _brackets(services: Services, asked: Answer) -> tuple[Bracket, ...]:
    """The ranges of every horizon before, the newest first, each made again from what was known then."""
    outlook, horizon = asked.outlook, asked.forecast.horizon
    bars = outlook.bars
    brackets = []
    for at in range(len(bars) - 1, horizon - 1, -horizon)[:MOST]:
        cutoff, target = to_date(bars.sessions[at - horizon]), to_date(bars.sessions[at])
        before = _before(services, outlook, cutoff)
        start, end = bars.close_on(cutoff), bars.close_on(target)
        if before is None:
            break
        if start is not None and end is not None:
            grown = float(np.log(end / start))
            low, high = (float(before.log_returns[horizon - 1, level]) for level in (Q10, Q90))
            brackets.append(Bracket(target, low - grown, high - grown))
    return tuple(brackets)


def _before(services: Services, outlook: Outlook, cutoff: date) -> Outlook | None:
    """The outlook as of an earlier session; None where no model answers that had not seen what came.

    From the bars that are at hand, and stretched as far as that evening is known: a chart must not make anybody ask the
    source for older ones, nor work out months of evenings.
    """
    model, bars = services.models.for_day(cutoff), outlook.bars.until(cutoff)
    if model is None or model.card.seen_to > cutoff or bars is None:
        return None
    end = market_end(outlook.instrument, cutoff)
    market = tuple(series.until(end) if series is not None else None for series in outlook.market)
    try:
        reports = services.reports.known(outlook.instrument, cutoff)
        known = ForecastInputs(outlook.instrument, bars, market, outlook.source, "", None, reports)
        before = make_outlook(with_evening(services, known, model, only_kept=True), model)
    except UnusableBars:
        return None
    return demoted(before) if outlook.problem is Problem.SILENCED else before


def _what_came(services: Services, asked: Answer) -> tuple[tuple[date, float], ...]:
    """The sessions after the cutoff, up to the target, and the log return up to each; none while in doubt."""
    cutoff, end = asked.outlook.bars.cutoff, known_until(services, asked)
    try:
        bars = closes_to_grade(services.provider.bars(asked.forecast.symbol, end), cutoff, end)
    except BellwetherError:
        return ()
    start = bars.close_on(cutoff) if bars is not None else None
    if bars is None or start is None or doubt_between(bars, cutoff, end) is not ScaleDoubt.NONE:
        return ()
    return tuple(_growths(bars, cutoff, end, start))


def _growths(bars: Bars, cutoff: date, end: date, start: float) -> list[tuple[date, float]]:
    days = [to_date(session) for session in bars.sessions]
    closes = ((day, bars.close_on(day)) for day in days if cutoff < day <= end)
    return [(day, float(np.log(close / start))) for day, close in closes if close is not None]
