"""What every face asks. Plain values out; errors are BellwetherErrors whose text is for people."""

from dataclasses import dataclass
from datetime import date, datetime

from bellwether.ask.evenings import with_evening
from bellwether.ask.incidents import going_on, with_incident
from bellwether.ask.point_in_time import inputs_at, last_session, reports_at
from bellwether.charts.beside import NOTHING, Beside
from bellwether.core.errors import BellwetherError, StoreError
from bellwether.core.parsing import parse_date, parse_horizon
from bellwether.core.types import (
    Q10,
    Q90,
    Forecast,
    Instrument,
    Outlook,
    Problem,
    Shape,
    Theme,
    issues_forecasts,
    to_date,
)
from bellwether.forecasting.forecaster import forecast_at, make_outlook
from bellwether.market.bars import STALE_AFTER
from bellwether.market.provider import Provider
from bellwether.market.symbols.resolve import Resolver
from bellwether.services import Services
from bellwether.track_record.demotion.gate import apply_gate, demoted, gate
from bellwether.track_record.grading import GradedRange, Range, outcome_when_sure
from bellwether.track_record.ledger import issue as issuing
from bellwether.track_record.ledger import ledger_table, published_heads_table
from bellwether.track_record.ledger.published_heads_table import PublishedHead
from bellwether.track_record.scores.record_summary import with_record
from bellwether.track_record.scores.simulated_record import simulated_record
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bellwether.track_record.scores.types import GateStatus, TrackRecord


def resolve(services: Services, text: str) -> Instrument:
    """The instrument a person means by a symbol or a company's name.

    Raises BadSymbol, UnknownSymbol, AmbiguousSymbol or MarketDataError.
    """
    return Resolver(services.universe, services.provider, services.store, services.clock).resolve(text)


def outlook(services: Services, instrument: Instrument, as_of: date | None = None) -> Outlook:
    """All horizons for one instrument, from the bars up to `as_of`, or up to the last closed session.

    A day in the past is answered by a model that had not seen what came after it, where there is one. Raises BadDate,
    MarketDataError or UnusableBars.
    """
    end = last_session(instrument.calendar, as_of, services.clock())
    reports = reports_at(services.reports, instrument, as_of, services.clock())
    known = inputs_at(services.provider, instrument, end, reports=reports)
    if as_of is None:
        return services.outlooks.get(with_evening(services, known, services.model), services.model)
    model = services.models.for_day(end)
    return make_outlook(with_evening(services, known, model, looks_back=True), model)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A forecast, and the outlook it was read from: what a chart is drawn of."""

    forecast: Forecast
    outlook: Outlook


def answer(services: Services, text: str, horizon: int, as_of: date | None = None) -> Answer:
    """The forecast for what a person typed. Raises every error of `resolve` and `outlook`, and BadHorizon."""
    of_symbol = outlook(services, resolve(services, text), as_of)
    if as_of is not None:
        return Answer(forecast_at(of_symbol, horizon, services.clock()), of_symbol)
    return issue(services, of_symbol, horizon)


def issue(services: Services, outlook: Outlook, horizon: int) -> Answer:
    """The forecast that is given to somebody, entered into the ledger first, with its symbol's record beside it.

    Where the record speaks against the model the plain rule answers. A database in trouble keeps nobody from a
    forecast: it then says that it could not be entered. Raises BadHorizon.
    """
    outlook, simulated = as_shown(services, outlook), not issues_forecasts(services.provider.name)
    made = services.outlooks.forecast_at(outlook, horizon, services.clock())
    made = with_incident(with_record(services.store, made, simulated=simulated), going_on(services))
    return Answer(issuing.issue(services.store, outlook, made), outlook)


def as_shown(services: Services, outlook: Outlook) -> Outlook:
    """The outlook as people may see it: the plain rule's where the record speaks against the model."""
    if not issues_forecasts(services.provider.name):
        return outlook
    return apply_gate(services.store, outlook, len(services.universe))


def outlooks_to_enter(services: Services, instrument: Instrument) -> list[tuple[Outlook, bool]]:
    """What the ledger should hold of an instrument's newest session: (outlook, whether it is what people are shown).

    A silenced model goes on being scored, and so do the models that are only tried.
    """
    now = services.clock()
    reports = reports_at(services.reports, instrument, None, now)
    end = last_session(instrument.calendar, None, now)
    known = inputs_at(services.provider, instrument, end, reports=reports)
    own = make_outlook(with_evening(services, known, services.model), services.model)
    shown = apply_gate(services.store, own, len(services.universe))
    beside = services.models.named(services.settings.models.shadow)
    tried = [make_outlook(with_evening(services, known, model), model) for model in beside]
    silenced = [own] if shown is not own else []
    return [(shown, True), *((outlook, False) for outlook in (*silenced, *tried) if outlook.problem is None)]


