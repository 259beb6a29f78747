"""The table `bars`: daily bars as their sources gave them, one row for each source, symbol and year.

A year is one block of little-endian float64, a row of COLUMNS for each session, with a checksum: an added session
rewrites 14 kB, and twelve years are read in well under a millisecond.
"""

import zlib
from datetime import date

import numpy as np

from bellwether.core.types import Bars, Floats
from bellwether.db.connection import Connection
from bellwether.db.sql import put

LAYOUT = 1  #: of the blocks; bars of another layout are fetched again
#: day since 1970, adjusted open, high, low and close, volume, close as quoted
COLUMNS = 7
_DAY, _QUOTED = 0, COLUMNS - 1


class DamagedBars(ValueError):
    """What is kept cannot be what was written."""


def save(db: Connection, source: str, bars: Bars, first: date | None = None) -> None:
    """Keep a history. With `first` the years before that day's are left as they are; without it nothing else stays."""
    first_year = first.year if first is not None else 0
    table = np.column_stack([bars.sessions.astype(np.int64), bars.values, bars.quoted_closes]).astype("<f8")
    years = bars.sessions.astype("datetime64[Y]").astype(np.int64) + 1970
    sql = "DELETE FROM bars WHERE source = :source AND symbol = :symbol AND year >= :first"
    db.execute(sql, {"source": source, "symbol": bars.symbol, "first": first_year})
    blocks = [(int(year), table[years == year].tobytes()) for year in np.unique(years) if year >= first_year]
    db.executemany(
        put("bars", ("source", "symbol", "year"), ("data", "checksum")),  # another process may have been as quick
        [
            {"source": source, "symbol": bars.symbol, "year": year, "data": data, "checksum": zlib.crc32(data)}
            for year, data in blocks
        ],
    )


def forget(db: Connection, source: str, symbol: str) -> None:
    """Forget a history."""
    sql = "DELETE FROM bars WHERE source = :source AND symbol = :symbol"
    db.execute(sql, {"source": source, "symbol": symbol})


def load(db: Connection, source: str, symbol: str) -> Bars | None:
    """The history kept; None when there is none. Raises DamagedBars."""
    sql = "SELECT data, checksum FROM bars WHERE source = :source AND symbol = :symbol ORDER BY year"
    blocks = db.execute(sql, {"source": source, "symbol": symbol}).fetchall()
    if not blocks:
        return None
    try:
        if any(zlib.crc32(data) != checksum for data, checksum in blocks):
            raise DamagedBars(symbol)
        table: Floats = np.frombuffer(b"".join(data for data, _ in blocks), "<f8").reshape(-1, COLUMNS)
    except (TypeError, ValueError) as problem:
        raise DamagedBars(symbol) from problem
    days = table[:, _DAY].astype(np.int64)
    if (np.diff(days) <= 0).any():
        raise DamagedBars(symbol)
    values = np.asfortranarray(table[:, _DAY + 1 : _QUOTED])  # columns are read, rows are not
    quoted = table[:, _QUOTED].copy()
    sessions = days.view("datetime64[D]")
    values.flags.writeable = quoted.flags.writeable = sessions.flags.writeable = False  # shared by everyone who asks
    return Bars(symbol, sessions, values, quoted)
