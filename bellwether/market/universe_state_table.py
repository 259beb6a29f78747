"""The table `universe_state`: how all stocks together moved, one row for each source and session."""

from datetime import date

import numpy as np

from bellwether.core.types import Sessions, to_date
from bellwether.db.connection import Connection
from bellwether.db.sql import put
from bellwether.market.universe_state import DailyState, is_clearly_more

_EPOCH = np.datetime64(0, "D")


def add(db: Connection, source: str, state: DailyState) -> tuple[int, date | None]:
    """Enter the sessions that are not there yet, and anew those that are now made of clearly more stocks than before.

    How many, and the first that was there; None where none was. A session is made of bars up to itself whenever it is
    made, so a replaced one holds nothing that came later: it tells of the same moves, only of more stocks. An answer as
    of that day is given from then on as if they had all been there that evening, and may differ from what was forecast
    then; what was issued keeps its own numbers in the ledger, and the digest of what it read.
    """
    days = (state.days - _EPOCH).astype(np.int64).tolist()
    rows = zip(days, state.stocks.tolist(), *state.values.T.tolist(), strict=True)
    sql = "SELECT session, stocks FROM universe_state WHERE source = :source"
    before = dict(db.execute(sql, {"source": source}).fetchall())
    due = [row for row in rows if row[0] not in before or is_clearly_more(row[1], before[row[0]])]
    db.executemany(
        put("universe_state", ("source", "session"), ("stocks", "moved", "apart")),
        [dict(zip(("source", "session", "stocks", "moved", "apart"), (source, *row), strict=True)) for row in due],
    )
    replaced = [row[0] for row in due if row[0] in before]
    return len(due), (to_date(_EPOCH + min(replaced)) if replaced else None)


def newest(db: Connection, source: str) -> tuple[date, int]:
    """The last session that was entered, and of how many stocks; date.min where none was."""
    sql = "SELECT session, stocks FROM universe_state WHERE source = :source ORDER BY session DESC LIMIT 1"
    row = db.execute(sql, {"source": source}).fetchone()
    return (date.min, 0) if row is None else (to_date(_EPOCH + row[0]), int(row[1]))


def extent(db: Connection, source: str) -> tuple[date, int, int]:
    """What is another after any change: the last session, how many there are, and the stocks of all together."""
    sql = "SELECT max(session), count(*), coalesce(sum(stocks), 0) FROM universe_state WHERE source = :source"
    day, count, stocks = db.execute(sql, {"source": source}).fetchone()
    return (date.min if day is None else to_date(_EPOCH + day)), int(count), int(stocks)


def sessions_of(db: Connection, source: str) -> Sessions:
    """Every session that was entered, (n,) ascending."""
    sql = "SELECT session FROM universe_state WHERE source = :source ORDER BY session"
    rows = db.execute(sql, {"source": source})
    return np.array([day for (day,) in rows], np.int64).astype("datetime64[D]")


def load(db: Connection, source: str) -> DailyState:
    """All that was entered."""
    sql = "SELECT session, stocks, moved, apart FROM universe_state WHERE source = :source ORDER BY session"
    rows = db.execute(sql, {"source": source}).fetchall()
    columns = np.array(rows, np.float64).reshape(-1, 4)
    return DailyState(
        columns[:, 0].astype(np.int64).astype("datetime64[D]"), columns[:, 2:], columns[:, 1].astype(np.int64)
    )
