"""The next earnings of a company as a calendar file (RFC 5545), where somebody knows their date."""

from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.core.types import Instrument
from bellwether.market.earnings.provider import next_told
from web.dependencies import NowOf, ServicesOf
from web.pages.forecast_view import stock_address
from web.pages.render import base_address
from web.problems import HttpProblem

router = APIRouter(include_in_schema=False)
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_LONGEST_LINE = 74  #: bytes before a line must be folded


@router.get("/stocks/{symbol}/earnings.ics")
def earnings(request: Request, services: ServicesOf, now: NowOf, symbol: str) -> Response:
    """One event for the day. The source is asked now, at the wish of who wants the file, and never for a page."""
    instrument = forecasts.resolve(services, symbol)
    today = now.date()
    on = next_told(services.reports, instrument, today, today - timedelta(days=1))
    if on is None:
        text = f"The day of the next earnings of {instrument.name} is not known yet."
        raise HttpProblem("not_found", text)
    address = f"{base_address(request)}{stock_address(instrument.symbol)}"
    return Response(
        calendar_file(instrument, on, address, now),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="earnings.ics"'},
    )


def calendar_file(instrument: Instrument, on: date, address: str, now: datetime) -> str:
    """An all-day event; expected, not promised."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Bellwether//Earnings//EN",
        "BEGIN:VEVENT",
        f"UID:earnings-{instrument.symbol}-{on:%Y%m%d}@bellwether",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{f'{instrument.name} ({instrument.symbol}): earnings expected'.translate(_ESCAPED)}",
        f"URL:{address}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _folded(line: str) -> str:
    """A line in pieces of at most _LONGEST_LINE bytes, each after the first with a blank before it."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > _LONGEST_LINE:
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])
