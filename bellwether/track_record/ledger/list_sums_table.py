"""The table `list_sums`: how forecasts of lists turned out, added up by horizon, so that no page reads all rows.

Outcomes are numbered without a gap, so as many as the sums count are in them, and those that come after are added to
what is read. It can be made again from `list_ledger` and `list_outcomes`.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bellwether.core.types import Q10, Q90
from bellwether.db.connection import Connection
from bellwether.db.sql import put
from bellwether.track_record.ledger.list_ledger_table import Lost

_NAMES = ("settled", "lost", "held", "compared", "held_compared", "plain_held")
Sums = dict[int, Counter[str]]  #: by horizon, and by `_NAMES`


@dataclass(frozen=True, slots=True)
class ListScore:
    """How forecasts of lists turned out."""

    issued: int  #: of every horizon
    settled: int = 0  #: with an outcome
    held: int = 0  #: of these, inside the 8-in-10 range
    compared: int = 0  #: of these, with a plain rule beside them
    held_compared: int = 0
    plain_held: int = 0
    lost: int = 0  #: that never will have an outcome
    why: dict[Lost, int] = field(default_factory=dict)  #: of these, by reason, the most frequent first


def score(db: Connection, horizon: int | None = None) -> ListScore:
    """How all forecasts of lists turned out, or those of one horizon."""
    by_horizon = _sums(db)
    total = sum(by_horizon.values(), Counter[str]()) if horizon is None else by_horizon.get(horizon, Counter())
    why = _reasons(db, total["lost"]) if horizon is None and total["lost"] else {}
    (issued,) = db.execute("SELECT coalesce(max(seq), 0) FROM list_ledger").fetchone()
    return ListScore(issued, why=why, **{name: total[name] for name in _NAMES})


def count(db: Connection) -> None:
    """Add all outcomes that are not counted yet. To be called in the transaction that appends them."""
    before, after = _kept(db), _sums(db)
    changed = {horizon: sums for horizon, sums in after.items() if sums != before.get(horizon)}
    db.executemany(
        put("list_sums", ("horizon",), _NAMES),
        [{"horizon": at, **{name: changed[at][name] for name in _NAMES}} for at in sorted(changed)],
    )


def rebuild(db: Connection) -> None:
    """Make the sums again from the rows. In a transaction that may write."""
    db.execute("DELETE FROM list_sums")
    count(db)


def are_wrong(db: Connection) -> bool:
    """Whether the sums are not what the rows amount to."""
    return {at: +sums for at, sums in _sums(db).items()} != {at: +sums for at, sums in _added(db, 0).items()}


def _sums(db: Connection) -> Sums:
    """Of all outcomes: those that are kept, and those of outcomes that came after."""
    sums = _kept(db)
    later = _added(db, sum(each["settled"] + each["lost"] for each in sums.values()))
    return {at: sums.get(at, Counter()) + later.get(at, Counter()) for at in sums.keys() | later.keys()}


def _kept(db: Connection) -> Sums:
    rows = db.execute(f"SELECT horizon, {', '.join(_NAMES)} FROM list_sums")
    return {horizon: +Counter(dict(zip(_NAMES, counts, strict=True))) for horizon, *counts in rows}


def _added(db: Connection, after: int) -> Sums:
    """Of the outcomes with a greater number."""
    sql = (
        "SELECT horizon, growths, plain, growth FROM list_outcomes JOIN list_ledger USING (seq)"
        " WHERE list_outcomes.id > :after"
    )
    sums: Sums = {}
    for horizon, growths, plain, growth in db.stream(sql, {"after": after}):
        each = sums.setdefault(horizon, Counter())
        each.update(["lost"] if growth is None else _names(json.loads(growths), json.loads(plain), growth))
    return sums


def _names(growths: Sequence[float], plain: Sequence[float], came: float) -> list[str]:
    """What one forecast with an outcome is counted under."""
    held = _holds(growths, came)
    of_all = {"settled": True, "held": held}
    if plain:
        of_all |= {"compared": True, "held_compared": held, "plain_held": _holds(plain, came)}
    return [name for name, is_so in of_all.items() if is_so]


def _holds(growths: Sequence[float], came: float) -> bool:
    return growths[Q10] <= came <= growths[Q90]


def _reasons(db: Connection, lost: int) -> dict[Lost, int]:
    """Those without a reason are from before reasons were written down, when there was one."""
    counts = Counter(
        {Lost[name]: of for name, of in db.execute("SELECT reason, count(*) FROM list_lost GROUP BY reason")}
    )
    counts[Lost.NO_PRICE] += max(lost - sum(counts.values()), 0)
    return dict((+counts).most_common())
