"""The tables `score_sums` and `misses`: what the outcomes amount to, added up as they come.

Both can be made again from `ledger` and `outcomes`; they are kept so that a page need not read a million rows.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlite_utils import Database

from bellwether.core.types import Floats
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.ledger.outcomes_table import Key
from bellwether.track_record.scores.columns import COLUMNS

Misses = dict[int, tuple[float, int]]  #: by row of the ledger: distance, cutoff in days since 1970
_KEY = "model_id, shown, horizon, cutoff"
_NEW = f"INSERT INTO score_sums ({_KEY}, issued, lost, {', '.join(COLUMNS)}) VALUES"
_MARKS = ", ".join("?" * len(COLUMNS))
_NOTHING = (0.0,) * len(COLUMNS)


def count_issued(db: Database, issued: Mapping[Key, int]) -> None:
    """So many more forecasts were issued."""
    db.conn.executemany(
        f"{_NEW} (?, ?, ?, ?, ?, 0, {_MARKS}) ON CONFLICT ({_KEY}) DO UPDATE SET issued = issued + excluded.issued",
        [(*key, count, *_NOTHING) for key, count in issued.items()],
    )


def add(db: Database, settled: Mapping[Key, Floats], lost: Mapping[Key, int]) -> None:
    """Add the numbers of forecasts that have their outcome, and count those that will never have one."""
    adding = ", ".join(f"{column} = {column} + excluded.{column}" for column in ("lost", *COLUMNS))
    rows = [
        (*key, lost.get(key, 0), *(settled[key].tolist() if key in settled else _NOTHING)) for key in {*settled, *lost}
    ]
    db.conn.executemany(f"{_NEW} (?, ?, ?, ?, 0, ?, {_MARKS}) ON CONFLICT ({_KEY}) DO UPDATE SET {adding}", rows)


def add_misses(db: Database, misses: Misses) -> None:
    """Add outcomes outside the 90 % range."""
    rows = [(seq, *miss) for seq, miss in misses.items()]
    db.conn.executemany("INSERT INTO misses (seq, distance, cutoff) VALUES (?, ?, ?)", rows)


def misses(db: Database) -> Misses:
    """All that are kept."""
    rows = db.conn.execute("SELECT seq, distance, cutoff FROM misses")
    return {seq: (distance, cutoff) for seq, distance, cutoff in rows}


def between(
    db: Database, since: date | None, horizon: int | None = None, model_id: str | None = None
) -> list[tuple[Any, ...]]:
    """(model_id, shown, horizon, cutoff, issued, lost, *COLUMNS) of the days since then."""
    sql, values = f"SELECT {_KEY}, issued, lost, {', '.join(COLUMNS)} FROM score_sums WHERE cutoff >= ?", [_from(since)]
    if horizon is not None:
        sql, values = f"{sql} AND horizon = ?", [*values, horizon]
    if model_id is not None:
        sql, values = f"{sql} AND model_id = ?", [*values, model_id]
    return db.conn.execute(f"{sql} ORDER BY cutoff", values).fetchall()


def clear(db: Database) -> None:
    """Forget both tables, to make them again."""
    db.conn.execute("DELETE FROM score_sums")
    db.conn.execute("DELETE FROM misses")


def biggest_misses(
    db: Database, count: int, since: date | None, horizon: int | None, model_id: str | None, unless: str
) -> list[tuple[float, int]]:
    """(distance, row in the ledger) of what was shown, the biggest first; of the model `unless` only if asked for.

    At most one of each symbol: one bad week of one symbol would fill the list.
    """
    sql, values = (
        "SELECT distance, seq, symbol FROM misses JOIN ledger USING (seq) WHERE misses.cutoff >= ? AND shown = 1",
        [_from(since)],
    )
    if horizon is not None:
        sql, values = f"{sql} AND horizon = ?", [*values, horizon]
    sql, named = f"{sql} AND model_id {'<>' if model_id is None else '='} ?", unless if model_id is None else model_id
    of_symbol: dict[str, tuple[float, int]] = {}
    for distance, seq, symbol in db.conn.execute(f"{sql} ORDER BY distance DESC", [*values, named]):
        of_symbol.setdefault(symbol, (distance, seq))
        if len(of_symbol) == count:
            break
    return list(of_symbol.values())


def _from(since: date | None) -> Any:
    return to_days(since) if since is not None else to_days(date.min)
