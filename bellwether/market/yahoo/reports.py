"""On which days a company reports, from Yahoo: the next one from its data, past and later ones from a page for people.

An instant is a day only at the company's exchange: what is told of an evening in New York is that day, though it is the
next one in UTC already. Midnights stand for their day wherever they are.
"""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from bellwether.core.announcement import Announcement
from bellwether.market.calendar import zone_of
from bellwether.market.earnings.known import NEIGHBOURS, distinct
from bellwether.market.symbols.universe import calendar_of
from bellwether.market.yahoo.clean import LAST_STAMP, number
from bellwether.market.yahoo.session import UNANSWERED, Empty, NoSuchSymbol

_SUMMARY = "https://query2.finance.yahoo.com/v10/finance/quoteSummary/"
_ROWS = 25  #: of the page: six years, of which a model reads two
_MORNING, _EVENING = time(9, 30), time(16, 0)  #: before and after which a report comes outside of trading
_SOURCE = "yahoo"
log = logging.getLogger(__name__)

GetJson = Callable[..., Any]


def read_reports(symbol: str, get_json: GetJson, get_table: Callable[[int], Any]) -> tuple[Announcement, ...]:
    """Ask for the next report, then for the table of others. Raises where Yahoo does not answer either.

    `get_table` gives yfinance's, indexed by instants, or None; one that cannot be read costs its own days alone. Empty
    for what reports nothing, such as a fund or coin.
    """
    zone = zone_of(calendar_of("", symbol)) or UTC
    ahead = _next_report(symbol, zone, get_json)
    try:
        others = _from_table(symbol, zone, get_table(_ROWS))
    except UNANSWERED:  # else a limit would never be heard of, and the next companies asked for
        raise
    except Exception as problem:  # of the page, of its parsing: as many kinds as there are pages
        log.info("Yahoo's page of reports of %s cannot be read: %s %s", symbol, type(problem).__name__, problem)
        others = []
    if ahead is not None:  # the data are nearer to what is true than the page
        others = [other for other in others if abs(other.day - ahead.day) > NEIGHBOURS]
    return distinct([*others, *([ahead] if ahead is not None else [])])


def _next_report(symbol: str, zone: tzinfo, get_json: GetJson) -> Announcement | None:
    """The next one, a range where Yahoo lists two days; None where it has none that can be read."""
    try:
        answer = get_json(f"{_SUMMARY}{symbol}", params={"modules": "calendarEvents", "formatted": "false"})
    except (NoSuchSymbol, Empty):
        return None
    try:
        events = answer["quoteSummary"]["result"][0]["calendarEvents"]["earnings"]["earningsDate"]
        stamps = [number(event["raw"] if isinstance(event, dict) else event) for event in events]
    except (LookupError, TypeError):
        return None
    moments = [datetime.fromtimestamp(stamp, UTC) for stamp in stamps if stamp is not None and 0 < stamp < LAST_STAMP]
    days = sorted(_day(moment, zone) for moment in moments)
    if not days:
        return None
    last = days[-1] if days[-1] > days[0] else None
    return Announcement(symbol, days[0], last, "" if last else _time_of_day(moments[0], zone), source=_SOURCE)


def _from_table(symbol: str, zone: tzinfo, table: Any) -> list[Announcement]:
    if table is None:
        return []
    moments = [moment.to_pydatetime() for moment in table.index if moment == moment]
    return [
        Announcement(symbol, _day(moment, zone), None, _time_of_day(moment, zone), source=_SOURCE)
        for moment in moments
        if moment.tzinfo is not None
    ]


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.date() if _is_midnight(moment) else moment.astimezone(zone).date()


def _time_of_day(moment: datetime, zone: tzinfo) -> str:
    """Before the opening or after the close, as New York trades; empty for the middle of the day and where untold."""
    at = moment.astimezone(zone).time()
    if _is_midnight(moment) or _MORNING <= at < _EVENING:
        return ""
    return "bmo" if at < _MORNING else "amc"


def _is_midnight(moment: datetime) -> bool:
    return moment.time() == time(0)
