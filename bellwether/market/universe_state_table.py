"""The table `universe_state`: how all stocks together moved, one row for each source and session."""

from datetime import date

import numpy as np
from sqlite_utils import Database

from bellwether.core.types import Sessions, to_date
from bellwether.market.universe_state import DailyState

_EPOCH = np.datetime64(0, "D")


def add(db: Database, source: str, state: DailyState) -> int:
    """Enter the sessions that are not there yet; how many. What was told once is never told otherwise."""
    days = (state.days - _EPOCH).astype(np.int64).tolist()
    rows = zip(days, state.stocks.tolist(), *state.values.T.tolist(), strict=True)
    before = db.conn.total_changes
    db.conn.executemany(
        "INSERT OR IGNORE INTO universe_state (source, session, stocks, moved, apart) VALUES (?, ?, ?, ?, ?)",
        [(source, *row) for row in rows],
    )
    return int(db.conn.total_changes - before)


def newest(db: Database, source: str) -> tuple[date, int]:
    """The last session that was entered, and how many were; date.min where none was."""
    sql = "SELECT max(session), count(*) FROM universe_state WHERE source = ?"
    day, count = db.conn.execute(sql, (source,)).fetchone()
    return (date.min if day is None else to_date(_EPOCH + day)), int(count)


def sessions_of(db: Database, source: str) -> Sessions:
    """Every session that was entered, (n,) ascending."""
    rows = db.conn.execute("SELECT session FROM universe_state WHERE source = ? ORDER BY session", (source,))
    return np.array([day for (day,) in rows], np.int64).astype("datetime64[D]")


def load(db: Database, source: str) -> DailyState:
    """All that was entered."""
    rows = db.conn.execute(
        "SELECT session, stocks, moved, apart FROM universe_state WHERE source = ? ORDER BY session", (source,)
    ).fetchall()
    columns = np.array(rows, np.float64).reshape(-1, 4)
    return DailyState(
        columns[:, 0].astype(np.int64).astype("datetime64[D]"), columns[:, 2:], columns[:, 1].astype(np.int64)
    )
