"""How issued forecasts turned out, from sums that are kept as outcomes come.

score_sums (all symbols) or ledger + outcomes (one symbol) | Table | score_of, by horizon, model and month
"""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Q05, Q95
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.track_record.ledger import ledger_table, outcomes_table, score_sums_table
from bellwether.track_record.ledger.ledger_table import from_days, unpack_all
from bellwether.track_record.ledger.outcomes_table import PastForecast, outcomes_of
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.misses.reasons import Counts, why_missed
from bellwether.track_record.scores.columns import COLUMNS, miss_distance, scored
from bellwether.track_record.scores.score_table import ScoreTable, reliability_of, score_of, table_of
from bellwether.track_record.scores.types import GateStatus, HorizonScore, Miss, ModelScore, MonthScore, TrackRecord

LONGEST_POOLED = 21  #: sessions: longer horizons overlap too much to add anything to a score
MOST_MISSES = 20
NOTHING_FILED: Counts = MappingProxyType({})
_SUMS = 6  #: where the sums begin in a row of `score_sums.between`


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which forecasts a record is to be made of; None is all."""

    symbol: str | None = None
    horizon: int | None = None
    model_id: str | None = None
    since: date | None = None  #: of their cutoffs


def live_record(
    store: Store, asked: RecordFilter, standings: tuple[GateStatus, ...] = (), *, with_reasons: bool = True
) -> TrackRecord:
    """The record of what was really issued, perhaps with why ranges missed. Raises StoreError."""
    with store.reading() as db:
        evidence = _evidence(db, asked) if with_reasons else NOTHING_FILED
        if asked.symbol is None:
            table, misses = whole_table(db, asked), _whole_misses(db, asked)
            return record_of(table, misses, asked, standings=standings, evidence=evidence)
        rows = outcomes_table.of_symbol(db, asked.symbol, asked.since)
    return record_of(symbol_table(rows), symbol_misses(rows, asked), asked, standings=standings, evidence=evidence)


def _evidence(db: Connection, asked: RecordFilter) -> Counts:
    return evidence_table.counts(db, asked.symbol, asked.since, asked.horizon, asked.model_id, unless=BASELINE_ID)


def record_of(
    table: ScoreTable,
    misses: tuple[Miss, ...],
    asked: RecordFilter,
    *,
    simulated: bool = False,
    standings: tuple[GateStatus, ...] = (),
    evidence: Counts = NOTHING_FILED,
) -> TrackRecord:
    """The record that a table amounts to; rows that were not asked for are left out.

    `evidence` counts what was asked for alone.
    """
    table = table.take(_chosen(table, asked))
    speaking = table.take(_speaking(table, asked))
    settled = speaking.take(speaking.sums[:, 0] > 0)
    pooled = settled if asked.horizon is not None else settled.take(settled.horizon <= LONGEST_POOLED)
    everything = int(speaking.issued.sum())
    outcomes_in = round(float(settled.sums[:, 0].sum()))
    silent = table.take((table.model == BASELINE_ID) & table.shown)
    return TrackRecord(
        simulated=simulated,
        symbol=asked.symbol,
        horizon=asked.horizon,
        model_id=asked.model_id,
        since=asked.since,
        first=from_days(int(settled.day.min())) if len(settled.day) else None,
        last=from_days(int(settled.day.max())) if len(settled.day) else None,
        issued=everything + (int(silent.issued.sum()) if asked.model_id is None else 0),
        settled=outcomes_in,
        waiting=everything - outcomes_in - int(speaking.lost.sum()),
        without_outcome=int(speaking.lost.sum()),
        by_plain_rule=int(silent.issued.sum()),
        score=score_of(pooled),
        by_horizon=tuple(
            HorizonScore(int(horizon), score_of(settled.take(settled.horizon == horizon)))
            for horizon in np.unique(settled.horizon)
        ),
        by_model=_by_model(table),
        by_month=_by_month(pooled),
        reliability=reliability_of(pooled),
        misses=misses,
        standings=standings,
        why_missed=why_missed(evidence, outcomes_in, LONGEST_POOLED if asked.horizon is None else None),
    )


def symbol_table(past: list[PastForecast]) -> ScoreTable:
    """One row for each forecast of `outcomes_table.of_symbol`."""
    keys = [(*forecast.key, 1, int(bool(forecast.settled) and forecast.log_return is None)) for forecast in past]
    sums = np.zeros((len(past), len(COLUMNS)))
    _, came, numbers = outcomes_of(past)
    known = np.array([forecast.log_return is not None for forecast in past], bool)
    sums[known] = scored(came, numbers)
    return table_of(keys, sums)


def whole_table(db: Connection, asked: RecordFilter) -> ScoreTable:
    """The sums of all symbols together, without regard to `asked.symbol`."""
    rows = score_sums_table.between(db, asked.since, asked.horizon, asked.model_id)
    sums = np.array([row[_SUMS:] for row in rows], np.float64).reshape(len(rows), len(COLUMNS))
    return table_of([row[:_SUMS] for row in rows], sums)


def _chosen(table: ScoreTable, asked: RecordFilter) -> npt.NDArray[np.bool_]:
    chosen = np.ones(len(table.day), bool)
    if asked.horizon is not None:
        chosen &= table.horizon == asked.horizon
    if asked.model_id is not None:
        chosen &= table.model == asked.model_id
    if asked.since is not None:
        chosen &= table.day >= ledger_table.to_days(asked.since)
    return chosen


def _speaking(table: ScoreTable, asked: RecordFilter) -> npt.NDArray[np.bool_]:
    """What the record is about: what models showed; of a model that was asked for, what it only tried as well."""
    if asked.model_id is not None:
        return np.ones(len(table.day), bool)
    speaking: npt.NDArray[np.bool_] = table.shown & (table.model != BASELINE_ID)
    return speaking


def _by_model(table: ScoreTable) -> tuple[ModelScore, ...]:
    """Each model's score, shown and tried apart; without the plain rule, which cannot beat itself."""
    near = table.take((table.horizon <= LONGEST_POOLED) & (table.model != BASELINE_ID))
    scores = []
    for model in sorted(set(near.model.tolist())):
        own = near.take(near.model == model)
        parts = ((shown, own.take(own.shown == shown)) for shown in (True, False))
        scores += [ModelScore(model, shown, score_of(part)) for shown, part in parts if len(part.day)]
    return tuple(scores)


