"""What people see, beside what a graph says: the model's and the plain rule's ranges as their evenings stretch them.

answer, base quantiles -> raw quantiles of both -> stretched by the evening of each cutoff
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bellwether.core.calibration import Rises
from bellwether.core.types import Floats, Sessions
from bellwether.forecasting.evening_width import widened
from bellwether.forecasting.metrics import brier_score
from training import baselines
from training.chances import told_chances
from training.evaluate import predict
from training.evenings import evening_numbers
from training.panel import Answer, Panel, Rows
from training.scores import Sample

WHO = ("model", "ewma")
SERVED = {who: f"{who}_served" for who in WHO}  #: name of the raw one -> of the served one
Quantiles = Mapping[str, Floats]  #: by name, (b, heads, levels)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A model and the plain rule beside it, on any panel."""

    answer: Answer
    standardised: Floats  #: (heads, levels) of the plain rule
    stretched: bool = True  #: whether the service stretches their ranges

    def raw(self, panel: Panel, rows: Rows) -> dict[str, Floats]:
        """Quantiles of WHO at these cutoffs, (b, heads, levels), before any stretching."""
        return {who: self._forecast(who, panel, rows) for who in WHO}

    def evenings(self, panel: Panel, sessions: Sessions) -> dict[str, Floats]:
        """By how much both are stretched after these sessions (m,), in logs (m, heads), by the stocks of the panel."""
        return {who: evening_numbers(partial(self._forecast, who, panel), panel, sessions) for who in WHO}

    def all(
        self, panel: Panel, rows: Rows, raw: Quantiles | None = None, x: dict[str, Floats] | None = None
    ) -> dict[str, Floats]:
        """Quantiles of WHO and of SERVED at these cutoffs.

        `raw` where those of WHO are known already; `x` where the evenings are another panel's, each (b, heads).
        """
        known = raw or self.raw(panel, rows)
        raw = {who: known[who] for who in WHO}
        if not self.stretched:
            return raw | {SERVED[who]: raw[who] for who in WHO}
        x = x or self.evenings(panel, panel.sessions[rows])
        return raw | {SERVED[who]: widened(raw[who], x[who]) for who in WHO}

    def _forecast(self, who: str, panel: Panel, rows: Rows) -> Floats:
        if who == "model":
            return predict(self.answer, panel, rows, "scoring")
        return baselines.ewma(panel, rows, self.standardised)


def chances(sample: Sample, rises: Rises | None, panel: Panel, rows: Rows, shown: Floats) -> dict[str, Any]:
    """Brier score of the told chance of a rise against climatology, by how it is made of the quantiles `shown`."""
    chance = told_chances(rises, panel, rows, shown)[sample.row, sample.head]
    rose = (sample.outcome > 0).astype(np.float64)
    gain = np.square(sample.climatology - rose) - np.square(chance - rose)
    return {
        "forecasts": len(rose),
        "brier": brier_score(chance, rose),
        "brier_climatology": brier_score(sample.climatology, rose),
        "brier_gain": float(gain.mean()),
        "brier_gain_interval": sample.mean_interval(gain),
    }
