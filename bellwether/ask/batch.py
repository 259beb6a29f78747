"""Forecasts of many symbols at once: what they have in common is looked up once, and the ledger is written once.

symbols | resolve, and look up the bars | the outlooks | the forecasts | into the ledger, in one transaction
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial

from bellwether.ask import forecasts as ask_forecasts
from bellwether.ask.evenings import with_evening
from bellwether.ask.incidents import going_on, with_incident
from bellwether.ask.point_in_time import inputs_at, last_session, market_until, reports_at
from bellwether.core.errors import BellwetherError, StoreError, UnusableBars
from bellwether.core.types import Forecast, ForecastInputs, Instrument, Outlook, issues_forecasts
from bellwether.forecasting.forecaster import forecast_at, make_outlooks
from bellwether.models.onnx_model import OnnxModel
from bellwether.services import Services
from bellwether.track_record.ledger import issue, ledger_table
from bellwether.track_record.scores.record_summary import with_record

log = logging.getLogger(__name__)
Made = dict[str, tuple[Outlook, Forecast]]


def forecasts(
    services: Services,
    symbols: Sequence[str],
    horizon: int,
    as_of: date | None = None,
    *,
    allowed: Callable[[str], None] = lambda symbol: None,
) -> list[Forecast | BellwetherError]:
    """What `forecasts.answer` gives for each of these symbols or names, in their order, or what it raises.

    `allowed` raises a BellwetherError for a symbol that this caller may not ask for.
    """
    work = _Batch(services, horizon, as_of)
    asked: dict[str, tuple[ForecastInputs, OnnxModel | None]] = {}
    made: Made = {}
    problems: dict[str, BellwetherError] = {}
    for text in dict.fromkeys(symbols):
        try:
            instrument = ask_forecasts.resolve(services, text)
            allowed(instrument.symbol)
            asked[text] = work.look_up(instrument)
        except BellwetherError as problem:
            problems[text] = problem
    for text, outlook in zip(asked, work.outlooks(list(asked.values())), strict=True):
        try:
            made[text] = work.forecast(outlook)
        except BellwetherError as problem:
            problems[text] = problem
    if as_of is None:
        made |= _entered(services, made)
    return [problems[text] if text in problems else made[text][1] for text in symbols]


class _Batch:
    """What the symbols of one batch have in common."""

    def __init__(self, services: Services, horizon: int, as_of: date | None) -> None:
        self._services, self._horizon, self._as_of = services, horizon, as_of
        self._last_session = cache(partial(last_session, as_of=as_of, now=services.clock()))
        self._market = cache(partial(market_until, services.provider))
        self._incident = cache(partial(going_on, services))

    def look_up(self, instrument: Instrument) -> tuple[ForecastInputs, OnnxModel | None]:
        """What is known of one symbol, and which model is asked. Raises what `forecasts.outlook` does."""
        services, end = self._services, self._last_session(instrument.calendar)
        model = services.model if self._as_of is None else services.models.for_day(end)
        reports = reports_at(services.reports, instrument, self._as_of, services.clock())
        known = inputs_at(services.provider, instrument, end, self._market, reports=reports)
        return with_evening(services, known, model, looks_back=self._as_of is not None), model

    def outlooks(self, asked: Sequence[tuple[ForecastInputs, OnnxModel | None]]) -> list[Outlook | UnusableBars]:
        """One for each, or why there is none. Of a day long past calendars may differ in the model that answers."""
        make = self._services.outlooks.get_all if self._as_of is None else make_outlooks
        made: dict[int, Outlook | UnusableBars] = {}
        for model in {its for _, its in asked}:
            mine = [at for at, (_, its) in enumerate(asked) if its is model]
            made |= zip(mine, make([asked[at][0] for at in mine], model), strict=True)
        return [made[at] for at in range(len(asked))]

    def forecast(self, outlook: Outlook | UnusableBars) -> tuple[Outlook, Forecast]:
        """The forecast as `forecasts.answer` has it, but for the ledger. Raises what that does."""
        if isinstance(outlook, UnusableBars):
            raise outlook
        services = self._services
        if self._as_of is not None:
            return outlook, forecast_at(outlook, self._horizon, services.clock())
        outlook = ask_forecasts.as_shown(services, outlook)
        made = services.outlooks.forecast_at(outlook, self._horizon, services.clock())
        made = with_record(services.store, made, simulated=not issues_forecasts(services.provider.name))
        return outlook, with_incident(made, self._incident())


def _entered(services: Services, made: Made) -> Made:
    """Enter what is issued into the ledger before anybody sees it; what could not be entered says so."""
    issued = {text: pair for text, pair in made.items() if issue.is_issued(*pair)}
    if not issued:
        return {}
    try:
        with services.store.reading() as db:
            known = ledger_table.CHAIN.known_among(db, [forecast.forecast_id for _, forecast in issued.values()])
        new = [issue.row_of(*pair) for pair in issued.values() if pair[1].forecast_id not in known]
        if new:
            issue.record(services.store, new)
    except StoreError as problem:
        log.error("The forecasts of a batch are not in the ledger: %s", problem.for_operator)
        return {
            text: (outlook, replace(forecast, caveats=(*forecast.caveats, issue.UNRECORDED)))
            for text, (outlook, forecast) in issued.items()
        }
    return {}
