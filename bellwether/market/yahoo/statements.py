"""Companies' quarters from Yahoo: a small request, with the currency that yfinance's own tables leave out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from bellwether.core.types import Quarter, Statements
from bellwether.market.yahoo.clean import UnreadableAnswer, number, text
from bellwether.market.yahoo.session import Empty

_SERIES = "https://query2.finance.yahoo.com/ws/fundamentals-timeseries/v1/finance/timeseries/"
_REVENUE, _NET_INCOME = "quarterlyTotalRevenue", "quarterlyNetIncome"
_BEGIN = 1_000_000_000  #: a second in 2001, before all that Yahoo keeps

GetJson = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Amount:
    """What a company reported of one quarter."""

    amount: float
    currency: str


def read_statements(symbol: str, get_json: GetJson) -> Statements:
    """Ask for the quarters. `get_json(url, params=...)` sends a request.

    Raises what `get_json` raises, Empty for what has no statements, such as a fund or a coin, and UnreadableAnswer
    where none of those sent can be read.
    """
    asked = {"symbol": symbol, "type": f"{_REVENUE},{_NET_INCOME}", "period1": _BEGIN, "period2": int(time.time())}
    answer = get_json(f"{_SERIES}{symbol}", params=asked)
    told = {kind: _by_day(answer, kind) for kind in (_REVENUE, _NET_INCOME)}
    days = sorted(told[_REVENUE].keys() | told[_NET_INCOME].keys())
    if not days:
        if _values(answer, _REVENUE) or _values(answer, _NET_INCOME):
            raise UnreadableAnswer("quarters that cannot be read")
        raise Empty("no quarters")
    newest = told[_REVENUE].get(days[-1]) or told[_NET_INCOME][days[-1]]
    currency = newest.currency
    return Statements(
        symbol=symbol,
        currency=currency,
        quarters=tuple(
            Quarter(
                day, _amount(told[_REVENUE].get(day), currency), _amount(told[_NET_INCOME].get(day), currency), None
            )
            for day in days
        ),
        source="yahoo",
    )


def _values(answer: Any, kind: str) -> list[Any]:
    """What is sent of one series, readable or not, but for quarters without a value. Raises UnreadableAnswer."""
    envelope = answer.get("timeseries") if isinstance(answer, dict) else None
    results = (envelope.get("result") if isinstance(envelope, dict) else None) or []
    if not isinstance(results, list):
        raise UnreadableAnswer("no series")
    series = [result.get(kind) for result in results if isinstance(result, dict)]
    return [value for values in series for value in (values if isinstance(values, list) else [values]) if value]


def _by_day(answer: Any, kind: str) -> dict[date, _Amount]:
    """The amounts of one series by the day on which their quarter ended; those that cannot be read are left out."""
    amounts = {}
    for value in _values(answer, kind):
        reported = value.get("reportedValue") if isinstance(value, dict) else None
        amount = number(reported.get("raw")) if isinstance(reported, dict) else None
        day, currency = (_day(value.get("asOfDate")), text(value.get("currencyCode"))) if reported else (None, "")
        if amount is not None and day is not None and currency:
            amounts[day] = _Amount(amount, currency)
    return amounts


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        return None


def _amount(known: _Amount | None, currency: str) -> float | None:
    """The amount, unless it is in another currency than the newest."""
    return known.amount if known is not None and known.currency == currency else None
