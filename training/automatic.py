"""AutoARIMA and AutoETS of statsforecast: the textbook answers, fitted afresh at each cutoff.

They take a fifth of a second each, so they answer a stated subset: SYMBOLS symbols drawn by hash, every THIN-th of
their scored cutoffs, each symbol from another start so that no week is left out. Both read the log closes of the last
two years and give Gaussian intervals (Hyndman and Khandakar, 2008).
"""

import hashlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from bellwether.core.types import HEADS, LEVELS, Floats
from training.panel import Panel, Rows

SYMBOLS = 24
THIN = 4  # of cutoffs every 5 sessions: one every 20
HISTORY = 504  # closes read
FEWEST = 126
WIDTHS = {0.05: "lo-90", 0.1: "lo-80", 0.25: "lo-50", 0.5: "mean", 0.75: "hi-50", 0.9: "hi-80", 0.95: "hi-90"}


def subset(panel: Panel, rows: Rows) -> Rows:
    """Positions in `rows` of the cutoffs that are answered: (s,)."""
    numbers = np.unique(panel.symbol[rows])
    drawn = sorted(numbers, key=lambda number: hashlib.sha256(f"subset {panel.symbols[number]}".encode()).digest())
    chosen: list[int] = []
    for turn, number in enumerate(drawn[:SYMBOLS]):
        places = np.flatnonzero((panel.symbol[rows] == number) & (panel.history[rows] >= FEWEST))
        chosen += places[turn % THIN :: THIN].tolist()
    return np.array(sorted(chosen), dtype=np.intp)


def quantiles(panel: Panel, rows: Rows) -> dict[str, Floats]:
    """Quantiles of cumulative log returns by model, (b, heads, levels) each."""
    from statsforecast.models import AutoARIMA, AutoETS

    models: dict[str, Any] = {"arima": AutoARIMA(season_length=1), "ets": AutoETS(season_length=1, model="ZZN")}
    answers: dict[str, Floats] = {name: np.empty((len(rows), len(HEADS), len(LEVELS))) for name in models}
    for place, row in enumerate(tqdm(rows, desc="ARIMA, ETS", unit="cutoff", mininterval=0.5)):
        first = row + 1 - min(HISTORY, int(panel.history[row]))
        logs = np.log(panel.closes[first : row + 1])
        for name, model in models.items():
            answers[name][place] = ahead(model, logs, HEADS) - logs[-1]
    return answers


def ahead(model: Any, logs: Floats, horizons: Sequence[int]) -> Floats:
    """Quantiles of a series (n,) some steps after its end, (horizons, levels), by a model of statsforecast."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = model.forecast(y=logs, h=max(horizons), level=[50, 80, 90])
    at = np.array(horizons) - 1
    stacked: Floats = np.stack([np.asarray(answer[WIDTHS[level]])[at] for level in LEVELS], axis=1)
    return np.sort(stacked, axis=1)
