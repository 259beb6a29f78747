"""An overview of the market as the words and orders that its page shows. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal
from urllib.parse import urlencode

from bellwether.ask.market_overview import Overview, OverviewRow
from bellwether.core.types import LEVELS, Q10, Q50, Q90
from bellwether.forecasting import sentences
from web.pages.forecast_view import spread

ROWS = 100  #: of one page of the table: with all of a universe of thousands it would be megabytes
Column = Literal["name", "close", "change", "width", "rule", "usual"]
#: the heading of each column, and the figure that it is sorted by
_COLUMNS: dict[str, tuple[str, Callable[[OverviewRow], Any]]] = {
    "name": ("Company", lambda row: row.forecast.name.casefold()),
    "close": ("Last close", lambda row: row.forecast.last_close),
    "change": ("Day's change", lambda row: row.change),
    # a level such as ^VIX is no price: its range would stand before every company's
    "width": ("8-in-10 range", lambda row: None if _is_level(row) else row.width),
    "rule": ("Range against the plain rule's", lambda row: row.against_rule),
    "usual": ("Recent swings against its last year", lambda row: row.against_usual),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """One column's heading: a link that sorts by it."""

    column: str
    text: str
    address: str  #: sorted by it; once more, the other way round
    sorted: str  #: as aria-sort has it: "ascending", "descending" or empty


@dataclass(frozen=True, slots=True)
class Group:
    """A short list with what it is of."""

    title: str
    about: str
    than: str  #: what its figure is, or is compared with
    rows: tuple[OverviewRow, ...]
    figure: Callable[[OverviewRow], str]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the table."""

    rows: tuple[OverviewRow, ...]
    number: int  #: of this page, from 1
    pages: int
    before: str  #: address of the page before; empty where there is none
    after: str


def address(horizon: int, sector: str = "", sort: str = "name", order: str = "up", number: int = 1) -> str:
    """The market page; what is as usual is left out."""
    parts = (("sector", sector, ""), ("sort", sort, "name"), ("order", order, "up"), ("page", number, 1))
    asked = {name: value for name, value, usually in parts if value != usually}
    if "sort" in asked:
        asked["order"] = order
    return f"/market?{urlencode({'horizon': horizon} | asked)}"


def of_sector(overview: Overview, sector: str) -> Overview:
    """The rows of one sector alone; all without one."""
    if not sector:
        return overview
    return replace(overview, rows=tuple(row for row in overview.rows if row.sector == sector))


def listing(overview: Overview, sector: str, sort: str, order: str, number: int) -> Listing:
    """The table's page of this number, or its last."""
    rows = sorted_rows(overview, sort, order)
    pages = max(ceil(len(rows) / ROWS), 1)
    number = min(number, pages)

    def beside(other: int) -> str:
        return address(overview.horizon, sector, sort, order, other) if 1 <= other <= pages else ""

    shown = tuple(rows[(number - 1) * ROWS : number * ROWS])
    return Listing(shown, number, pages, beside(number - 1), beside(number + 1))


def columns(horizon: int, sector: str, sort: str, order: str) -> list[Heading]:
    """The headings. Figures are sorted from the largest at first, names from A."""
    headings = []
    for column, (text, _) in _COLUMNS.items():
        first = "up" if column == "name" else "down"
        other = "down" if order == "up" else "up"
        wanted = address(horizon, sector, column, other if column == sort else first)
        state = ("ascending" if order == "up" else "descending") if column == sort else ""
        headings.append(Heading(column, text, wanted, state))
    return headings


def sorted_rows(overview: Overview, sort: str, order: str) -> list[OverviewRow]:
    """All rows in order; those without the figure come last either way."""
    _, figure = _COLUMNS[sort]
    known = [row for row in overview.rows if figure(row) is not None]
    unknown = [row for row in overview.rows if figure(row) is None]
    return sorted(known, key=figure, reverse=order == "down") + unknown


def raw(row: OverviewRow, column: str) -> str:
    """A figure for the page's script to sort by; empty where there is none."""
    value = _COLUMNS[column][1](row)
    return "" if value is None else value if isinstance(value, str) else f"{value:.5g}"


