"""A forecast as the words and addresses that its page shows. Pure: a Forecast in, text out, no markup."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote, urlencode

from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import LEVELS, Q10, Q90, Forecast, Shape, Theme
from bellwether.forecasting import sentences
from bellwether.market.holes import Gap, gap
from bellwether.track_record.grading import GradedRange

_ODDS = {
    0.95: "5\N{NO-BREAK SPACE}% chance it ends above",
    0.9: "10\N{NO-BREAK SPACE}% chance it ends above",
    0.75: "25\N{NO-BREAK SPACE}% chance it ends above",
    0.5: "Half above, half below",
    0.25: "25\N{NO-BREAK SPACE}% chance it ends below",
    0.1: "10\N{NO-BREAK SPACE}% chance it ends below",
    0.05: "5\N{NO-BREAK SPACE}% chance it ends below",
}


PASTS = {"1m": "One month", "6m": "Six months", "1y": "One year", "5y": "Five years"}  #: on a chart


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One line of the range table."""

    odds: str  #: "5 % chance it ends below"
    price: str
    change: str
    within: bool  #: whether the line belongs to the 8-in-10 range


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of ours beside the plain rule's."""

    figure: str
    ours: str
    plain: str


def stock_address(symbol: str, horizon: int | None = None, as_of: date | None = None) -> str:
    """The page of a symbol: ^GSPC and BRK-B are symbols, too."""
    asked = {"horizon": horizon, "as_of": as_of}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"/stocks/{quote(symbol, safe='')}{'?' if query else ''}{query}"


def compare_address(symbols: Sequence[str], horizon: int) -> str:
    """The page that puts symbols side by side."""
    return f"/compare?{urlencode({'symbols': ','.join(symbols), 'horizon': horizon}, safe=',')}"


def risk_address(symbols: Sequence[str], horizon: int = DEFAULT_HORIZON) -> str:
    """The page about a list held in equal parts."""
    asked = {"symbols": ",".join(symbols)} | ({"horizon": horizon} if horizon != DEFAULT_HORIZON else {})
    return f"/risk?{urlencode(asked, safe=',')}"


def chart_address(
    made: Forecast,
    theme: Theme,
    shape: Shape = "wide",
    kind: str = "svg",
    as_of: date | None = None,
    past: str | None = None,
) -> str:
    """Its chart. The id makes the address new when the forecast is, so no kept chart sits beside newer text."""
    asked = {"horizon": made.horizon, "theme": theme, "shape": shape, "as_of": as_of, "past": past}
    query = urlencode({name: value for name, value in (asked | {"v": made.chart_id}).items() if value is not None})
    return f"{stock_address(made.symbol)}/chart.{kind}?{query}"


def past_address(made: Forecast, as_of: date | None, past: str | None) -> str:
    """The same page with so much of the past on its chart; for None as much as suits the horizon."""
    return f"{stock_address(made.symbol, made.horizon, as_of)}{f'&past={past}' if past else ''}#chart"


def comparison_chart_address(compared: Sequence[Forecast], theme: Theme, shape: Shape = "wide") -> str:
    """The chart of a comparison."""
    symbols = ",".join(made.symbol for made in compared)
    asked = {"symbols": symbols, "horizon": compared[0].horizon, "theme": theme, "shape": shape}
    return f"/compare/chart.svg?{urlencode(asked, safe=',')}&v={'-'.join(made.forecast_id[:7] for made in compared)}"


def chart_in_words(made: Forecast) -> str:
    """What the chart shows, for those who cannot see it."""
    told = (sentences.headline(made), sentences.report(made), sentences.last_price(made), sentences.numbers(made))
    shown = f"Chart of {made.name}: past prices as a line, then the forecast as a fan that widens."
    return " ".join(filter(None, (shown, *told)))


def amount(made: Forecast, level: float) -> str:
    """The price at one of LEVELS."""
    return sentences.money(made.price_at(level), made.currency, made.symbol)


def range_rows(made: Forecast) -> list[RangeRow]:
    """The whole range, the highest price first, as on the chart."""
    return [
        RangeRow(_ODDS[level], amount(made, level), sentences.signed_percent(growth), 0.1 <= level <= 0.9)
        for level, growth in reversed(list(zip(LEVELS, made.growths, strict=True)))
    ]


def spread(made: Forecast) -> str:
    """The 8-in-10 range in percent of the last close: "−4.5 % to +5.6 %"."""
    return f"{sentences.signed_percent(made.growths[Q10])} to {sentences.signed_percent(made.growths[Q90])}"


def comparisons(made: Forecast) -> list[Comparison]:
    """Our figures beside the plain rule's answer to the same question."""
    plain = replace(made, log_returns=made.baseline.log_returns)
    return [
        Comparison(figure, _between(made, low, high), _between(plain, low, high))
        for figure, low, high in (("8 in 10 end between", 0.1, 0.9), ("Half end between", 0.25, 0.75))
    ]


def chance(probability: float) -> str:
    """A probability as people write it, never as a certainty."""
    return sentences.percent(min(max(probability, 0.01), 0.99))


def width(made: Forecast) -> str:
    """How wide the range is beside the plain rule's."""
    ratio = made.explanation.width_against_baseline
    if 0.95 <= ratio <= 1.05:
        return "This range is about as wide as the plain rule's."
    compared = "narrower" if ratio < 1 else "wider"
    return f"This range is {sentences.percent(abs(1 - ratio))} {compared} than the plain rule's."


def since(before: Forecast, made: Forecast, calendar: str) -> str:
    """Which forecast this one is compared with: the one of the trading day before, unless its close is missing."""
    if gap(calendar, before.cutoff, made.cutoff) is Gap.NONE:
        return "the trading day before"
    return sentences.day(before.cutoff)


def what_came(made: Forecast, came: GradedRange | None) -> str:
    """How a look back turned out, where that is known."""
    if came is None:
        return "The actual result is not known yet."
    held = "within" if came.held else "outside"
    growth = sentences.signed_percent(came.growth)
    return f"Actual result by {sentences.day(made.target_session)}: {growth}, {held} the 8-in-10 range."


def _between(made: Forecast, low: float, high: float) -> str:
    return f"{amount(made, low)} to {amount(made, high)}"
