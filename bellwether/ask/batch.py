"""Forecasts of many symbols at once: what they have in common is looked up once, and the ledger is written once.

symbols | resolve, and look up the bars | the outlooks | the forecasts | into the ledger, in one transaction
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from bellwether.ask import forecasts as ask_forecasts
from bellwether.ask.point_in_time import inputs_at, last_session
from bellwether.core.errors import BellwetherError, StoreError, UnusableBars
from bellwether.core.types import Bars, Forecast, ForecastInputs, Instrument, Outlook, issues_forecasts
from bellwether.forecasting.forecaster import forecast_at, make_outlooks
from bellwether.models.onnx_model import OnnxModel
from bellwether.services import Services
from bellwether.track_record.ledger import issue, ledger_table
from bellwether.track_record.scores.record_summary import with_record

log = logging.getLogger(__name__)
Made = dict[str, tuple[Outlook, Forecast]]
_Asked = tuple[ForecastInputs, OnnxModel | None]


def forecasts(
    services: Services,
    symbols: Sequence[str],
    horizon: int,
    as_of: date | None = None,
    *,
    allowed: Callable[[str], None] = lambda symbol: None,
) -> list[Forecast | BellwetherError]:
    """What `queries.answer` gives for each of these symbols or names, in their order, or what it raises.

    `allowed` raises a BellwetherError for a symbol that this caller may not ask for.
    """
    work = _Batch(services, horizon, as_of, allowed)
    asked: dict[str, _Asked] = {}
    made: Made = {}
    problems: dict[str, BellwetherError] = {}
    for text in dict.fromkeys(symbols):
        try:
            asked[text] = work.look_up(text)
        except BellwetherError as problem:
            problems[text] = problem
    for text, seen in zip(asked, work.outlooks(list(asked.values())), strict=True):
        try:
            made[text] = work.forecast(seen)
        except BellwetherError as problem:
            problems[text] = problem
    if as_of is None:
        made |= _entered(services, made)
    return [problems[text] if text in problems else made[text][1] for text in symbols]


class _Batch:
    """What the symbols of one batch have in common."""

    def __init__(
        self,
        services: Services,
        horizon: int,
        as_of: date | None,
        allowed: Callable[[str], None],
    ) -> None:
        self._services, self._horizon, self._as_of, self._allowed = services, horizon, as_of, allowed
        self._known_by = replace(services, provider=_Once(services))  # type: ignore[arg-type]  # for `inputs_at` alone
        self._ends: dict[str, date] = {}

    def look_up(self, text: str) -> _Asked:
        """What is known of one symbol, and who is to say more. Raises what `queries.answer` does."""
        one = ask_forecasts.resolve(self._services, text)
        self._allowed(one.symbol)
        end = self._end(one)
        model = self._services.model if self._as_of is None else self._services.shelf.for_day(end)
        return inputs_at(self._known_by, one, end), model

    def outlooks(self, asked: Sequence[_Asked]) -> list[Outlook | UnusableBars]:
        """One for each, or why there is none. Of a day long past calendars may differ in the model that answers."""
        make = self._services.outlooks.get_all if self._as_of is None else make_outlooks
        made: dict[int, Outlook | UnusableBars] = {}
        for model in {its for _, its in asked}:
            mine = [at for at, (_, its) in enumerate(asked) if its is model]
            made |= zip(mine, make([asked[at][0] for at in mine], model), strict=True)
        return [made[at] for at in range(len(asked))]

    def forecast(self, seen: Outlook | UnusableBars) -> tuple[Outlook, Forecast]:
        """The forecast as `queries.answer` has it, but for the ledger. Raises what that does."""
        if isinstance(seen, UnusableBars):
            raise seen
        services = self._services
        if self._as_of is not None:
            return seen, forecast_at(seen, self._horizon, services.clock())
        seen = ask_forecasts.as_shown(services, seen)
        made = forecast_at(seen, self._horizon, services.clock())
        return seen, with_record(services.store, made, simulated=not issues_forecasts(services.provider.name))

    def _end(self, one: Instrument) -> date:
        """The newest session, the same for all that trade by one calendar."""
        if one.calendar not in self._ends:
            self._ends[one.calendar] = last_session(self._services, one, self._as_of)
        return self._ends[one.calendar]


class _Once:
    """A market whose bars are asked for once: those of the market series stand beside every symbol."""

    def __init__(self, services: Services) -> None:
        provider = services.provider
        self._provider = provider
        self.name, self.live, self.note = provider.name, provider.live, provider.note
        self._bars: dict[tuple[str, date], Bars] = {}

    def bars(self, symbol: str, end: date) -> Bars:
        """As the market has them. Raises what it raises."""
        key = (symbol, end)
        if key not in self._bars:
            self._bars[key] = self._provider.bars(symbol, end)
        return self._bars[key]


def _entered(services: Services, made: Made) -> Made:
    """Enter what is issued into the ledger before anybody sees it; what could not be entered says so."""
    issued = {text: (seen, one) for text, (seen, one) in made.items() if issue.is_issued(seen, one)}
    if not issued:
        return {}
    try:
        with services.store.reading() as db:
            known = ledger_table.known_among(db, [one.forecast_id for _, one in issued.values()])
        new = [issue.row_of(seen, one) for seen, one in issued.values() if one.forecast_id not in known]
        if new:
            issue.record(services.store, new)
    except StoreError as problem:
        log.error("The forecasts of a batch are not in the ledger: %s", problem.for_operator)
        return {
            text: (seen, replace(one, caveats=(*one.caveats, issue.UNRECORDED))) for text, (seen, one) in issued.items()
        }
    return {}