def extremes(overview: Overview, count: int) -> list[Group]:
    """The widest, the narrowest and the most unusual; indices are no companies and stay out."""
    rows = _companies(overview)
    by_width = sorted(rows, key=lambda row: row.width)
    volatile = sorted((row for row in rows if row.against_usual), key=lambda row: -(row.against_usual or 0))
    unlike = sorted((row for row in rows if row.against_rule), key=lambda row: -abs((row.against_rule or 1) - 1))
    groups = [
        Group(
            "Widest outlook",
            "where the price may move most",
            "in 8 of 10 cases",
            tuple(by_width[::-1][:count]),
            range_width,
        ),
        Group("Narrowest outlook", "where it may move least", "in 8 of 10 cases", tuple(by_width[:count]), range_width),
        Group(
            "More volatile than its last year",
            "recent swings against those of its own last twelve months",
            "its swings, beside its last year",
            tuple(volatile[:count]),
            usual,
        ),
        Group(
            "Furthest from the plain rule",
            "our range against one that takes recent swings to go on; narrower where calmer days are expected",
            "its range, beside the plain rule's",
            tuple(unlike[:count]),
            rule,
        ),
    ]
    return [group for group in groups if group.rows]


def range_width(row: OverviewRow) -> str:
    """The 8-in-10 range in percent; where it has no place in one line it breaks before its "to" alone."""
    return spread(row.forecast).replace(" to ", " to\N{NO-BREAK SPACE}")


def rule(row: OverviewRow) -> str:
    """How much wider or narrower than the plain rule's range."""
    if row.against_rule is None:
        return "is the plain rule"
    return _more(row.against_rule, "wider", "narrower", "as wide")


def usual(row: OverviewRow) -> str:
    """How much more volatile or calmer than its own last year."""
    if row.against_usual is None:
        return "not known"
    return _more(row.against_usual, "more volatile", "calmer", "as usual")


def change(row: OverviewRow) -> str:
    """What the last session did to the price: "+1.2 %"."""
    return "not known" if row.change is None else sentences.signed_percent(row.change)


def bar(row: OverviewRow, widest: float) -> tuple[float, float, float]:
    """Left end, middle and right end of the 80 % range on a scale of 0 to 100 with the last close at 50."""
    low, middle, high = (row.forecast.growths[place] for place in (Q10, Q50, Q90))
    return tuple(max(0.0, min(100.0, 50 + 50 * growth / widest)) for growth in (low, middle, high))  # type: ignore[return-value]


def widest(overview: Overview) -> float:
    """The largest move that a company's range holds, as a fraction; an index of volatility would dwarf them."""
    return max(
        (max(-row.forecast.growths[Q10], row.forecast.growths[Q90]) for row in _companies(overview)), default=1.0
    )


def _companies(overview: Overview) -> list[OverviewRow]:
    return [row for row in overview.rows if not _is_level(row)]


def _is_level(row: OverviewRow) -> bool:
    return row.forecast.symbol.startswith("^")


def csv_rows(overview: Overview) -> Iterator[tuple[object, ...]]:
    """A header and one line for each symbol; fractions and prices as plain numbers."""
    yield (
        *("symbol", "name", "exchange", "currency", "cutoff", "horizon", "target_session", "last_close"),
        *(f"q{round(level * 100):02}" for level in LEVELS),
        *("width", "width_against_plain_rule", "volatility_against_usual"),
        *("probability_of_growth", "model_id", "source", "forecast_id"),
    )
    for row in overview.rows:
        made = row.forecast
        yield (
            *(made.symbol, made.name, made.exchange, made.currency),
            *(made.cutoff, made.horizon, made.target_session, made.last_close),
            *(f"{price:.6g}" for price in made.quantiles),
            f"{row.width:.5f}",
            "" if row.against_rule is None else f"{row.against_rule:.4f}",
            "" if row.against_usual is None else f"{row.against_usual:.4f}",
            f"{made.probability_of_growth:.4f}",
            *(made.model_id, made.source, made.forecast_id),
        )


def _more(ratio: float, above: str, below: str, same: str) -> str:
    if 0.95 <= ratio <= 1.05:
        return same
    return f"{sentences.percent(abs(ratio - 1))} {above if ratio > 1 else below}"
