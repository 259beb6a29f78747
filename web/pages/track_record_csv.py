"""The track record as one CSV file for whoever wants to count again: every forecast, a row each, written as it is read.

the ledger some thousand rows at a time | one flat row each | a line of text

Of the sample market nothing is issued: there the file holds the sums of its replay by symbol, week and distance.
"""

from collections.abc import Iterator
from typing import Any

from bellwether.services import Services
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.ledger_table import NUMBERS_SIZE, row_from
from bellwether.track_record.ledger.outcomes_table import LedgerEntry
from bellwether.track_record.scores.simulated_record import weekly_rows
from bellwether.track_record.to_json import entry_json
from web.rows import csv_text, flat

_AT_ONCE = 2000  #: rows, each reading of them a transaction of its own: a slow reader must not hold up the database
_NOTHING = LedgerEntry(row_from((0, "", "", 0, 1, 0, 0, "", "", 0, b"", bytes(NUMBERS_SIZE), b"")), None)
_CALIBRATION = ("session", "factor", "stocks")
_OUTCOME = ("log_return", "session", "settled_at", "why_missed", "causes", "inside_80", "inside_90")


def name_of(symbol: str | None, horizon: int | None) -> str:
    """What a browser calls the file."""
    parts = ("track-record", symbol, f"{horizon}-days" if horizon else None)
    name = "-".join(part for part in parts if part)
    return "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in name) + ".csv"


def lines(services: Services, symbol: str | None, horizon: int | None) -> Iterator[str]:
    """The file, piece by piece. Raises StoreError and, for a replay that cannot be read, LedgerError."""
    rows = _issued(services, symbol, horizon) if services.provider.live else _replayed(services, symbol, horizon)
    first = next(rows)  # what fails, fails before the answer has begun
    return _written(first, rows)


def _written(first: list[dict[str, Any]], more: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    """Rows as text, under their names: those of an issued forecast where there is no row yet."""
    names = list(first[0] if first else _row(entry_json(_NOTHING)))
    yield csv_text([names])
    some: list[dict[str, Any]] | None = first
    while some:
        yield csv_text([row[name] for name in names] for row in some)
        some = next(more, None)


def _issued(services: Services, symbol: str | None, horizon: int | None) -> Iterator[list[dict[str, Any]]]:
    after = 0
    while True:
        with services.store.reading() as db:
            entries = outcomes_table.page(db, after, _AT_ONCE, symbol, horizon)
        yield [_row(entry_json(entry)) for entry in entries]
        if not entries:
            return
        after = entries[-1].row.seq


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    """The same columns whether there is an outcome or not."""
    came, stretched = entry.pop("outcome") or {}, entry["calibration"] or {}
    entry["calibration"] = {name: stretched.get(name) for name in _CALIBRATION}
    return flat(entry | {"outcome": {name: came.get(name) for name in _OUTCOME}})


def _replayed(services: Services, symbol: str | None, horizon: int | None) -> Iterator[list[dict[str, Any]]]:
    yield weekly_rows(services.store, symbol, horizon)
