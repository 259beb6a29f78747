"""Proof that no issued forecast and no outcome was changed, by computing every hash again."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bellwether.errors import LedgerError
from bellwether.scoring import anchor
from bellwether.store import ledger, outcomes
from bellwether.store.database import Store
from bellwether.store.ledger import START, Head

_GUARDS = {f"{table}_{guard}" for table in ("ledger", "outcomes") for guard in ("no_update", "no_delete", "in_order")}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what is wrong with it; each problem a sentence."""

    ledger: Head
    outcomes: Head
    problems: tuple[str, ...]


def verify(store: Store, expected: Head | None = None) -> Verified:
    """Read both chains from the first row to the last.

    `expected` is a head that somebody noted: the ledger must still hold that row. Raises StoreError.
    """
    problems: list[str] = []
    noted, missing = None, True
    try:
        noted = anchor.read(store)  # before the rows: what others add meanwhile is in neither or in the rows alone
    except LedgerError as problem:
        missing = False
        problems.append(str(problem))
    with store.reading() as db:
        issued = _walk("forecast", ledger.every_row(db), ledger.content, problems)
        settled = _walk("outcome", outcomes.every_row(db), outcomes.content, problems)
        if orphans := outcomes.orphans(db):
            problems.append(f"{orphans} outcomes belong to forecasts that are not there: rows of the ledger are gone.")
        if gone := sorted(_GUARDS - ledger.triggers(db)):
            problems.append(f"The database's guards against change are missing: {', '.join(gone)}.")
        if noted is not None:
            _compare("The note beside the database", noted.ledger, ledger.hash_at(db, noted.ledger.rows), problems)
            at = outcomes.hash_at(db, noted.outcomes.rows)
            _compare("The note on outcomes beside the database", noted.outcomes, at, problems)
        elif missing and issued.rows:
            problems.append(
                f"The note {anchor.path_of(store).name} beside the database is missing: whether rows at the end were "
                "cut off cannot be told without it. It is written again with the next forecast."
            )
        if expected is not None:
            _compare("What you noted", expected, ledger.hash_at(db, expected.rows), problems)
    return Verified(issued, settled, tuple(problems))


def head_of(text: str) -> Head:
    """ "120:9f86d0..." as `ledger verify` prints it. Raises LedgerError."""
    try:
        return anchor.parse_head(text)
    except ValueError:
        raise LedgerError(f"“{text[:80]}” is no head; please give one as printed: ROWS:HASH, 64 digits.") from None


def _walk(
    what: str, rows: Iterable[tuple[Any, ...]], content: Callable[[tuple[Any, ...]], bytes], problems: list[str]
) -> Head:
    """Follow one chain; the first break is reported, for all that comes after it breaks too."""
    expected, before, broken = 0, START, False
    for row in rows:
        expected += 1
        number, kept = row[0], row[-1]
        if not broken and number != expected:
            problems.append(f"The {what}s {expected} to {number - 1} are missing.")
            broken = True
        if not broken and not _follows(before, content, row):
            problems.append(
                f"{what.capitalize()} {number} is not what was written, or what stood before it was changed."
            )
            broken = True
        expected, before = number, kept
    return Head(expected, before if isinstance(before, bytes) else START)


def _follows(before: bytes, content: Callable[[tuple[Any, ...]], bytes], row: tuple[Any, ...]) -> bool:
    """Whether a row's hash is that of its content; never where somebody put text for numbers."""
    try:
        return bool(ledger.link(before, content(row)) == row[-1])
    except (TypeError, ValueError, struct.error):
        return False


def _compare(whose: str, noted: Head, found: bytes | None, problems: list[str]) -> None:
    """Whether a noted row is still there, as it was."""
    if found is None:
        problems.append(
            f"{whose} knows {noted.rows} rows, and there are fewer: rows at the end were removed, or an older backup "
            "was put back."
        )
    elif found != noted.hash:
        problems.append(f"{whose} knows another hash of row {noted.rows}: the rows up to it were written anew.")
