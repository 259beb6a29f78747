"""Proof that no issued forecast and no outcome was changed, by computing every hash again.

A whole chain can be written anew by whoever has the file, hashes and all. What they would want it for is looked at
besides: forecasts entered when their outcome was known, a second outcome for one, sums that flatter.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from bellwether.core.errors import LedgerError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.track_record.ledger import (
    checkpoint,
    ledger_table,
    list_ledger_table,
    outcomes_table,
    rebuild,
    revenue_ledger_table,
)
from bellwether.track_record.ledger.checkpoint import Checkpoint
from bellwether.track_record.ledger.hash_chain_table import START, HashChain, Head, link

_Rows = Iterator[tuple[Any, ...]]
_DAY = 86_400_000_000  #: microseconds
_BACK = 3_600_000_000  #: that a row may be made before the one above it: two processes enter what they made at once
_SEQ, _TARGET, _MADE_AT = 0, 5, 6  #: places in a row of the ledger
_STEP = 500  #: rows that are computed between two rests
_NOTES = {
    "ledger": "The note beside the database",
    "outcomes": "The note on outcomes beside the database",
    "growth": "The note on growth forecasts beside the database",
    "growth_outcomes": "The note on outcomes of growth beside the database",
    "lists": "The note on forecasts of lists beside the database",
    "list_outcomes": "The note on outcomes of lists beside the database",
}
_GUARDS = {
    f"{chain.table}_{guard}"
    for chain in checkpoint.EVERY_CHAIN.values()
    for guard in ("no_update", "no_delete", "in_order")
} | {
    f"{table}_{guard}" for table in ("incidents", "incident_ends", "list_lost") for guard in ("no_update", "no_delete")
}


@dataclass(frozen=True, slots=True)
class Verified(Checkpoint):
    """Where the chains end, and what is wrong with them; each problem a sentence."""

    problems: tuple[str, ...] = ()


class VerificationStopped(Exception):
    """The proof was told to end before it came to the last row."""


def verify(store: Store, expected: Head | None = None, stopping: Callable[[], bool] = lambda: False) -> Verified:
    """Read the chains from the first row to the last.

    `expected` is a head that somebody noted: the ledger must still hold that row. `stopping` is asked between the
    steps. Raises StoreError, and VerificationStopped.
    """
    problems: list[str] = []
    noted, missing = None, True
    try:
        noted = checkpoint.read(store)  # before the rows: what others add meanwhile is in neither or in the rows alone
    except LedgerError as problem:
        missing = False
        problems.append(str(problem))
    with store.reading() as db:
        times = _TimesMade()
        steps = partial(_in_steps, stopping)
        issued = _walk(db, "forecast", ledger_table.CHAIN, problems, lambda rows: times.checked(steps(rows)))
        settled = _walk(db, "outcome", outcomes_table.CHAIN, problems, steps)
        if orphans := outcomes_table.orphans(db):
            problems.append(f"{orphans} outcomes belong to forecasts that are not there: rows of the ledger are gone.")
        whole = not problems
        problems += times.problems
        issued_growth = _walk(db, "growth forecast", revenue_ledger_table.FORECASTS, problems, steps)
        settled_growth = _walk(db, "outcome of growth", revenue_ledger_table.OUTCOMES, problems, steps)
        before_lists = len(problems)
        issued_lists = _walk(db, "forecast of a list", list_ledger_table.FORECASTS, problems, steps)
        settled_lists = _walk(db, "outcome of a list", list_ledger_table.OUTCOMES, problems, steps)
        problems += list_ledger_table.unproved(db)
        if len(problems) == before_lists:
            problems += rebuild.differences_of_lists(db)
        if twice := outcomes_table.settled_twice(db):
            problems.append(f"{twice} outcomes were added to forecasts that had one.")
        if twice := ledger_table.entered_twice(db):
            problems.append(f"{twice} forecasts have the id of another one.")
        if gone := sorted(_GUARDS - db.triggers()):
            problems.append(f"The database's guards against change are missing: {', '.join(gone)}.")
        if noted is not None:
            for name, hashed in noted.lost(db).items():
                _compare(_NOTES[name], getattr(noted, name), hashed, problems)
        elif missing and (issued.rows or issued_growth.rows or issued_lists.rows):
            problems.append(
                f"The note {checkpoint.path_of(store).name} beside the database is missing: whether rows at the end "
                "were cut off cannot be told without it. It is written again with the next forecast."
            )
        if expected is not None:
            _compare("What you noted", expected, ledger_table.CHAIN.hash_at(db, expected.rows), problems)
        if whole:  # what a broken chain amounts to says nothing
            problems += rebuild.differences(db)
    return Verified(issued, settled, issued_growth, settled_growth, issued_lists, settled_lists, tuple(problems))


def _in_steps(stopping: Callable[[], bool], rows: _Rows) -> _Rows:
    """The same rows, with a question between each `_STEP` of them. Raises VerificationStopped."""
    for number, row in enumerate(rows):
        if number % _STEP == 0 and stopping():
            raise VerificationStopped
        yield row


class _TimesMade:
    """Checks when the rows that pass were made; only the first fault of a kind is reported, for more follow it."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._newest, self._late, self._back = 0, False, False

    def checked(self, rows: _Rows) -> _Rows:
        """The same rows."""
        for row in rows:
            if isinstance(row[_MADE_AT], int) and isinstance(row[_TARGET], int):
                self._check(row[_SEQ], row[_MADE_AT], row[_TARGET])
            yield row

    def _check(self, number: int, made_at: int, target: int) -> None:
        if not self._late and made_at >= (target + 1) * _DAY:
            self._late = True
            self.problems.append(f"Forecast {number} was made after the session that it is about.")
        if not self._back and made_at < self._newest - _BACK:
            self._back = True
            self.problems.append(
                f"Forecast {number} says that it was made before one that was entered earlier: it was dated back, or "
                "the clock of this machine was set back."
            )
        self._newest = max(self._newest, made_at)