def _by_month(table: ScoreTable) -> tuple[MonthScore, ...]:
    scores = []
    for month in np.unique(table.month):
        totals = dict(zip(COLUMNS, table.sums[table.month == month].sum(axis=0).tolist(), strict=True))
        count = totals["forecasts"]
        scores.append(
            MonthScore(
                month=month.astype("datetime64[D]").astype(object),
                forecasts=round(count),
                coverage_80=totals["inside_80"] / count,
                coverage_90=totals["inside_90"] / count,
                skill=1 - totals["loss"] / totals["baseline_loss"],
            )
        )
    return tuple(scores)


def _whole_misses(db: Connection, asked: RecordFilter) -> tuple[Miss, ...]:
    biggest = score_sums_table.biggest_misses(db, MOST_MISSES, asked.since, asked.horizon, asked.model_id, BASELINE_ID)
    return tuple(_miss(outcomes_table.of_seq(db, seq), distance) for distance, seq in biggest)


def symbol_misses(past: list[PastForecast], asked: RecordFilter) -> tuple[Miss, ...]:
    """The biggest misses among the forecasts of one symbol that were shown."""
    known, came, numbers = outcomes_of(forecast for forecast in past if forecast.shown and _is_asked(forecast, asked))
    distances = miss_distance(came, numbers.log_returns)
    biggest = np.argsort(-distances, kind="stable")[:MOST_MISSES]
    return tuple(_miss(known[at], float(distances[at])) for at in biggest if distances[at] > 0)


def _is_asked(forecast: PastForecast, asked: RecordFilter) -> bool:
    model = forecast.model_id == asked.model_id if asked.model_id else forecast.model_id != BASELINE_ID
    return model and asked.horizon in {None, forecast.horizon}


def _miss(forecast: PastForecast, distance: float) -> Miss:
    (quantiles,) = unpack_all([forecast.numbers]).log_returns
    return Miss(
        forecast_id=forecast.forecast_id,
        symbol=forecast.symbol,
        cutoff=from_days(forecast.cutoff),
        target_session=from_days(forecast.target),
        horizon=forecast.horizon,
        model_id=forecast.model_id,
        low=float(np.expm1(quantiles[Q05])),
        high=float(np.expm1(quantiles[Q95])),
        growth=float(np.expm1(forecast.log_return or 0.0)),
        distance=distance,
    )
