"""What the model would have said after each of the last sessions: one run over stacked windows."""

from collections.abc import Callable
from datetime import date

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bellwether.core.types import LEVELS, MAX_HORIZON, Bars, Floats, to_date
from bellwether.forecasting.baseline import all_horizons
from bellwether.forecasting.inputs import align_closes
from bellwether.models.onnx_model import OnnxModel

_AT_ONCE = 64  #: windows in one run: more are no faster, and take memory


def past_quantiles(
    model: OnnxModel, bars: Bars, market: tuple[Bars | None, ...], count: int, known_by: Callable[[date], date] | None
) -> Floats:
    """Quantiles at all horizons after each of the last `count` sessions, (n, MAX_HORIZON, L), oldest first.

    `bars` must be sound (`mended`). Cumulative log returns; n is smaller where too little lies before a session.
    `known_by` gives the newest session of the market series that had closed with one of `bars`' own; None where they
    share an exchange.
    """
    length = model.card.context_length
    count = min(count, max(0, len(bars) - model.card.min_history + 1))
    if count == 0:
        return np.empty((0, MAX_HORIZON, len(LEVELS)))
    used = bars.last(count + length - 1)
    lacking = count + length - 1 - len(used)
    windows = _windows(np.pad(used.values.astype(np.float32), ((lacking, 0), (0, 0))), length)
    closes = np.zeros((len(used), len(market)), np.float32)
    newest = np.zeros((count, len(market)), np.float32)  # what was known of each series when each window ended
    ends = used.sessions[-count:]
    known = ends if known_by is None else np.array([known_by(to_date(end)) for end in ends], dtype="datetime64[D]")
    for column, series in enumerate(market):
        if series is not None:
            closes[:, column] = align_closes(used.sessions, series)
            newest[:, column] = align_closes(known, series)
    market_windows = _windows(np.pad(closes, ((lacking, 0), (0, 0))), length)
    at_heads = []
    for start in range(0, count, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        known_then = market_windows[part].copy()
        known_then[:, -1] = newest[part]
        at_heads.append(model.quantiles(np.ascontiguousarray(windows[part]), known_then))
    return all_horizons(np.concatenate(at_heads).astype(np.float64))


def _windows(values: Floats, length: int) -> Floats:
    """(n + length - 1, k) as every stretch of `length` rows: (n, length, k), a view."""
    return np.moveaxis(sliding_window_view(values, length, axis=0), -1, 1)
