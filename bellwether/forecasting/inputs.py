"""From checked bars to the arrays the graph reads. Training and serving both come through here."""

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Bars, Floats, Sessions
from bellwether.market.earnings.report_days import ReportPlaces, next_report

CARRY_DAYS = 7  #: a market value is carried forward at most this many calendar days; then it is unknown (0)

Float32s = npt.NDArray[np.float32]


def model_inputs(bars: Bars, market: tuple[Bars | None, ...], context_length: int) -> tuple[Float32s, Float32s]:
    """One window ending at the last bar: `bars` (1, context_length, 5), `market` (1, context_length, k) float32.

    Oldest first; 0 at the front where history is shorter, and wherever a market series is not known.
    """
    sessions = bars.sessions[-context_length:]
    return bars_input(bars, context_length), market_input(sessions, market, context_length)


def bars_input(bars: Bars, context_length: int) -> Float32s:
    """The first of `model_inputs`."""
    window = np.zeros((1, context_length, 5), np.float32)
    values = bars.values[-context_length:]
    window[0, context_length - len(values) :] = values
    return window


def market_input(sessions: Sessions, market: tuple[Bars | None, ...], context_length: int) -> Float32s:
    """The second of `model_inputs`, on sessions of at most `context_length`."""
    window = np.zeros((1, context_length, len(market)), np.float32)
    for column, series in enumerate(market):
        if series is not None:
            window[0, context_length - len(sessions) :, column] = align_closes(sessions, series)
    return window


def calendar_input(
    sessions: Sessions,
    following: Sessions,
    reports: ReportPlaces,
    chances: Float32s,
    context_length: int,
    code: int | None = None,
) -> Float32s:
    """What is known of a company's reports at the last of `sessions`: (1, context_length + AHEAD) float32.

    1 on sessions on which one came out, then the chance of one on each session ahead. `following` are the sessions to
    come, as far as a predicted report may lie; `chances` are those of the model (`report_days.chances`), and `code` is
    what `next_report` says at the last session, for whoever knows it already.
    """
    count = len(sessions)
    window = np.zeros((1, context_length + chances.shape[1]), np.float32)
    past = reports.at[reports.at < count] - count + context_length
    window[0, past[past >= 0]] = 1
    if code is None:
        (code,) = next_report(np.concatenate([sessions, following]), reports, np.array([count - 1]))
    window[0, context_length:] = chances[code]
    return window


def align_closes(sessions: Sessions, series: Bars) -> Floats:
    """The closes of `series` on other sessions, (n,): the last known by then, 0 where there is none or it is broken.

    A stock's exchange may trade on days when the index does not; the index then still stands where it stood,
    but not for more than CARRY_DAYS.
    """
    if np.array_equal(series.sessions[-len(sessions) :], sessions):  # the same exchange's days: nothing to look up
        values = series.closes[-len(sessions) :]
        if values.min(initial=np.inf) > 0 and values.max(initial=0) < np.inf:  # never true where one is missing
            return values
        known = np.ones(len(sessions), bool)
    else:
        at = np.searchsorted(series.sessions, sessions, side="right") - 1
        age = (sessions - series.sessions[np.maximum(at, 0)]).astype(np.int64)
        values, known = series.closes[at], (at >= 0) & (age <= CARRY_DAYS)
    aligned: Floats = np.where(known & np.isfinite(values) & (values > 0), values, 0.0)
    return aligned
