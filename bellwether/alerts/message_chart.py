"""The chart of a message that is sent of our own accord, for where no button can ask for it."""

import re
from collections.abc import Sequence
from datetime import date

from bellwether.ask import forecasts
from bellwether.ask.beside import beside
from bellwether.ask.forecasts import Answer
from bellwether.charts import kit
from bellwether.charts.ranges import range_chart
from bellwether.charts.renderer import to_png
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q90, Forecast, Theme
from bellwether.delivery.messages import OutboxMessage
from bellwether.delivery.offers import OfferKind
from bellwether.delivery.targets.told import MessageChart
from bellwether.forecasting import sentences
from bellwether.services import Services

MOST = 5  #: symbols in one chart
_TITLE = 62  #: pixels of a title and what stands under it
_SESSION = re.compile(r":(\d{4}-\d{2}-\d{2})(?:$|:)")  #: in the dedup_key of what is told after a close


def chart_of(services: Services, message: OutboxMessage, theme: Theme) -> MessageChart | None:
    """The fan of the forecast that a message offers, or the ranges of several, in the language that is spoken.

    As of the session that the message is about, however late it is sent: its words tell of these ranges. None where it
    offers no forecast.
    """
    session = _session_of(message)
    offered = [offer.about.rpartition(":") for offer in message.offers if offer.kind is OfferKind.FORECAST]
    if session is None or not offered:
        return None
    horizon = int(offered[0][2])
    symbols = [symbol for symbol, _colon, far in offered if int(far) == horizon]
    asked = [answer for symbol in symbols[:MOST] if (answer := _answer(services, symbol, horizon, session)) is not None]
    if not asked:
        return None
    if len(asked) > 1:
        return _ranges([answer.forecast for answer in asked], theme)
    png = forecasts.chart_png(asked[0], theme, "chat", beside(services, asked[0]))
    made = asked[0].forecast
    return MessageChart(png, f"{_chart_of([made])}. {sentences.headline(made)} {sentences.numbers(made)}")


def _session_of(message: OutboxMessage) -> date | None:
    written = _SESSION.search(message.dedup_key)
    return date.fromisoformat(written[1]) if written is not None else None


def _answer(services: Services, symbol: str, horizon: int, session: date) -> Answer | None:
    """As the tick made it, and entered into the ledger like everything that is shown."""
    try:
        outlook = forecasts.outlook(services, services.provider.instrument(symbol), session)
        return forecasts.issue(services, outlook, horizon)
    except BellwetherError:
        return None


def _ranges(made: Sequence[Forecast], theme: Theme) -> MessageChart:
    words = "; ".join(
        f"{forecast.symbol} {sentences.signed_percent(forecast.growths[Q10])}"
        f" … {sentences.signed_percent(forecast.growths[Q90])}"
        for forecast in made
    )
    legend = _("{span}: orange holds 8 in 10 outcomes, its core half of them")
    told = legend.format(span=sentences.span(made[0].horizon))
    chart, symbols = range_chart(made, theme, "chat"), ", ".join(forecast.symbol for forecast in made)
    chart |= {
        "height": chart["height"] + _TITLE,
        "title": kit.heading(kit.PALETTES[theme], symbols, [told], width=chart["width"], size=15),
    }
    return MessageChart(to_png(chart, kit.SCALES["chat"]), f"{_chart_of(made)}. {told}: {words}")


def _chart_of(made: Sequence[Forecast]) -> str:
    return _("Chart of {symbol}").format(symbol=", ".join(forecast.symbol for forecast in made))
