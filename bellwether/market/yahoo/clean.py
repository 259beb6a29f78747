"""A chart as Yahoo sends it, made into one that yfinance can read: what is damaged is left out, the rest goes on. Pure.

yfinance 1.7 merges whatever it is given: a split of 0:0, a dividend without amount, one key more in an event, a volume
beyond 64 bits or a missing currency each cost the symbol its whole history.

chart
| rows       a stamp and six numbers, in order, each stamp once; a field that is no number is unknown
| events     those whose day and figures are numbers
| meta       fields of the type that they should have; a time zone that exists
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from math import inf, isfinite, isnan
from typing import Any
from zoneinfo import ZoneInfo

from bellwether.market.bars import LARGEST_VOLUME

Json = dict[str, Any]
FIRST_STAMP, LAST_STAMP = -2_208_988_800, 7_258_118_400  #: seconds, the years 1900 to 2200: no session lies outside
BROKEN = 0.0  #: stands for a close that is given and cannot be read: no price is 0, and a missing one is None
MOST_BROKEN = 0.5  #: of the closes given; with more of them unreadable, the others are not believed either
SAME_CLOSE = 5e-3  #: relative; two rows of one stamp may differ by an auction, more is a contradiction
LARGEST_RATIO = 1e6  #: of a split
_TEXTS = ("currency", "symbol", "exchangeName", "fullExchangeName", "instrumentType", "longName", "shortName")
_MOMENTS = ("firstTradeDate", "regularMarketTime")
_PERIODS = ("tradingPeriods", "currentTradingPeriod")  #: of the hours of one day, which daily bars do not need
_FIGURES = {"dividends": ("amount",), "capitalGains": ("amount",), "splits": ("numerator", "denominator")}
_HOUR = timedelta(hours=1)


class UnreadableAnswer(Exception):
    """Nothing can be read off this answer about a symbol."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One session as it was sent; None is unknown."""

    stamp: int
    close: float | None
    adjusted: float | None
    others: tuple[float | None, ...]  #: open, high, low
    volume: int | None


def cleaned(chart: Json) -> Json:
    """The same chart, with what yfinance cannot read left out. `chart` is the whole answer, with one result.

    Raises UnreadableAnswer where the closes or their days cannot be told.
    """
    result = chart["chart"]["result"][0]
    if not isinstance(result, dict):
        raise UnreadableAnswer("no chart")
    rows = _rows(result)
    about = _about(result.get("meta"), rows)
    whole = {
        "meta": about,
        "timestamp": [row.stamp for row in rows],
        "indicators": {
            "quote": [
                {
                    "close": [row.close for row in rows],
                    "volume": [row.volume for row in rows],
                    **{name: [row.others[at] for row in rows] for at, name in enumerate(("open", "high", "low"))},
                }
            ],
            "adjclose": [{"adjclose": _adjusted(rows)}],
        },
        "events": _events(result.get("events"), about["currency"]),
    }
    return {"chart": {"result": [whole], "error": None}}


def number(value: Any) -> float | None:
    """A finite number, also one written as text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        known = float(value)
    except (ValueError, OverflowError):
        return None
    return known if isfinite(known) else None


def text(value: Any) -> str:
    """Text of one line without what cannot be shown or kept, such as half a character; empty for everything else."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in " ".join(value.split()) if letter.isprintable())


def _rows(result: Json) -> list[_Row]:
    """The rows that have a day, oldest first. Raises UnreadableAnswer."""
    stamps = result.get("timestamp")
    quote = _first(result, "quote")
    if not isinstance(stamps, list) or not _fits(quote.get("close"), stamps):
        raise UnreadableAnswer("closes that belong to no days")
    closes = [_close(value) for value in quote["close"]]
    given = [close for close in closes if close is not None]
    broken = sum(close == BROKEN and number(value) is None for close, value in zip(closes, quote["close"], strict=True))
    if broken > MOST_BROKEN * len(given):
        raise UnreadableAnswer("closes that are no numbers")
    sent_adjusted: Any = _first(result, "adjclose").get("adjclose")
    adjusted = [number(value) for value in sent_adjusted] if _fits(sent_adjusted, stamps) else closes
    opens, highs, lows, volumes = (
        [number(value) for value in quote[name]] if _fits(quote.get(name), stamps) else [None] * len(stamps)
        for name in ("open", "high", "low", "volume")
    )
    rows: dict[int, _Row] = {}
    for at, sent in enumerate(stamps):
        stamp = _stamp(sent)
        if stamp is None:
            continue
        row = _Row(stamp, closes[at], adjusted[at], (opens[at], highs[at], lows[at]), _volume(volumes[at]))
        rows[stamp] = _one_of(rows[stamp], row) if stamp in rows else row
    if not rows:
        raise UnreadableAnswer("days that cannot be read")
    return [rows[stamp] for stamp in sorted(rows)]


def _first(result: Json, name: str) -> Json:
    """The first part of an indicator; empty where there is none."""
    indicators = result.get("indicators")
    parts = indicators.get(name) if isinstance(indicators, dict) else None
    part = parts[0] if isinstance(parts, list) and parts else None
    return part if isinstance(part, dict) else {}


