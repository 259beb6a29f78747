"""The tables `score_sums` and `misses`: what the outcomes amount to, added up as they come.

Both can be made again from `ledger` and `outcomes`; they are kept so that a page need not read a million rows.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from bellwether.core.types import Floats
from bellwether.db.connection import Connection
from bellwether.db.sql import insert
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.ledger.outcomes_table import Key
from bellwether.track_record.scores.columns import COLUMNS

Misses = dict[int, tuple[float, int]]  #: by row of the ledger: distance, cutoff in days since 1970
_KEY = ("model_id", "shown", "horizon", "cutoff")
_ALL = (*_KEY, "issued", "lost", *COLUMNS)
_NOTHING = (0.0,) * len(COLUMNS)


def count_issued(db: Connection, issued: Mapping[Key, int]) -> None:
    """So many more forecasts were issued."""
    _add(db, ("issued",), [(*key, count, 0, *_NOTHING) for key, count in issued.items()])


def add(db: Connection, settled: Mapping[Key, Floats], lost: Mapping[Key, int]) -> None:
    """Add the numbers of forecasts that have their outcome, and count those that will never have one."""
    _add(
        db,
        ("lost", *COLUMNS),
        [
            (*key, 0, lost.get(key, 0), *(settled[key].tolist() if key in settled else _NOTHING))
            for key in {*settled, *lost}
        ],
    )


def _add(db: Connection, added: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Add to the columns `added` of the rows that are there, or put in new ones; a row is in the order of `_ALL`."""
    adding = ", ".join(f"{name} = score_sums.{name} + excluded.{name}" for name in added)
    sql = f"{insert('score_sums', _ALL)} ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {adding}"
    # in one order, so that two who add to the same rows do not wait for each other
    db.executemany(sql, [dict(zip(_ALL, row, strict=True)) for row in sorted(rows)])


def add_misses(db: Connection, misses: Misses) -> None:
    """Add outcomes outside the 90 % range."""
    db.executemany(
        insert("misses", ("seq", "distance", "cutoff")),
        [{"seq": seq, "distance": distance, "cutoff": cutoff} for seq, (distance, cutoff) in misses.items()],
    )


def misses(db: Connection) -> Misses:
    """All that are kept."""
    rows = db.execute("SELECT seq, distance, cutoff FROM misses")
    return {seq: (distance, cutoff) for seq, distance, cutoff in rows}


def between(
    db: Connection, since: date | None, horizon: int | None = None, model_id: str | None = None
) -> list[tuple[Any, ...]]:
    """(model_id, shown, horizon, cutoff, issued, lost, *COLUMNS) of the days since then."""
    sql = f"SELECT {', '.join(_ALL)} FROM score_sums WHERE cutoff >= :since"
    if horizon is not None:
        sql += " AND horizon = :horizon"
    if model_id is not None:
        sql += " AND model_id = :model_id"
    values = {"since": _from(since), "horizon": horizon, "model_id": model_id}
    return db.execute(f"{sql} ORDER BY cutoff", values).fetchall()


def clear(db: Connection) -> None:
    """Forget both tables, to make them again."""
    db.execute("DELETE FROM score_sums")
    db.execute("DELETE FROM misses")


def biggest_misses(
    db: Connection, count: int, since: date | None, horizon: int | None, model_id: str | None, unless: str
) -> list[tuple[float, int]]:
    """(distance, row in the ledger) of what was shown, the biggest first; of the model `unless` only if asked for.

    At most one of each symbol: one bad week of one symbol would fill the list.
    """
    sql = "SELECT distance, seq, symbol FROM misses JOIN ledger USING (seq) WHERE misses.cutoff >= :since AND shown = 1"
    if horizon is not None:
        sql += " AND horizon = :horizon"
    sql += f" AND model_id {'<>' if model_id is None else '='} :model_id ORDER BY distance DESC"
    values = {"since": _from(since), "horizon": horizon, "model_id": unless if model_id is None else model_id}
    of_symbol: dict[str, tuple[float, int]] = {}
    for distance, seq, symbol in db.execute(sql, values):
        of_symbol.setdefault(symbol, (distance, seq))
        if len(of_symbol) == count:
            break
    return list(of_symbol.values())


def _from(since: date | None) -> int:
    return to_days(since) if since is not None else to_days(date.min)
