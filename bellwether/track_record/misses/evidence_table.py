"""The tables `outcome_evidence` and `evidence_sums`: what speaks for a cause, of each settled range, and how often.

Both can be made again from the ledger, its outcomes and prices; no hash protects them. Rows follow the outcomes' own
numbers, which have no gap: the highest filed tells where to go on.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.sql import insert
from bellwether.track_record.ledger.ledger_table import from_days, from_microseconds, to_days

Key = tuple[str, bool, int, int, bool, int]  #: model_id, shown, horizon, cutoff in days since 1970, held, evidence
SymbolKey = tuple[str, str, bool, int, int, bool, int]  #: symbol, and `Key`
_KEY = ("model_id", "shown", "horizon", "cutoff", "held", "evidence")


@dataclass(frozen=True, slots=True)
class Unfiled:
    """An outcome that nobody has looked at for causes yet."""

    number: int  #: of the outcome
    symbol: str
    cutoff: date
    horizon: int  #: sessions
    model_id: str
    shown: bool
    numbers: bytes  #: of its forecast, as the ledger packs them
    log_return: float | None
    session: date | None  #: of the close that settled it
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """One outcome with its evidence."""

    of: Unfiled
    held: bool | None  #: within the 80 % range; None where no price came
    evidence: int  #: of `Evidence`

    @property
    def key(self) -> Key | None:
        """Under which it is counted; None where there is nothing to count."""
        if self.held is None:
            return None
        cutoff = to_days(self.of.cutoff)
        return self.of.model_id, self.of.shown, self.of.horizon, cutoff, self.held, self.evidence


def unfiled(db: Connection, limit: int) -> list[Unfiled]:
    """The oldest outcomes that are not filed, in their order."""
    sql = (
        "SELECT outcomes.id, symbol, cutoff, horizon, model_id, shown, numbers, log_return, session, settled_at"
        " FROM outcomes JOIN ledger USING (seq) WHERE outcomes.id > :filed ORDER BY outcomes.id LIMIT :limit"
    )
    return [_unfiled(*row) for row in db.execute(sql, {"filed": last_filed(db), "limit": limit})]


def _unfiled(number: int, symbol: str, cutoff: int, horizon: int, model_id: str, shown: int, *came: Any) -> Unfiled:
    numbers, log_return, session, settled_at = came
    day = from_days(session) if session is not None else None
    at = from_microseconds(settled_at)
    return Unfiled(number, symbol, from_days(cutoff), horizon, model_id, bool(shown), numbers, log_return, day, at)


def last_filed(db: Connection) -> int:
    """The number of the newest outcome that is filed; 0 where none is."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM outcome_evidence").fetchone()
    return int(last)


def add(db: Connection, filed: Iterable[Filed], rule: int) -> int:
    """File these, unless somebody else did; how many. To be called in a transaction that may write.

    0 where they would leave a gap, or stand beside what other tests filed: somebody has cleared it since they were
    read, and the file then begins again with the oldest outcome.
    """
    db.one_at_a_time("evidence")
    last = last_filed(db)
    new = sorted((row for row in filed if row.of.number > last), key=lambda row: row.of.number)
    if not new or new[0].of.number != _next_outcome(db, last) or other_rule(db, rule):
        return 0
    db.executemany(
        insert("outcome_evidence", ("id", "held", "evidence", "rule")),
        [
            {
                "id": row.of.number,
                "held": None if row.held is None else int(row.held),
                "evidence": row.evidence,
                "rule": rule,
            }
            for row in new
        ],
    )
    sums = Counter(row.key for row in new if row.key is not None)
    sql = (
        f"{insert('evidence_sums', (*_KEY, 'forecasts'))} ON CONFLICT ({', '.join(_KEY)})"
        " DO UPDATE SET forecasts = evidence_sums.forecasts + excluded.forecasts"
    )
    db.executemany(
        sql,
        [
            dict(zip(_KEY, (model, int(shown), horizon, cutoff, int(held), evidence), strict=True))
            | {"forecasts": count}
            for (model, shown, horizon, cutoff, held, evidence), count in sorted(sums.items())
        ],
    )
    return len(new)