def track_record(
    services: Services,
    *,
    symbol: str | None = None,
    horizon: int | None = None,
    model_id: str | None = None,
    since: date | None = None,
) -> TrackRecord:
    """How issued forecasts turned out; of the sample market, how they would have: `simulated` then says so.

    `symbol` as the universe writes it; `since` is the first cutoff that counts. Raises StoreError, and LedgerError for
    a simulated record that cannot be read.
    """
    asked = RecordFilter(symbol, horizon, model_id, since)
    if not issues_forecasts(services.provider.name):
        return simulated_record(services.store, asked)
    gates: tuple[GateStatus, ...] = ()
    if services.model is not None and symbol is None:
        gates = (gate(services.store, services.model.card.model_id),)
    return live_record(services.store, asked, gates)


def asked_record(
    services: Services, symbol: str | None, horizon: str | None, model_id: str | None, since: str | None
) -> TrackRecord:
    """The same for what somebody wrote. Raises also what `resolve`, `parse_horizon` and `parse_date` do."""
    return track_record(
        services,
        symbol=resolve(services, symbol).symbol if symbol is not None else None,
        horizon=parse_horizon(horizon) if horizon is not None else None,
        model_id=model_id,
        since=parse_date(since) if since is not None else None,
    )


def ledger_head(services: Services) -> str:
    """The last row of the ledger as ROWS:HASH: whoever notes it can prove later that no row up to it was changed.

    Empty while nothing was issued. Raises StoreError.
    """
    if not issues_forecasts(services.provider.name):
        return ""
    with services.store.reading() as db:
        head = ledger_table.CHAIN.head(db)
    return str(head) if head.rows else ""


def published_head(services: Services) -> PublishedHead | None:
    """The newest head of the ledger that left the house by today; None where there is none that can be read."""
    try:
        with services.store.reading() as db:
            return published_heads_table.newest(db, services.clock().date())
    except StoreError:
        return None


def chart_png(
    asked: Answer, theme: Theme, shape: Shape = "wide", beside: Beside = NOTHING, shown: int | None = None
) -> bytes:
    """The fan chart of an answer as PNG, over `shown` sessions of the past."""
    from bellwether.charts import kit
    from bellwether.charts.fan import fan_chart
    from bellwether.charts.renderer import to_png

    chart = fan_chart(asked.outlook, asked.forecast.horizon, theme, shape, beside, shown)
    return to_png(chart, kit.SCALES.get(shape, kit.SCALE))


def chart_svg(
    asked: Answer, theme: Theme, shape: Shape = "wide", beside: Beside = NOTHING, shown: int | None = None
) -> str:
    """The same chart as SVG."""
    from bellwether.charts.fan import fan_chart
    from bellwether.charts.renderer import to_svg

    return to_svg(fan_chart(asked.outlook, asked.forecast.horizon, theme, shape, beside, shown))


def previous(services: Services, asked: Answer) -> Forecast | None:
    """The forecast of one session earlier, made again from its bars; None when it cannot be made."""
    bars = asked.outlook.bars
    if len(bars) < 2:
        return None
    try:
        # by the model that was asked: a change must be the prices', not another model's
        model = services.models.for_day(bars.cutoff)
        end = to_date(bars.sessions[-2])
        instrument = asked.outlook.instrument
        known = inputs_at(services.provider, instrument, end, reports=services.reports.known(instrument, end))
        if asked.outlook.evening is not None:  # nor what we know of that evening
            known = with_evening(services, known, model, looks_back=True)
        before = make_outlook(known, model)
        if asked.outlook.problem is Problem.SILENCED:
            before = demoted(before)
        return forecast_at(before, asked.forecast.horizon, asked.forecast.made_at)
    except BellwetherError:
        return None


def what_came(provider: Provider, asked: Answer, now: datetime) -> GradedRange | None:
    """How the 8-in-10 range of a forecast as of a past day turned out; None while nobody can know.

    Raises MarketDataError.
    """
    made = asked.forecast
    newest = last_session(asked.outlook.instrument.calendar, None, now)
    if made.target_session > newest:
        return None
    low, high = made.log_returns[Q10], made.log_returns[Q90]
    forecast = Range(made.symbol, made.cutoff, made.horizon, made.target_session, low, high)
    waited = (newest - made.target_session).days > STALE_AFTER
    return outcome_when_sure(forecast, provider.bars(made.symbol, made.target_session), waited=waited)