def _fits(column: Any, stamps: Sequence[Any]) -> bool:
    """Whether a column has one value for each stamp: of others nobody can tell which day a value belongs to."""
    return isinstance(column, list) and len(column) == len(stamps)


def _close(value: Any) -> float | None:
    """A close; None where there is none, BROKEN where something is given that is no number."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    known = number(value)
    return BROKEN if known is None else known


def _volume(value: float | None) -> int | None:
    return None if value is None or abs(value) > LARGEST_VOLUME else int(value)


def _stamp(value: Any) -> int | None:
    """A second since 1970 in which there may have been a session."""
    known = number(value)
    return int(known) if known is not None and FIRST_STAMP <= known <= LAST_STAMP else None


def _one_of(first: _Row, second: _Row) -> _Row:
    """The later of two rows of one stamp, unless it knows no close; a broken one where they contradict each other."""
    if first.close is None or second.close is None:
        return first if second.close is None else second
    if abs(first.close - second.close) > SAME_CLOSE * abs(second.close):
        return replace(second, close=BROKEN)
    return second


def _adjusted(rows: Sequence[_Row]) -> list[float | None]:
    """The adjusted closes; where one is unknown beside a close, by the adjustment of the session after, or before."""
    factors = [row.adjusted / row.close if row.adjusted and row.close else None for row in rows]
    after, factor = [1.0] * len(rows), next((one for one in reversed(factors) if one is not None), 1.0)
    for at in range(len(rows) - 1, -1, -1):
        factor = after[at] = factors[at] or factor
    return [
        row.close * share if row.adjusted is None and row.close is not None else row.adjusted
        for row, share in zip(rows, after, strict=True)
    ]


def _events(events: Any, currency: str) -> Json:
    """The events of which the day and the figures are known, by kind."""
    known = {kind: _of_kind(events.get(kind), kind, currency) for kind in _FIGURES} if isinstance(events, dict) else {}
    return {kind: {f"{at}": event for at, event in enumerate(happened)} for kind, happened in known.items() if happened}


def _of_kind(sent: Any, kind: str, currency: str) -> list[Json]:
    """The sound events of one kind. A dividend may be paid in a currency of its own: all of them name one, or none."""
    named = list(sent.items()) if isinstance(sent, dict) else list(enumerate(sent)) if isinstance(sent, list) else []
    happened = []
    for key, event in named:
        if not isinstance(event, dict):
            continue
        stamp = _stamp(event.get("date", key))
        figures = {name: number(event.get(name)) for name in _FIGURES[kind]}
        if stamp is not None and _is_sound(figures):
            paid_in = {"currency": text(event.get("currency"))} if kind == "dividends" else {}
            happened.append({"date": stamp, **figures, **paid_in})
    if not any(event.get("currency") for event in happened):
        return [{name: value for name, value in event.items() if name != "currency"} for event in happened]
    return [event | {"currency": event["currency"] or currency} for event in happened]


def _is_sound(figures: Mapping[str, float | None]) -> bool:
    """Whether an event's figures can be: all positive, and their ratio one that shares may be split in."""
    if not all(value is not None and value > 0 for value in figures.values()):
        return False
    if "denominator" not in figures:
        return True
    ratio = (figures["numerator"] or inf) / (figures["denominator"] or inf)
    return 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO


def _about(meta: Any, rows: Sequence[_Row]) -> Json:
    """What is told of the symbol, with all that yfinance insists on. Raises UnreadableAnswer."""
    told = meta if isinstance(meta, dict) else {}
    left = {name: value for name, value in told.items() if name not in (*_TEXTS, *_MOMENTS, *_PERIODS)}
    moments = {name: _stamp(told[name]) for name in _MOMENTS if _stamp(told.get(name)) is not None}
    texts = {name: text(told[name]) for name in _TEXTS if text(told.get(name))}
    needed = {
        "instrumentType": "",
        "currency": "",
        "exchangeTimezoneName": _zone(told, [row.stamp for row in rows]),
        "regularMarketPrice": number(told.get("regularMarketPrice")) or rows[-1].close,
    }
    return left | needed | moments | texts


def _zone(told: Json, stamps: Sequence[int]) -> str:
    """The exchange's time zone: by it a stamp is a day.

    Where it is not told, the hours from UTC serve, unless an hour more or less, as in summer, made other days of the
    stamps. Raises UnreadableAnswer.
    """
    name = told.get("exchangeTimezoneName")
    if isinstance(name, str) and _exists(name):
        return name
    seconds = number(told.get("gmtoffset"))
    hours = round(seconds / 3600) if seconds is not None else 24
    if not -12 <= hours <= 12:
        raise UnreadableAnswer("no time zone")
    days = [
        [datetime.fromtimestamp(stamp, UTC).astimezone(timezone(timedelta(hours=hours) + shift)).date()
         for stamp in stamps]
        for shift in (-_HOUR, timedelta(0), _HOUR)
    ]  # fmt: skip
    if days[0] != days[1] or days[1] != days[2]:
        raise UnreadableAnswer("no time zone")
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return False
    return True