def _next_outcome(db: Connection, last: int) -> int | None:
    (number,) = db.execute("SELECT min(id) FROM outcomes WHERE id > :last", {"last": last}).fetchone()
    return None if number is None else int(number)


def other_rule(db: Connection, rule: int) -> bool:
    """Whether what is filed was filed by other tests."""
    row = db.execute("SELECT rule FROM outcome_evidence ORDER BY id DESC LIMIT 1").fetchone()
    return row is not None and row[0] != rule


def clear_other_rule(db: Connection, rule: int) -> None:
    """Forget what other tests filed, to file it anew; nothing where another process did so already."""
    db.one_at_a_time("evidence")
    if other_rule(db, rule):
        clear(db)


def clear(db: Connection) -> None:
    """Forget all of it, to file it anew."""
    db.one_at_a_time("evidence")
    db.execute("DELETE FROM outcome_evidence")
    db.execute("DELETE FROM evidence_sums")


def counts(
    db: Connection,
    symbol: str | None,
    since: date | None,
    horizon: int | None,
    model_id: str | None,
    unless: str,
) -> Counter[tuple[int, bool, int]]:
    """How many ranges there are by (horizon, held, evidence): of what was shown, without the model `unless`.

    Of a model that is asked for, what it only tried counts as well.
    """
    shown = "shown = 1 AND model_id <> :unless"
    where = ["cutoff >= :since", "model_id = :model_id" if model_id is not None else shown]
    where += ["horizon = :horizon"] if horizon is not None else []
    source = "evidence_sums"
    amount = "sum(forecasts)"
    if symbol is not None:
        source = "ledger JOIN outcomes USING (seq) JOIN outcome_evidence ON outcome_evidence.id = outcomes.id"
        amount = "count(*)"
        where += ["symbol = :symbol", "held IS NOT NULL"]
    sql = (
        f"SELECT horizon, held, evidence, {amount} FROM {source} WHERE {' AND '.join(where)}"
        " GROUP BY horizon, held, evidence"
    )
    values = {
        "since": to_days(since or date.min),
        "horizon": horizon,
        "model_id": model_id,
        "unless": unless,
        "symbol": symbol,
    }
    return Counter({(row[0], bool(row[1]), row[2]): int(row[3]) for row in db.execute(sql, values)})


def by_symbol(db: Connection) -> Counter[SymbolKey]:
    """How many ranges there are by (symbol, *Key): for a record that is kept without its rows."""
    sql = (
        "SELECT symbol, model_id, shown, horizon, cutoff, held, evidence, count(*) FROM ledger"
        " JOIN outcomes USING (seq) JOIN outcome_evidence ON outcome_evidence.id = outcomes.id WHERE held IS NOT NULL"
        " GROUP BY symbol, model_id, shown, horizon, cutoff, held, evidence"
    )
    rows = db.stream(sql, {})
    return Counter({(row[0], row[1], bool(row[2]), row[3], row[4], bool(row[5]), row[6]): row[7] for row in rows})


def of_outcome(db: Connection, seq: int) -> int | None:
    """The evidence on the outcome of the forecast in a row of the ledger; None where it is not filed."""
    sql = "SELECT evidence FROM outcomes JOIN outcome_evidence ON outcome_evidence.id = outcomes.id WHERE seq = :seq"
    row = db.execute(sql, {"seq": seq}).fetchone()
    return None if row is None else int(row[0])


def differences(db: Connection) -> int:
    """In how many places the sums are not what the filed rows amount to."""
    names = ", ".join(_KEY)
    rows = (
        f"SELECT {names}, count(*) FROM ledger JOIN outcomes USING (seq)"
        f" JOIN outcome_evidence ON outcome_evidence.id = outcomes.id WHERE held IS NOT NULL GROUP BY {names}"
    )
    filed, summed = (
        {tuple(key): count for *key, count in db.stream(sql, {})}
        for sql in (rows, f"SELECT {names}, forecasts FROM evidence_sums")
    )
    return sum(filed.get(key) != summed.get(key) for key in filed.keys() | summed.keys())
