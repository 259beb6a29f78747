"""A record made by replaying past prices: kept in a file of its own, never in the database with what was issued.

The demo comes with one of the sample market, 2022 to March 2024, answered by the model that had seen prices up to 2021.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.errors import LedgerError
from bellwether.db.database import Store
from bellwether.track_record.ledger.ledger_table import from_days
from bellwether.track_record.misses.reasons import Counts
from bellwether.track_record.misses.simulated_evidence import EVIDENCE, SimulatedEvidence, load_evidence
from bellwether.track_record.scores.columns import COLUMNS, with_evenings
from bellwether.track_record.scores.score_table import ScoreTable, together
from bellwether.track_record.scores.track_record import MOST_MISSES, NOTHING_FILED, RecordFilter, record_of
from bellwether.track_record.scores.types import Miss, TrackRecord

THOUSANDTHS = 1000  #: sums are kept as whole thousandths: a third of the size, and nothing that could be seen
RECORD = "simulated_record.npz"  #: of a replay, beside the database or shipped
_KEYS = ("day", "horizon", "shown", "issued", "lost")
_MISS_DAYS = ("cutoff", "target_session")


@dataclass(frozen=True, eq=False)
class Simulated:
    """The sums of a replay by symbol, horizon, and week within a month, and its misses."""

    symbol: npt.NDArray[np.str_]  #: (n,)
    table: ScoreTable
    misses: tuple[Miss, ...]  #: the biggest first

    @cached_property
    def everyone(self) -> ScoreTable:
        """All symbols together."""
        return together(self.table, self.table.day)


def path_of(store: Store, name: str = RECORD) -> Path:
    """Where a file of a replay made here is kept."""
    return store.folder / name


def newest_file(store: Store, name: str) -> tuple[Path | None, int]:
    """The file of a replay made here, and when it was written in ns; (None, 0) where only the shipped one is there."""
    own = path_of(store, name)
    try:
        return own, own.stat().st_mtime_ns
    except OSError:
        return None, 0


def content_of(file: Path | None, name: str) -> bytes:
    """What a file of a replay holds, for None the shipped one. Raises OSError."""
    return file.read_bytes() if file else (files("bellwether.track_record.scores") / "data" / name).read_bytes()


def simulated_record(store: Store, asked: RecordFilter) -> TrackRecord:
    """The record of the newest replay: one made here, else the one that comes with the sample market."""
    whole = _load(*newest_file(store, RECORD))
    table = whole.everyone if asked.symbol is None else whole.table.take(whole.symbol == asked.symbol)
    misses = tuple(_some_misses(whole.misses, asked))
    return record_of(table, misses, asked, simulated=True, evidence=_evidence(store, asked))


def _evidence(store: Store, asked: RecordFilter) -> Counts:
    """The counts that belong to the newest replay; none where it kept none, as those of earlier versions did."""
    own, changed = newest_file(store, EVIDENCE)
    if own is None and newest_file(store, RECORD)[0] is not None:
        return NOTHING_FILED
    return _load_evidence(own, changed).counts(asked.symbol, asked.since, asked.horizon, asked.model_id)


def weekly_rows(store: Store, symbol: str | None, horizon: int | None) -> list[dict[str, Any]]:
    """The sums of the newest replay, one row for each symbol, week within a month, horizon and model."""
    whole = _load(*newest_file(store, RECORD))
    table = whole.table
    chosen = np.ones(len(table.day), bool)
    if symbol is not None:
        chosen &= whole.symbol == symbol
    if horizon is not None:
        chosen &= table.horizon == horizon
    return [
        {
            "simulated": True,
            "symbol": str(whole.symbol[at]),
            "first_cutoff": from_days(int(table.day[at])).isoformat(),
            "horizon": int(table.horizon[at]),
            "model_id": str(table.model[at]),
            "issued": int(table.issued[at]),
            "without_outcome": int(table.lost[at]),
            **{name: float(value) for name, value in zip(COLUMNS, table.sums[at], strict=True)},
        }
        for at in np.flatnonzero(chosen)
    ]


def save(file: Path, simulated: Simulated) -> None:
    """Write a replay."""
    table, misses = simulated.table, simulated.misses
    models, model = np.unique(table.model.astype(str), return_inverse=True)
    symbols, symbol = np.unique(simulated.symbol, return_inverse=True)
    columns: dict[str, Any] = {name: getattr(table, name).astype(np.int32) for name in _KEYS}
    columns |= {
        "models": models,
        "model": model.astype(np.int16),
        "symbols": symbols,
        "symbol": symbol.astype(np.int16),
    }
    columns["sums"] = np.round(table.sums * THOUSANDTHS).astype(np.int32)
    for name in Miss.__slots__:
        values = [getattr(miss, name) for miss in misses]
        columns[f"miss_{name}"] = np.array(values, "datetime64[D]" if name in _MISS_DAYS else None)
    np.savez_compressed(file, **columns)


@lru_cache(maxsize=2)
def _load(file: Path | None, changed: int) -> Simulated:
    """`changed` makes a new version of the file another one."""
    try:
        with np.load(BytesIO(content_of(file, RECORD))) as arrays:
            columns = {name: arrays[name] for name in arrays.files}
        sums = with_evenings(columns["sums"] / THOUSANDTHS)
        if sums.shape[1] != len(COLUMNS):
            raise ValueError(f"{sums.shape[1]} columns")
        misses = zip(*(columns[f"miss_{name}"].tolist() for name in Miss.__slots__), strict=True)
        return Simulated(
            columns["symbols"][columns["symbol"]],
            ScoreTable(
                model=columns["models"].astype(object)[columns["model"]],
                sums=sums,
                **{name: columns[name].astype(bool if name == "shown" else np.int64) for name in _KEYS},
            ),
            tuple(Miss(*miss) for miss in misses),
        )
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise LedgerError(f"The simulated record {RECORD} cannot be read; make it again or delete it.") from problem


@lru_cache(maxsize=2)
def _load_evidence(file: Path | None, changed: int) -> SimulatedEvidence:
    """As `_load`."""
    try:
        return load_evidence(content_of(file, EVIDENCE))
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise LedgerError(f"The simulated record {EVIDENCE} cannot be read; make it again or delete it.") from problem


def _some_misses(misses: tuple[Miss, ...], asked: RecordFilter) -> list[Miss]:
    """The biggest first; where all symbols are asked for, one of each."""
    wanted = [
        miss
        for miss in misses
        if asked.symbol in {None, miss.symbol}
        and asked.horizon in {None, miss.horizon}
        and asked.model_id in {None, miss.model_id}
        and (asked.since is None or miss.cutoff >= asked.since)
    ]
    if asked.symbol is None:
        wanted = list({miss.symbol: miss for miss in reversed(wanted)}.values())[::-1]
    return sorted(wanted, key=lambda miss: -miss.distance)[:MOST_MISSES]


def years_of(record: TrackRecord) -> str:
    """ "2019-2021": when the settled forecasts were made; empty without any."""
    if record.first is None or record.last is None:
        return ""
    first, last = record.first.year, record.last.year
    return str(first) if first == last else f"{first}-{last}"
