"""What the page is made of, made again from the two chains: whether it is what they amount to, and mending it.

Sums, misses and the list of open forecasts are kept beside the chains so that a page need not read a million rows. No
hash protects them, so the proof computes them anew: whoever edits a sum to look better is found out too.
"""

from collections.abc import Callable
from itertools import islice

import numpy as np

from bellwether.core.places import COMMAND
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.track_record.ledger import (
    ledger_table,
    list_ledger_table,
    list_sums_table,
    lists,
    outcomes_table,
    score_sums_table,
)
from bellwether.track_record.ledger.outcomes_table import Key
from bellwether.track_record.ledger.score_sums import ScoreSums
from bellwether.track_record.ledger.score_sums_table import Misses
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.scores.columns import COLUMNS

MEND = f"Run `{COMMAND} ledger rebuild`: it makes them again from the rows."
_AT_ONCE = 20_000  #: rows in memory
_LOOSE = 1e-6  #: sums differ in their last digits by the order in which they were added up


def differences(db: Connection) -> list[str]:
    """What is kept beside the chains and is not what they amount to; each a sentence that says what to do."""
    problems = []
    if forgotten := outcomes_table.forgotten(db):
        problems.append(
            f"{len(forgotten):,} open forecasts, the first in row {forgotten[0][0]}, are not on the list of those that "
            f"wait for their outcome, and would never get one. {MEND}"
        )
    scores = _score_sums(db)
    if wrong := _wrong_sums(db, scores):
        model, shown, horizon, cutoff = wrong[0]
        problems.append(
            f"The sums that the track record shows are not what the rows amount to, in {len(wrong):,} places; the "
            f"first is {model}{'' if shown else ' (tried)'}, horizon {horizon}, "
            f"{ledger_table.from_days(cutoff)}. {MEND}"
        )
    if wrong_counts := evidence_table.differences(db):
        problems.append(f"The counts of why ranges missed are not what is filed, in {wrong_counts:,} places. {MEND}")
    if not _same_misses(score_sums_table.misses(db), scores.misses):
        problems.append(f"The list of misses is not what the rows amount to. {MEND}")
    return problems


def differences_of_lists(db: Connection) -> list[str]:
    """The same of forecasts of lists."""
    problems = []
    if forgotten := list_ledger_table.forgotten(db):
        problems.append(f"{forgotten:,} open forecasts of lists are not among those that wait for an outcome. {MEND}")
    if list_sums_table.are_wrong(db):
        problems.append(f"The sums of how lists turned out are not what the rows amount to. {MEND}")
    return problems


def rebuild(store: Store, calendar_of: Callable[[str], str]) -> None:
    """Make the sums, the misses and the list of open forecasts again from the chains, all or nothing.

    Why ranges missed is forgotten, to be filed again from prices: `jobs.file_evidence`.

    `calendar_of` tells the trading calendar of a symbol that has no other open forecast. Raises StoreError.
    """
    with store.reading() as db:
        known, forgotten = outcomes_table.calendars(db), outcomes_table.forgotten(db)
    # before anything is locked: a source may take long
    known |= {symbol: calendar_of(symbol) for symbol in {symbol for _, symbol, _ in forgotten} - known.keys()}
    with store.transaction() as db:
        for chain in (ledger_table.CHAIN, outcomes_table.CHAIN):
            chain.begin(db)
        score_sums_table.clear(db)
        evidence_table.clear(db)
        score_sums_table.count_issued(db, ledger_table.counts(db))
        _score_sums(db).enter(db)
        known |= outcomes_table.calendars(db)
        outcomes_table.await_again(
            db,
            [
                (seq, target, known[symbol])
                for seq, symbol, target in outcomes_table.forgotten(db)
                if symbol in known  # one that was taken off the list only now is the next run's
            ],
        )
    lists.rebuild(store)


def _score_sums(db: Connection) -> ScoreSums:
    scores, forecasts = ScoreSums(), outcomes_table.settled(db)
    while some := list(islice(forecasts, _AT_ONCE)):
        scores.add(some)
    return scores


def _wrong_sums(db: Connection, scores: ScoreSums) -> list[Key]:
    nothing, counts = np.zeros(len(COLUMNS)), ledger_table.counts(db)
    wrong, seen = [], set()
    for model, shown, horizon, cutoff, issued, lost, *sums in score_sums_table.between(db, None):
        key = (model, bool(shown), horizon, cutoff)
        seen.add(key)
        same = (issued, lost) == (counts.get(key, 0), scores.lost[key])
        if not same or not np.allclose(sums, scores.settled.get(key, nothing), _LOOSE, _LOOSE):
            wrong.append(key)
    return wrong + sorted(set(counts) - seen)


def _same_misses(kept: Misses, misses: Misses) -> bool:
    return kept.keys() == misses.keys() and all(
        cutoff == kept[seq][1] and abs(distance - kept[seq][0]) <= _LOOSE * max(1.0, distance)
        for seq, (distance, cutoff) in misses.items()
    )
