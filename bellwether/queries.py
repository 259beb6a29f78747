"""What every face asks. Plain values out; errors are BellwetherErrors whose text is for people."""

from dataclasses import dataclass
from datetime import date, timedelta

from bellwether.errors import BadDate, BellwetherError, LimitReached, MarketDataError, UnknownSymbol
from bellwether.forecasting.forecaster import forecast_at, make_outlook
from bellwether.forecasting.onnx_model import OnnxModel
from bellwether.market.calendar import closes_at, is_session, last_closed_session
from bellwether.market.universe import as_symbol, by_name, clean_question, listed, near_symbols
from bellwether.services import Services
from bellwether.store import chats, subscriptions
from bellwether.types import MARKET_SERIES, Bars, Forecast, Instrument, Outlook, Shape, Subscription, Theme, to_date

EARLIEST = date(1900, 1, 1)  #: as-of dates before it are typing errors
SETTLING = timedelta(minutes=20)  #: after a close its auction and delayed feeds still move the bar
MARKET_CALENDAR = "XNYS"  #: of MARKET_SERIES
HISTORY = 2520  #: bars an answer may rest on, ten years: the same whatever a source keeps beyond them


def resolve(services: Services, text: str) -> Instrument:
    """The instrument a person means by a symbol or a company's name. Raises BadSymbol or UnknownSymbol."""
    asked = clean_question(text)
    universe = services.provider.universe()
    if any(one.symbol == asked.upper() for one in universe):
        return services.provider.instrument(asked.upper())
    symbol = as_symbol(asked)
    if symbol and any(one.symbol == symbol for one in universe):
        return services.provider.instrument(symbol)
    named = by_name(asked, universe)
    # "ford" is a company's name, FORD another company's symbol: capitals ask for the symbol first
    if named and not asked.isupper():
        return services.provider.instrument(named.symbol)
    try:
        if symbol is None:
            raise UnknownSymbol(asked, near_symbols(asked, universe), services.provider.describe())
        return services.provider.instrument(symbol)
    except UnknownSymbol:
        if named is None:
            raise
        return services.provider.instrument(named.symbol)


def outlook(services: Services, instrument: Instrument, as_of: date | None = None) -> Outlook:
    """All horizons for one instrument, from the bars up to `as_of`, or up to the last closed session.

    A day in the past is answered by a model that had not seen what came after it, where there is one. Raises BadDate,
    MarketDataError or UnusableBars.
    """
    end = _last_session(services, instrument, as_of)
    return _outlook(services, instrument, end, services.model if as_of is None else services.shelf.for_day(end))


