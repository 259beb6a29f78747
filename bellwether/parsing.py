"""What people type, as values: horizons, dates and instants. Symbols are read in `market.universe`."""

import re
from datetime import UTC, date, datetime

from bellwether.errors import BadDate, BadHorizon
from bellwether.types import MAX_HORIZON

DEFAULT_HORIZON = 10
_UNITS = {"": 1, "d": 1, "w": 5, "m": 21}  #: sessions in each; a month of trading has about 21
_HORIZON = re.compile(r"([0-9]{1,6})\s*(d(?:ays?)?|w(?:eeks?)?|m(?:onths?)?|)", re.IGNORECASE | re.ASCII)


def parse_horizon(text: str) -> int:
    """ "10", "10d", "2w" or "3m" as a number of sessions. Raises BadHorizon outside 1 to MAX_HORIZON.

    d or days are trading days, w or weeks 5 of them, m or months 21.
    """
    found = _HORIZON.fullmatch(text.strip())
    sessions = int(found[1]) * _UNITS[found[2][:1].lower()] if found else 0
    if not 1 <= sessions <= MAX_HORIZON:
        asked = f"“{text.strip()[:20]}”" if text.strip() else "nothing"
        raise BadHorizon(
            f"I can look 1 to {MAX_HORIZON} trading days ahead, written as 10d, 2w or 3m; you asked for {asked}."
        )
    return sessions


def parse_date(text: str) -> date:
    """An ISO date such as 2021-06-30. Raises BadDate."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadDate(f"“{text.strip()[:20]}” is not a date; please write it like 2021-06-30.") from None


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset from UTC, such as 2021-12-30T22:00:00Z, as UTC. Raises BadDate."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadDate(f"“{text.strip()[:40]}” is not an instant; please write it like 2021-12-30T22:00:00Z.") from None
    if instant.tzinfo is None:
        raise BadDate(
            f"“{text.strip()[:40]}” has no time zone; please end it with Z for UTC, or an offset like +01:00."
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise BadDate(f"“{text.strip()[:40]}” lies outside the calendar.") from None
