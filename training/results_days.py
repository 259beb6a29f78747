"""Where a company reports within the horizon: do ranges hold there, and what does knowing the day add?

    reports of the panel -> cutoffs with one inside, and with none -> shares held, gains

The model without the calendar is the same graph that is told of no report at all.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.types import HEADS, MAX_HORIZON, Q10, Q90, Floats
from training.panel import Panel, Rows
from training.samples import parts_of
from training.scores import Sample, against, held, short
from training.spans import seen_rows

GAINS = ("without", "before", "ewma")  #: over whom the gain is told, as far as they answered
EXAMPLES = 4  #: companies whose days around a report are drawn
BEFORE, AFTER = 8, 4  #: sessions around it

Masks = npt.NDArray[np.bool_]


def without_calendar(panel: Panel) -> Panel:
    """The panel of somebody who knows of no report."""
    return replace(panel, reported=np.zeros_like(panel.reported), next_report=np.zeros_like(panel.next_report))


def inside(panel: Panel, rows: Rows) -> Masks:
    """Whether the company reports within each horizon after these cutoffs, (b, heads)."""
    ahead = panel.reported[rows[:, None] + np.arange(1, MAX_HORIZON + 1)] > 0
    answer: Masks = np.stack([ahead[:, :horizon].any(axis=1) for horizon in HEADS], axis=1)
    return answer


def tables(panel: Panel, rows: Rows, sample: Sample, answers: Mapping[str, Floats]) -> dict[str, Any] | None:
    """Scores of cutoffs at which something is known of the next report, by group, by whether one lies inside.

    `answers` (b, heads, levels), standardised: the model and whoever else, `without` among them. None without any.
    """
    dated = panel.next_report[rows] > 0
    if not dated[sample.row].any():
        return None
    reports = inside(panel, rows)[sample.row, sample.head]
    unseen = ~np.isin(rows, seen_rows(panel, rows))
    groups = {"all": dated[sample.row], "unseen": (dated & unseen)[sample.row]}
    told: dict[str, Any] = {"symbols": len(np.unique(panel.symbol[rows[dated]])), "cutoffs": int(dated.sum())}
    for group, chosen in groups.items():
        told[group] = {
            "inside": _by_horizon(sample.take(chosen & reports), answers),
            "none": _by_horizon(sample.take(chosen & ~reports), answers),
        }
    return told


def _by_horizon(sample: Sample, answers: Mapping[str, Floats]) -> dict[str, Any]:
    """By horizon and pooled: the shares held by everyone's ranges, the model's gain over some."""
    told = {}
    for part, at in parts_of(sample):
        own = {name: at.of(quantiles) for name, quantiles in answers.items()}
        gains = {name: against(at, own["model"], own[name]) for name in GAINS if name in own}
        told[part] = {
            "forecasts": len(at.row),
            "held": {name: held(at, quantiles) for name, quantiles in own.items()},
            "gain": {name: short(gain) for name, gain in gains.items()},
        }
    return told


def examples(
    panel: Panel, span: tuple[str, str], with_calendar: Callable[[Rows], Floats], without: Callable[[Rows], Floats]
) -> list[dict[str, Any]]:
    """The 80 % ranges of the session ahead around the last report in the span, with the calendar and without.

    Of EXAMPLES symbols that were never trained on, drawn by the hash of their names; each day with the move that came.
    """
    chosen = []
    days = panel.rows_between(*span)
    reports = seen_rows(panel, days[panel.reported[days] > 0], False)
    reports = reports[panel.next_report[reports - 1] > 0]
    for number in sorted(np.unique(panel.symbol[reports]).tolist(), key=lambda number: _hash(panel.symbols[number])):
        whole = [row for row in reports[panel.symbol[reports] == number] if _is_whole(panel, int(row), span[1])]
        if whole:
            chosen.append(int(whole[-1]))
    return [_example(panel, row, with_calendar, without) for row in chosen[:EXAMPLES]]


def _is_whole(panel: Panel, report: int, last: str) -> bool:
    """Whether all days around this report are in the panel and in the span."""
    end = report + AFTER
    same = panel.symbol[end] == panel.symbol[report]
    return bool(same and panel.sessions[end] <= np.datetime64(last) and panel.history[report] > BEFORE + 64)


def _example(
    panel: Panel, report: int, with_calendar: Callable[[Rows], Floats], without: Callable[[Rows], Floats]
) -> dict[str, Any]:
    cutoffs = np.arange(report - BEFORE - 1, report + AFTER)
    told, silent = (forecast(cutoffs)[:, 0, [Q10, Q90]] for forecast in (with_calendar, without))
    moves = np.log(panel.closes[cutoffs + 1] / panel.closes[cutoffs])
    return {
        "symbol": panel.symbols[panel.symbol[report]],
        "report": str(panel.sessions[report]),
        "days": [
            {"session": str(day), "move": float(move), "range": inner.tolist(), "range_without": outer.tolist()}
            for day, move, inner, outer in zip(panel.sessions[cutoffs + 1], moves, told, silent, strict=True)
        ],
    }


def _hash(symbol: str) -> str:
    return hashlib.sha256(symbol.encode()).hexdigest()