def _outlook(services: Services, instrument: Instrument, end: date, model: OnnxModel | None) -> Outlook:
    """All horizons from the bars up to the session `end`, by this model."""
    provider = services.provider
    bars = provider.bars(instrument.symbol, end).last(HISTORY)
    return make_outlook(
        instrument,
        bars,
        tuple(_series_or_none(services, symbol, _market_end(instrument, bars.cutoff)) for symbol in MARKET_SERIES),
        model,
        source=provider.name,
        note=provider.note,
        expected=end if provider.live else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A forecast, and the outlook it was read from: what a chart is drawn of."""

    forecast: Forecast
    outlook: Outlook


def answer(services: Services, text: str, horizon: int, as_of: date | None = None) -> Answer:
    """The forecast for what a person typed. Raises every error of `resolve` and `outlook`, and BadHorizon."""
    seen = outlook(services, resolve(services, text), as_of)
    return Answer(forecast_at(seen, horizon, services.clock()), seen)


def chart_png(asked: Answer, theme: Theme, shape: Shape = "wide") -> bytes:
    """The fan chart of an answer as PNG."""
    from bellwether.forecasting.chart import fan_chart, to_png

    return to_png(fan_chart(asked.outlook, asked.forecast.horizon, theme, shape))


def chart_svg(asked: Answer, theme: Theme, shape: Shape = "wide") -> str:
    """The same chart as SVG."""
    from bellwether.forecasting.chart import fan_chart, to_svg

    return to_svg(fan_chart(asked.outlook, asked.forecast.horizon, theme, shape))


def previous(services: Services, asked: Answer) -> Forecast | None:
    """The forecast of one session earlier, made again from its bars; None when it cannot be made."""
    bars = asked.outlook.bars
    if len(bars) < 2:
        return None
    try:
        # by the model that was asked: a change must be the prices', not another model's
        model = services.shelf.for_day(bars.cutoff)
        before = _outlook(services, asked.outlook.instrument, to_date(bars.sessions[-2]), model)
        return forecast_at(before, asked.forecast.horizon, asked.forecast.made_at)
    except BellwetherError:
        return None


@dataclass(frozen=True, slots=True)
class Watched:
    """What happened to a watchlist."""

    instrument: Instrument
    changed: bool  #: False when it was so already
    count: int  #: symbols on the list now


def join(services: Services, chat_id: int, language: str) -> None:
    """Remember a chat that talks to us, and write to it again if it had stopped us."""
    with services.store.transaction() as db:
        chats.join(db, chat_id, language, services.clock())


def watch(services: Services, chat_id: int, text: str, language: str) -> Watched:
    """Put a symbol on a chat's watchlist. Raises LimitReached, StoreError and the errors of `resolve`."""
    one = resolve(services, text)
    limit = services.settings.alerts.watch_limit
    with services.store.transaction() as db:
        chats.join(db, chat_id, language, services.clock())
        watched = subscriptions.of_chat(db, chat_id)
        if len(watched) >= limit and one.symbol not in {each.symbol for each in watched}:
            raise LimitReached(f"You already watch {limit} symbols, the most I can; /unwatch one first.")
        changed = subscriptions.add(db, chat_id, one.symbol, one.calendar, services.clock())
        return Watched(one, changed, len(watched) + changed)


def unwatch(services: Services, chat_id: int, text: str) -> Watched:
    """Take a symbol off a chat's watchlist, also one that the market does not know any more."""
    asked = clean_question(text)
    with services.store.transaction() as db:
        watched = {each.symbol: each for each in subscriptions.of_chat(db, chat_id)}
        symbol = as_symbol(asked)
        if symbol not in watched:
            named = by_name(asked, (listed()[each] for each in watched if each in listed()))
            symbol = named.symbol if named else symbol or asked
        changed = subscriptions.remove(db, chat_id, symbol)
        one = listed().get(symbol) or Instrument(symbol, symbol, "", "", "")
        return Watched(one, changed, len(watched) - changed)


def watchlist(services: Services, chat_id: int) -> list[Subscription]:
    """What a chat watches, oldest first."""
    with services.store.reading() as db:
        return subscriptions.of_chat(db, chat_id)


def _last_session(services: Services, instrument: Instrument, as_of: date | None) -> date:
    """The newest session that may be looked at."""
    now = services.clock()
    closed = last_closed_session(instrument.calendar, now - SETTLING)
    if as_of is None:
        return closed
    if as_of < EARLIEST:
        raise BadDate(f"No prices reach back to {as_of}; please give a date from {EARLIEST} on.")
    if as_of > now.date():
        raise BadDate(f"{as_of} has not come yet; please give a date up to {now.date()}.")
    return min(as_of, closed)


def _market_end(instrument: Instrument, cutoff: date) -> date:
    """The newest New York session that was closed when the instrument's own cutoff session was.

    London's Friday ends while New York still trades: a forecast as of it must know Thursday's index and no more.
    """
    if instrument.calendar == MARKET_CALENDAR or not is_session(instrument.calendar, cutoff):
        return cutoff
    return last_closed_session(MARKET_CALENDAR, closes_at(instrument.calendar, cutoff))


def _series_or_none(services: Services, symbol: str, cutoff: date) -> Bars | None:
    """A market series up to the same cutoff; None when the source does not have it: the model can do without."""
    try:
        return services.provider.bars(symbol, cutoff)
    except (MarketDataError, UnknownSymbol, BadDate):
        return None
