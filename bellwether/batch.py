"""Forecasts of many symbols at once: what they have in common is looked up once, and the ledger is written once.

symbols | resolve | an outlook each | the forecasts | into the ledger, in one transaction

The model runs once for each symbol: over many windows at once it would be four times as fast, and differ in the eighth
digit, by which a forecast would not be the same one any more that chat, page and ledger have.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from bellwether import queries
from bellwether.errors import BellwetherError, StoreError
from bellwether.forecasting.forecaster import forecast_at
from bellwether.kept_outlooks import KeptOutlooks
from bellwether.scoring import issuing
from bellwether.scoring.beside import with_record
from bellwether.services import Services
from bellwether.store import ledger
from bellwether.types import Bars, Forecast, Instrument, Outlook

log = logging.getLogger(__name__)
Made = dict[str, tuple[Outlook, Forecast]]


def forecasts(
    services: Services,
    symbols: Sequence[str],
    horizon: int,
    as_of: date | None = None,
    *,
    allowed: Callable[[str], None] = lambda symbol: None,
    kept: KeptOutlooks | None = None,
) -> list[Forecast | BellwetherError]:
    """What `queries.answer` gives for each of these symbols or names, in their order, or what it raises.

    `allowed` raises a BellwetherError for a symbol that this caller may not ask for; `kept` has what earlier batches
    worked out.
    """
    work = _Batch(services, horizon, as_of, allowed, kept or KeptOutlooks())
    made: Made = {}
    problems: dict[str, BellwetherError] = {}
    for text in dict.fromkeys(symbols):
        try:
            made[text] = work.one(text)
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
        kept: KeptOutlooks,
    ) -> None:
        self._services, self._horizon, self._as_of, self._allowed = services, horizon, as_of, allowed
        self._kept = kept
        self._known_by = replace(services, provider=_Once(services))  # type: ignore[arg-type]  # for `known_at` alone
        self._ends: dict[str, date] = {}

    def one(self, text: str) -> tuple[Outlook, Forecast]:
        """One symbol, as `queries.answer` has it but for the ledger. Raises what that does."""
        services = self._services
        one = queries.resolve(services, text)
        self._allowed(one.symbol)
        end = self._end(one)
        model = services.model if self._as_of is None else services.shelf.for_day(end)
        seen = self._kept.get(queries.known_at(self._known_by, one, end), model)
        if self._as_of is not None:
            return seen, forecast_at(seen, self._horizon, services.clock())
        seen = queries.as_shown(services, seen)
        made = forecast_at(seen, self._horizon, services.clock())
        return seen, with_record(services.store, made, simulated=services.provider.name == queries.SAMPLE)

    def _end(self, one: Instrument) -> date:
        """The newest session, the same for all that trade by one calendar."""
        if one.calendar not in self._ends:
            self._ends[one.calendar] = queries.last_session(self._services, one, self._as_of)
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
    issued = {text: (seen, one) for text, (seen, one) in made.items() if issuing.is_issued(seen, one)}
    if not issued:
        return {}
    try:
        with services.store.reading() as db:
            known = ledger.known_among(db, [one.forecast_id for _, one in issued.values()])
        new = [issuing.row_of(seen, one) for seen, one in issued.values() if one.forecast_id not in known]
        if new:
            issuing.record(services.store, new)
    except StoreError as problem:
        log.error("The forecasts of a batch are not in the ledger: %s", problem.for_operator)
        return {
            text: (seen, replace(one, caveats=(*one.caveats, issuing.UNRECORDED)))
            for text, (seen, one) in issued.items()
        }
    return {}