def head_of(text: str) -> Head:
    """ "120:9f86d0..." as `ledger verify` prints it. Raises LedgerError."""
    try:
        return checkpoint.parse_head(text)
    except ValueError:
        raise LedgerError(f"“{text[:80]}” is no head; please give one as printed: ROWS:HASH, 64 digits.") from None


def _walk(db: Connection, what: str, chain: HashChain, problems: list[str], checked: Callable[[_Rows], _Rows]) -> Head:
    """Follow one chain; the first break is reported, for all that comes after it breaks too."""
    expected, before, broken = 0, START, False
    for row in checked(chain.every_row(db)):
        expected += 1
        number, hashed = row[0], row[-1]
        if not broken and number != expected:
            problems.append(f"The {what}s {expected} to {number - 1} are missing.")
            broken = True
        if not broken and not _follows(before, chain, row):
            problems.append(
                f"{what.capitalize()} {number} is not what was written, or what stood before it was changed; it reads "
                f"{_named(row)}."
            )
            broken = True
        expected, before = number, hashed
    return Head(expected, before if isinstance(before, bytes) else START)


def _follows(before: bytes, chain: HashChain, row: tuple[Any, ...]) -> bool:
    """Whether a row's hash is that of its content; never where somebody put text for numbers."""
    try:
        return bool(link(before, chain.content(row[:-1])) == row[-1])
    except (TypeError, ValueError, struct.error):
        return False


def _named(row: tuple[Any, ...]) -> str:
    """What a row says that it is: of the ledger its id and symbol, of the outcomes the forecast's number."""
    return f"{row[1]}, {row[2]}" if isinstance(row[1], str) else f"of forecast {row[1]}"


def _compare(whose: str, noted: Head, hashed: bytes | None, problems: list[str]) -> None:
    if hashed is None:
        problems.append(
            f"{whose} knows {noted.rows} rows, and there are fewer: rows at the end were removed, or an older backup "
            "was put back."
        )
    elif hashed != noted.hash:
        problems.append(f"{whose} knows another hash of row {noted.rows}: the rows up to it were written anew.")
