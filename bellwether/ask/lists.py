"""The range of a list held in equal parts.

symbols | resolve, each once | their outlooks; without an answer: left out, and told
| the target day of most | each range up to that day | closes on sessions that all share | joint_range

The target is one day for all: the session `horizon` ahead on the calendar that most of them have. A coin, which trades
on weekends, looks 14 sessions ahead where a share looks 10. Where exchanges differ, returns over two sessions are
correlated, since what one hears of after its close the other answers on the same day. Each symbol is measured in its
own currency.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

import numpy as np

from bellwether.ask import forecasts
from bellwether.ask.incidents import going_on, with_incident
from bellwether.core.errors import BadSymbol, BellwetherError, UnusableBars
from bellwether.core.i18n.translate import said
from bellwether.core.types import MAX_HORIZON, Floats, Forecast, Outlook, Problem
from bellwether.forecasting.caveats import untested_since
from bellwether.forecasting.forecaster import forecast_at
from bellwether.forecasting.joint import (
    FEWEST_RETURNS,
    TWO_YEARS,
    YEAR,
    correlations_of,
    historical_growths,
    joint_range,
    overlapping,
)
from bellwether.forecasting.list_forecast import ListForecast, ListMember, NotInList
from bellwether.market.calendar import session_after, sessions_between
from bellwether.services import Services
from bellwether.track_record.ledger.lists import issue, with_record
from bellwether.track_record.scores.record_summary import with_tested_models

MOST = 50  #: symbols of a list
_TOO_SHORT = said("there is too little price history to tell how it moves with the others")


def forecast_list(
    services: Services,
    symbols: Sequence[str],
    horizon: int,
    as_of: date | None = None,
    *,
    allowed: Callable[[str], None] = lambda symbol: None,
    may_enter: Callable[[], bool] | None = None,
) -> ListForecast:
    """What these symbols or names may do together, each counted once; entered before anybody sees it.

    Of a visitor whom nobody knows it is entered where `may_enter` and `ledger.lists.issue` let it. `allowed` raises a
    BellwetherError for a symbol that this caller may not ask for; that is passed on. Raises BadSymbol for none or too
    many, BadHorizon, and what the first symbol raised where none can be answered.
    """
    names = list(dict.fromkeys(text.strip() for text in symbols if text.strip()))
    if not names:
        raise BadSymbol(said("Please name the stocks of the list."))
    if len(names) > MOST:
        raise BadSymbol(said("A list may have up to {most} stocks; this one has {count}.", most=MOST, count=len(names)))
    outlooks, left_out, problems = dict[str, Outlook](), list[NotInList](), list[BellwetherError]()
    for text in names:
        try:
            instrument = forecasts.resolve(services, text)
        except BellwetherError as problem:
            problems.append(problem)
            left_out.append(NotInList(text, problem.text))
            continue
        allowed(instrument.symbol)
        try:
            made = forecasts.outlook(services, instrument, as_of)
        except BellwetherError as problem:
            problems.append(problem)
            left_out.append(NotInList(instrument.symbol, problem.text))
            continue
        outlooks[made.instrument.symbol] = made if as_of is not None else forecasts.as_shown(services, made)
    answer = of_outlooks(services, outlooks, horizon, left_out, problems)
    if as_of is not None:
        return answer
    answer = with_tested_models(services.store, with_record(services.store, answer))
    answer = with_incident(answer, going_on(services))
    return issue(services.store, answer, may_enter)


def of_outlooks(
    services: Services,
    outlooks: dict[str, Outlook],
    horizon: int,
    left_out: Sequence[NotInList] = (),
    problems: Sequence[BellwetherError] = (),
) -> ListForecast:
    """The same of outlooks by symbol, as they are shown. Raises the first problem, or UnusableBars, where none is."""
    sound, more = _joinable(outlooks)
    if not sound:
        raise problems[0] if problems else UnusableBars(said("None of these stocks can be answered just now."))
    shared = reduce(np.intersect1d, (outlook.bars.sessions for outlook in sound))[-TWO_YEARS - 1 :]
    closes = np.stack([o.bars.closes[np.searchsorted(o.bars.sessions, shared)] for o in sound], axis=1)
    if len(sound) > 1 and len(shared) <= FEWEST_RETURNS:
        raise UnusableBars(said("These stocks share too few trading days to tell how they move together."))
    # a file's sample ends for all on one day; a live market's calendars do not
    (calendar, _), *_others = Counter(outlook.instrument.calendar for outlook in sound).most_common(1)
    cutoff = max(outlook.bars.cutoff for outlook in sound if outlook.instrument.calendar == calendar)
    now = services.clock()
    forecast_at(sound[0], horizon, now)  # raises BadHorizon
    target = session_after(calendar, cutoff, horizon)
    members = [_up_to(services, outlook, target) for outlook in sound]
    together = correlations_of(_returns(closes, {outlook.instrument.calendar for outlook in sound}))
    symbols = [member.forecast.symbol for member in members]
    joined = joint_range(symbols, np.stack([member.quantiles for member in members]), together)
    plain = historical_growths(closes, horizon)
    shares = joined.shares or (None,) * len(members)
    return ListForecast(
        members=tuple(ListMember(m.forecast, m.calendar, share) for m, share in zip(members, shares, strict=True)),
        left_out=(*left_out, *more),
        horizon=horizon,
        calendar=calendar,
        cutoff=cutoff,
        target=target,
        made_at=now,
        growths=joined.growths,
        plain=tuple(np.round(plain, 6).tolist()) if len(shared) > YEAR and np.isfinite(plain).all() else (),
        expected_loss=joined.expected_loss,
        sessions=min(len(shared) - 1, YEAR),
        source=sound[0].source,
        caveats=_caveats(sound, [member.forecast for member in members]),
    )


def _joinable(outlooks: dict[str, Outlook]) -> tuple[list[Outlook], list[NotInList]]:
    """Those that can be joined, by symbol, and why the others cannot."""
    sound, left_out = list[Outlook](), list[NotInList]()
    for symbol in sorted(outlooks):
        outlook = outlooks[symbol]
        if outlook.problem is Problem.STALE:
            left_out.append(NotInList(symbol, said(Problem.STALE.value)))
        elif len(outlooks) > 1 and len(outlook.bars) <= FEWEST_RETURNS:
            left_out.append(NotInList(symbol, _TOO_SHORT))
        else:
            sound.append(outlook)
    return sound, left_out


@dataclass(frozen=True, slots=True, eq=False)
class _Margin:
    forecast: Forecast
    calendar: str
    quantiles: Floats  #: log returns at LEVELS, up to the list's target


def _up_to(services: Services, outlook: Outlook, target: date) -> _Margin:
    """A symbol's own range up to the list's target day; beyond the longest horizon it grows with the root of time.

    Where its exchange has no session left until then, as Tokyo on the evening of its own day, its price stays.
    """
    steps = sessions_between(outlook.instrument.calendar, outlook.bars.cutoff, target)
    made = services.outlooks.forecast_at(outlook, min(max(steps, 1), MAX_HORIZON), services.clock())
    quantiles: Floats = np.array(made.log_returns)
    if steps == 0:
        quantiles = np.zeros_like(quantiles)
    if steps > MAX_HORIZON:
        quantiles = quantiles * (steps / MAX_HORIZON) ** 0.5
        made = replace(made, log_returns=tuple(quantiles.tolist()), horizon=steps, target_session=target)
    return _Margin(made, outlook.instrument.calendar, quantiles)


def _returns(closes: Floats, calendars: set[str]) -> Floats:
    """Log returns of the last year on shared sessions; over two sessions each where exchanges differ."""
    with np.errstate(divide="ignore", invalid="ignore"):
        returns: Floats = np.diff(np.log(closes), axis=0)
    returns = np.nan_to_num(returns[-YEAR:], nan=0.0, posinf=0.0, neginf=0.0)
    return overlapping(returns) if len(calendars) > 1 else returns


def _caveats(sound: Sequence[Outlook], made: Sequence[Forecast]) -> tuple[str, ...]:
    silent = [outlook.instrument.symbol for outlook in sound if outlook.problem is not None]
    caveats = []
    if len({outlook.instrument.currency for outlook in sound if outlook.instrument.currency}) > 1:
        caveats.append(
            said("Each stock is measured in its own currency; how exchange rates move is not in this range.")
        )
    if silent:
        caveats.append(
            said("For {symbols} the plain rule stands in, since the model has no answer.", symbols=", ".join(silent))
        )
    if len({forecast.cutoff for forecast in made}) > 1:
        caveats.append(said("Not all of them closed on the same day; each range begins at its own last close."))
    of_all = set.intersection(*(set(forecast.caveats) for forecast in made))
    # that a model is old holds for the list too where only some of its symbols have that model's range
    ages = {untested_since(forecast.learned_to) for forecast in made if forecast.learned_to is not None}
    of_each = dict.fromkeys(caveat for forecast in made for caveat in forecast.caveats)
    return (*caveats, *(caveat for caveat in of_each if caveat in of_all or caveat in ages))
