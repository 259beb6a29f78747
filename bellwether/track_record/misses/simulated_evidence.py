"""How often which evidence came in a replay: kept in a file beside its record, by symbol, horizon and week."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.misses.evidence_table import SymbolKey

EVIDENCE = "simulated_evidence.npz"  #: of a replay, beside the database or shipped
_TYPES = {"day": np.int32, "horizon": np.int8, "held": np.bool_, "evidence": np.uint8, "forecasts": np.int32}
_MONDAY = 3  #: 1970 began on a Thursday


@dataclass(frozen=True, eq=False)
class SimulatedEvidence:
    """Counts of a replay, (n,) each; those of one week within a month are dated by its first day."""

    symbol: npt.NDArray[np.str_]
    model: npt.NDArray[np.str_]
    columns: Mapping[str, npt.NDArray[Any]]  #: by the names of _TYPES

    def counts(
        self, symbol: str | None, since: date | None, horizon: int | None, model_id: str | None
    ) -> Counter[tuple[int, bool, int]]:
        """By (horizon, held, evidence); None asks for all."""
        chosen = np.ones(len(self.symbol), bool)
        for column, wanted in ((self.symbol, symbol), (self.model, model_id), (self.columns["horizon"], horizon)):
            if wanted is not None:
                chosen &= column == wanted
        if since is not None:
            chosen &= self.columns["day"] >= to_days(since)
        counted: Counter[tuple[int, bool, int]] = Counter()
        rows = (self.columns[name][chosen].tolist() for name in ("horizon", "held", "evidence", "forecasts"))
        for at_horizon, held, evidence, forecasts in zip(*rows, strict=True):
            counted[at_horizon, held, evidence] += forecasts
        return counted


def by_week(counts: Mapping[SymbolKey, int], unless: str) -> SimulatedEvidence:
    """The counts by day added up by week within a month; without those of the model `unless`."""
    weekly: Counter[tuple[str, str, int, int, bool, int]] = Counter()
    for (symbol, model, _, horizon, day, held, evidence), count in counts.items():
        if model != unless:
            weekly[symbol, model, _first_day(day), horizon, held, evidence] += count
    rows = sorted(weekly.items())
    columns: list[Any] = list(zip(*(key for key, _ in rows), strict=True)) or [()] * 6
    symbol, model, *keys = columns
    numbers = (*keys, [count for _, count in rows])
    return SimulatedEvidence(
        np.array(symbol, np.str_),
        np.array(model, np.str_),
        {name: np.array(column, kind) for (name, kind), column in zip(_TYPES.items(), numbers, strict=True)},
    )


def _first_day(day: int) -> int:
    """Of the days of one week within one month, the first, in days since 1970."""
    month = np.datetime64(day, "D").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return max(day - (day + _MONDAY) % 7, int(month))


def save_evidence(file: Path, evidence: SimulatedEvidence) -> None:
    """Write the counts of a replay."""
    columns: dict[str, Any] = dict(evidence.columns)
    for name in ("symbol", "model"):
        names, place = np.unique(getattr(evidence, name), return_inverse=True)
        columns |= {f"{name}s": names, name: place.astype(np.int16)}
    np.savez_compressed(file, **columns)


def load_evidence(content: bytes) -> SimulatedEvidence:
    """What `save_evidence` wrote. Raises ValueError or LookupError for anything else."""
    with np.load(BytesIO(content)) as arrays:
        symbol, model = (arrays[f"{name}s"][arrays[name]] for name in ("symbol", "model"))
        return SimulatedEvidence(symbol, model, {name: arrays[name] for name in _TYPES})
