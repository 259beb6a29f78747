"""What the page is made of, made again from the two chains: whether it is what they amount to, and mending it.

Sums, misses and the list of open forecasts are kept beside the chains so that a page need not read a million rows. No
hash protects them, so the proof computes them anew: whoever edits a sum to look better is found out too.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from bellwether.core.types import Floats
from bellwether.db.database import Database, Store
from bellwether.track_record.ledger import ledger_table, outcomes_table, score_sums_table
from bellwether.track_record.ledger.ledger_table import unpack_all
from bellwether.track_record.ledger.outcomes_table import SettledRow
from bellwether.track_record.ledger.score_sums_table import Key
from bellwether.track_record.scores.columns import COLUMNS, miss_distance, scored

MEND = "Run `python -m bellwether ledger rebuild`: it makes them again from the rows."
_AT_ONCE = 20_000  #: rows in memory
_LOOSE = 1e-6  #: sums differ in their last digits by the order in which they were added up


@dataclass(slots=True)
class _Amounts:
    """What the rows amount to."""

    issued: dict[Key, int]
    settled: dict[Key, Floats] = field(default_factory=dict)
    lost: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    misses: list[tuple[int, float, int]] = field(default_factory=list)  #: row, distance, cutoff in days
    misses_differ: int = 0  #: from those that are kept


def differences(db: Database) -> list[str]:
    """What is kept beside the chains and is not what they amount to; each a sentence that says what to do."""
    found = []
    if forgotten := outcomes_table.forgotten(db):
        found.append(
            f"{len(forgotten):,} open forecasts, the first in row {forgotten[0][0]}, are not on the list of those that "
            f"wait for their outcome, and would never get one. {MEND}"
        )
    amounts = _amounts(db)
    if wrong := _wrong_sums(db, amounts):
        model, shown, horizon, cutoff = wrong[0]
        found.append(
            f"The sums that the track record shows are not what the rows amount to, in {len(wrong):,} places; the "
            f"first is {model}{'' if shown else ' (tried)'}, horizon {horizon}, "
            f"{ledger_table.from_days(cutoff)}. {MEND}"
        )
    if amounts.misses_differ or score_sums_table.misses_kept(db) != len(amounts.misses):
        found.append(f"The list of misses is not what the rows amount to. {MEND}")
    return found


def rebuild(store: Store, calendar_of: Callable[[str], str]) -> None:
    """Make the sums, the misses and the list of open forecasts again from the chains, all or nothing.

    `calendar_of` tells the trading calendar of a symbol that has no other open forecast. Raises StoreError.
    """
    with store.transaction() as db:
        amounts = _amounts(db)
        score_sums_table.clear(db)
        score_sums_table.count_issued(db, amounts.issued)
        score_sums_table.add(db, amounts.settled, amounts.lost)
        score_sums_table.add_misses(db, amounts.misses)
        known = outcomes_table.calendars(db)
        outcomes_table.await_again(
            db,
            [
                (seq, target, known.get(symbol) or calendar_of(symbol))
                for seq, symbol, target in outcomes_table.forgotten(db)
            ],
        )


def _amounts(db: Database) -> _Amounts:
    """Read all rows once."""
    found = _Amounts(ledger_table.counts(db))
    rows = outcomes_table.settled(db)
    while some := list(islice(rows, _AT_ONCE)):
        known = []
        for row in some:
            if row.log_return is None:
                found.lost[_key(row)] += 1
                found.misses_differ += row.distance is not None
            else:
                known.append(row)
        if known:
            _add(found, known)
    return found


def _add(found: _Amounts, known: list[SettledRow]) -> None:
    """Score some rows that have an outcome."""
    numbers = unpack_all(row.numbers for row in known)
    came = np.array([row.log_return for row in known], np.float64)
    scores = scored(came, numbers.log_returns, numbers.baseline, numbers.usual)
    places: dict[Key, int] = {}
    place = np.array([places.setdefault(_key(row), len(places)) for row in known])
    sums = np.stack([np.bincount(place, column, len(places)) for column in scores.T], axis=1)
    for key, at in places.items():
        found.settled[key] = found.settled[key] + sums[at] if key in found.settled else sums[at]
    for row, far in zip(known, miss_distance(came, numbers.log_returns).tolist(), strict=True):
        if far > 0:
            found.misses.append((row.seq, far, row.cutoff))
        kept = row.distance or 0.0
        found.misses_differ += abs(far - kept) > _LOOSE * max(1.0, far)


def _wrong_sums(db: Database, amounts: _Amounts) -> list[Key]:
    """The places where the kept sums are others."""
    nothing = np.zeros(len(COLUMNS))
    wrong, seen = [], set()
    for model, shown, horizon, cutoff, issued, lost, *sums in score_sums_table.between(db, None):
        key = (model, bool(shown), horizon, cutoff)
        seen.add(key)
        same = (issued, lost) == (amounts.issued.get(key, 0), amounts.lost.get(key, 0))
        if not same or not np.allclose(sums, amounts.settled.get(key, nothing), _LOOSE, _LOOSE):
            wrong.append(key)
    return wrong + sorted(set(amounts.issued) - seen)


def _key(row: SettledRow) -> Key:
    return row.model_id, bool(row.shown), row.horizon, row.cutoff
