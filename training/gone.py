"""Companies that are gone, beside the living on the same dates: what a table of survivors hides.

    price file of the gone, the living's panel -> cutoffs of both on the same dates -> scores of each

Nothing is learned from the gone. The state of the universe and the evening's width are those of the living, as a
service would have had them that follows these. What came after a company's last price is not known.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bellwether.core.types import HEADS, MARKET_SERIES, Q05, Bars, Floats
from bellwether.market.universe_state import is_stock
from training.panel import Panel, Rows, build_panel, read_series
from training.results_days import without_calendar
from training.samples import make_sample, parts_of
from training.scores import against, held, short
from training.served import SERVED, Pair
from training.spans import Dates, trading

FAILED_AT = 0.2  #: of the highest close of the last two years: at or below it a company counts as failed
TWO_YEARS = 504  #: sessions
SHOWN = ("pooled", "21", "63")

Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Gone:
    """Prices of companies that are gone."""

    name: str  #: of their file
    series: dict[str, Bars]

    @classmethod
    def of_file(cls, file: Path) -> "Gone":
        """As a price file has them."""
        return cls(file.name, read_series([file])[0])


def judge(living: Panel, pair: Pair, dead: Gone, span: Dates, stride: int) -> dict[str, Any] | None:
    """Scores of the living, the gone and the failed among these, on the dates of a span that both have; None without.

    Outcomes lie within the span, too. Days of reports are known of the living alone, so both are forecast without any.
    """
    living = without_calendar(living)
    gone = gone_panel(dead, living)
    theirs = _cutoffs(gone, span, stride, _is_gone(gone))
    ours = _cutoffs(living, span, stride, np.array([is_stock(name) for name in living.symbols]))
    dates = np.intersect1d(living.sessions[ours], gone.sessions[theirs])
    ours, theirs = (rows[np.isin(panel.sessions[rows], dates)] for panel, rows in ((living, ours), (gone, theirs)))
    if not len(dates):
        return None
    x = pair.evenings(living, dates) if pair.stretched else None
    groups = {
        "living": (living, ours),
        "gone": (gone, theirs),
        "failed": (gone, theirs[failed(gone)[gone.symbol[theirs]]]),
    }
    scores = {}
    for name, (panel, rows) in groups.items():
        if len(rows) == 0:
            continue
        evening = np.searchsorted(dates, panel.sessions[rows])
        answers = pair.all(panel, rows, x={who: numbers[evening] for who, numbers in x.items()} if x else None)
        scores[name] = _scores(panel, rows, answers, span[1])
    return {
        "file": dead.name,
        "first": str(dates[0]),
        "last": str(dates[-1]),
        "companies": int(_is_gone(gone).sum()),
        "failed_at": FAILED_AT,
        "groups": scores,
    }


def gone_panel(dead: Gone, living: Panel) -> Panel:
    """The gone, with the living's market series and state beside them."""
    market = {name: _bars_of(living, name) for name in MARKET_SERIES if name in living.symbols}
    panel = build_panel({**dead.series, **market})
    state = len(MARKET_SERIES)
    rows = np.flatnonzero(living.history > 0)
    days, first = np.unique(living.sessions[rows], return_index=True)
    at = np.searchsorted(days, panel.sessions)
    known = days[np.minimum(at, len(days) - 1)] == panel.sessions
    panel.market[:, state:] = 0
    panel.market[known, state:] = living.market[rows[first[at[known]]], state:]
    return panel


def failed(panel: Panel) -> Masks:
    """By symbol, whether its last close is FAILED_AT or less of the highest of its last TWO_YEARS: by price alone."""
    answer = np.zeros(len(panel.symbols), bool)
    for number in range(len(panel.symbols)):
        closes = panel.closes[panel.symbol == number][-TWO_YEARS:]
        answer[number] = closes[-1] <= FAILED_AT * closes.max()
    return answer


def _is_gone(panel: Panel) -> Masks:
    return np.array([name not in MARKET_SERIES for name in panel.symbols])


def _bars_of(panel: Panel, symbol: str) -> Bars:
    rows = np.flatnonzero(panel.symbol == panel.symbols.index(symbol))
    return Bars(symbol, panel.sessions[rows], panel.bars[rows].astype(np.float64), panel.closes[rows])


def _cutoffs(panel: Panel, span: Dates, stride: int, members: Masks) -> Rows:
    rows = panel.rows_between(*span)
    return trading(panel, panel.every(rows[members[panel.symbol[rows]]], stride))


def _scores(panel: Panel, rows: Rows, answers: dict[str, Floats], last: str) -> dict[str, Any]:
    """Skill over the plain rule, shares held, and outcomes below the 5 % quantile, raw and served."""
    sample = make_sample(panel, rows, last, [0.0] * len(HEADS))
    scale = panel.deviations(rows)[:, :, None]
    told: dict[str, Any] = {"companies": len(np.unique(panel.symbol[rows])), "cutoffs": len(rows)}
    for part, at in parts_of(sample, SHOWN):
        own = {who: at.of(quantiles / scale) for who, quantiles in answers.items()}
        skill = against(at, own["model"], own["ewma"]), against(at, own[SERVED["model"]], own[SERVED["ewma"]])
        told[part] = {
            "forecasts": len(at.row),
            "skill": dict(zip(("raw", "served"), map(short, skill), strict=True)),
            "held": {
                who: held(at, quantiles) | {"below_5": float(np.mean(at.outcome < quantiles[:, Q05]))}
                for who, quantiles in own.items()
            },
        }
    return told
