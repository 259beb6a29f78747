"""Companies made up for tests as Yahoo's search finds them, with the charts that their symbols then have."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.yahoo_made import chart, walk
from tests.support.yahoo_server import YahooServer

EXCHANGES = {  # Yahoo's code: what it calls it, currency, time zone, seconds from UTC, hour of its opening in UTC
    "NYQ": ("NYSE", "USD", "America/New_York", -18000, 14),
    "NMS": ("NASDAQ", "USD", "America/New_York", -18000, 14),
    "PCX": ("NYSEArca", "USD", "America/New_York", -18000, 14),
    "LSE": ("London", "GBp", "Europe/London", 0, 8),
    "AMS": ("Amsterdam", "EUR", "Europe/Amsterdam", 3600, 8),
    "FRA": ("Frankfurt", "EUR", "Europe/Berlin", 3600, 7),
    "GER": ("XETRA", "EUR", "Europe/Berlin", 3600, 8),
    "PAR": ("Paris", "EUR", "Europe/Paris", 3600, 8),
    "TOR": ("Toronto", "CAD", "America/Toronto", -18000, 14),
    "JPX": ("Tokyo", "JPY", "Asia/Tokyo", 32400, 0),
    "CCC": ("CCC", "USD", "UTC", 0, 0),
}


def quote(symbol: str, name: str, code: str = "NYQ", kind: str = "EQUITY", **more: Any) -> dict[str, Any]:
    """One result of a search."""
    shown = EXCHANGES[code][0] if code in EXCHANGES else code
    return {
        "symbol": symbol,
        "longname": name,
        "exchange": code,
        "exchDisp": shown,
        "quoteType": kind,
        "isYahooFinance": True,
    } | more


def list_on(server: YahooServer, symbol: str, name: str, last: date, code: str = "NYQ") -> None:
    """Let a symbol have prices up to this day."""
    shown, currency, zone, offset, opens = EXCHANGES[code]
    server.add_chart(
        symbol,
        chart(
            symbol,
            walk(700),
            last=last,
            zone=zone,
            offset=offset,
            opens_at=opens,
            longName=name,
            exchangeName=code,
            fullExchangeName=shown,
            currency=currency,
        ),
    )
