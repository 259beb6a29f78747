"""Sums of scores over outcomes, beside the forecasts that have no outcome for good, and the misses."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from bellwether.core.types import Floats
from bellwether.db.connection import Connection
from bellwether.track_record.ledger import score_sums_table
from bellwether.track_record.ledger.outcomes_table import Key, Outcome, PastForecast, outcomes_of
from bellwether.track_record.ledger.score_sums_table import Misses
from bellwether.track_record.scores.columns import miss_distance, scored


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """Sums over forecasts with an outcome."""

    settled: dict[Key, Floats] = field(default_factory=dict)  #: (len(COLUMNS),) of those for which a price came
    lost: Counter[Key] = field(default_factory=Counter)  #: how many for which none came
    misses: Misses = field(default_factory=dict)

    def add(self, forecasts: Iterable[PastForecast]) -> None:
        """Score more forecasts, each of which has its outcome."""
        forecasts = list(forecasts)
        self.lost.update(forecast.key for forecast in forecasts if forecast.log_return is None)
        known, came, numbers = outcomes_of(forecasts)
        scores = scored(came, numbers)
        places: dict[Key, int] = {}
        place = np.array([places.setdefault(forecast.key, len(places)) for forecast in known], np.int64)
        sums = np.stack([np.bincount(place, column, len(places)) for column in scores.T], axis=1)
        for key, at in places.items():
            self.settled[key] = self.settled[key] + sums[at] if key in self.settled else sums[at]
        for forecast, distance in zip(known, miss_distance(came, numbers.log_returns).tolist(), strict=True):
            if distance > 0:
                self.misses[forecast.seq] = (distance, forecast.cutoff)

    def enter(self, db: Connection) -> None:
        """Add them to those that are kept. To be called in a transaction that may write."""
        score_sums_table.add(db, self.settled, self.lost)
        score_sums_table.add_misses(db, self.misses)


def count(db: Connection, outcomes: Iterable[Outcome]) -> None:
    """Add new outcomes to the sums and the misses. To be called in the transaction that appends them."""
    sums = ScoreSums()
    sums.add(outcome.of._replace(log_return=outcome.log_return) for outcome in outcomes)
    sums.enter(db)
