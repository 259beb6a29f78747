"""The table `bars`: daily bars as their sources gave them, one row for each source, symbol and year.

A year is one block of little-endian float64, a row of COLUMNS for each session, with a checksum: an added session
rewrites 14 kB, and twelve years are read in well under a millisecond.
"""

import zlib
from datetime import date

import numpy as np
from sqlite_utils import Database

from bellwether.core.types import Bars, Floats

LAYOUT = 1  #: of the blocks; bars of another layout are fetched again
#: day since 1970, adjusted open, high, low and close, volume, close as quoted
COLUMNS = 7
_DAY, _QUOTED = 0, COLUMNS - 1


class DamagedBars(ValueError):
    """What is kept cannot be what was written."""


def save(db: Database, source: str, bars: Bars, first: date | None = None) -> None:
    """Keep a history. With `first` the years before that day's are left as they are; without it nothing else stays."""
    first_year = first.year if first is not None else 0
    table = np.column_stack([bars.sessions.astype(np.int64), bars.values, bars.quoted_closes]).astype("<f8")
    years = bars.sessions.astype("datetime64[Y]").astype(np.int64) + 1970
    db.conn.execute("DELETE FROM bars WHERE source = ? AND symbol = ? AND year >= ?", (source, bars.symbol, first_year))
    blocks = [(int(year), table[years == year].tobytes()) for year in np.unique(years) if year >= first_year]
    db.conn.executemany(
        "INSERT INTO bars (source, symbol, year, data, checksum) VALUES (?, ?, ?, ?, ?)",
        [(source, bars.symbol, year, data, zlib.crc32(data)) for year, data in blocks],
    )


def forget(db: Database, source: str, symbol: str) -> None:
    """Forget a history."""
    db.conn.execute("DELETE FROM bars WHERE source = ? AND symbol = ?", (source, symbol))


def load(db: Database, source: str, symbol: str) -> Bars | None:
    """The history kept; None when there is none. Raises DamagedBars."""
    blocks = db.conn.execute(
        "SELECT data, checksum FROM bars WHERE source = ? AND symbol = ? ORDER BY year", (source, symbol)
    ).fetchall()
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
