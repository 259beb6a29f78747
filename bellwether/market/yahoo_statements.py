"""Companies' quarters from Yahoo: two small requests, with the currency that yfinance's own tables leave out."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from bellwether.market.yahoo_session import Empty, NoSuchSymbol
from bellwether.types import Quarter, Statements

_SERIES = "https://query2.finance.yahoo.com/ws/fundamentals-timeseries/v1/finance/timeseries/"
_SUMMARY = "https://query2.finance.yahoo.com/v10/finance/quoteSummary/"
_REVENUE, _NET_INCOME = "quarterlyTotalRevenue", "quarterlyNetIncome"
_BEGIN = 1_000_000_000  #: a second in 2001, before all that Yahoo keeps

GetJson = Callable[..., Any]


def read_statements(symbol: str, get_json: GetJson) -> Statements:
    """Ask for the quarters, then for the next date. `get_json(url, params=...)` sends a request.

    Raises what `get_json` raises, and Empty for what has no statements, such as a fund or a coin.
    """
    asked = {"symbol": symbol, "type": f"{_REVENUE},{_NET_INCOME}", "period1": _BEGIN, "period2": int(time.time())}
    answer = get_json(f"{_SERIES}{symbol}", params=asked)
    told = {kind: _by_day(answer, kind) for kind in (_REVENUE, _NET_INCOME)}
    days = sorted(told[_REVENUE].keys() | told[_NET_INCOME].keys())
    if not days:
        raise Empty("no quarters")
    newest = told[_REVENUE].get(days[-1]) or told[_NET_INCOME][days[-1]]
    currency = str(newest["currencyCode"])
    return Statements(
        symbol=symbol,
        currency=currency,
        quarters=tuple(
            Quarter(
                day, _amount(told[_REVENUE].get(day), currency), _amount(told[_NET_INCOME].get(day), currency), None
            )
            for day in days
        ),
        next_earnings=_next_earnings(symbol, get_json),
        source="yahoo",
    )


def _by_day(answer: Any, kind: str) -> dict[date, Any]:
    """The values of one series by the day on which their quarter ended."""
    series = [one[kind] for one in answer["timeseries"]["result"] or [] if one.get(kind)]
    return {date.fromisoformat(value["asOfDate"]): value for values in series for value in values if value}


def _amount(value: Any, currency: str) -> float | None:
    """The amount, unless it is in another currency than the newest."""
    return float(value["reportedValue"]["raw"]) if value and value.get("currencyCode") == currency else None


def _next_earnings(symbol: str, get_json: GetJson) -> date | None:
    """The first day on which the next quarter is expected, in UTC; None where Yahoo has none."""
    try:
        answer = get_json(f"{_SUMMARY}{symbol}", params={"modules": "calendarEvents", "formatted": "false"})
    except (NoSuchSymbol, Empty):
        return None
    for result in answer["quoteSummary"]["result"] or []:
        seconds = (result.get("calendarEvents") or {}).get("earnings", {}).get("earningsDate") or []
        days = [datetime.fromtimestamp(one["raw"] if isinstance(one, dict) else one, UTC).date() for one in seconds]
        return min(days, default=None)
    return None
