"""What may be learned from and what is kept to judge by: spans of dates, and symbols never trained on.

Cutoffs AND outcomes lie inside a span (see `Panel.targets`), so no outcome of one reaches into the next.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np

from bellwether.core.types import to_date
from training.panel import Panel, Rows

FIRST = "1900-01-01"
TEST_YEARS = 2  # whole years of the test span, before the last one, which may have only begun
VALIDATION_YEARS = 3
UNSEEN_SHARE = 10  # one symbol in ten is never trained on
MIN_VOLATILITY = 1e-4  # below .01 % a day a price is not trading; scaling by it would mean nothing
MARGIN = 100  # calendar days on either side of an era left out: 63 sessions are about 92

Dates = tuple[str, str]  #: first and last day, both included


@dataclass(frozen=True, slots=True)
class Split:
    """What one fit may see."""

    training: Dates
    validation: Dates | None = None  #: for choosing the epoch; None when there is nothing left to choose
    left_out: Dates | None = None  #: an era inside `training` that is kept to judge by
    all_symbols: bool = False  #: whether it also learns from the symbols otherwise never trained on

    def rows(self, panel: Panel) -> Rows:
        """Every cutoff that may be learned from."""
        rows = panel.rows_between(*self.training)
        if not self.all_symbols:
            rows = seen_rows(panel, rows)
        if self.left_out is not None:
            first, last = (np.datetime64(day) for day in self.left_out)
            margin = np.timedelta64(MARGIN, "D")
            session = panel.sessions[rows]
            rows = rows[(session < first - margin) | (session > last + margin)]
        return trading(panel, rows)


@dataclass(frozen=True, slots=True)
class Spans:
    """How the years of some prices are parted, oldest first."""

    training: Dates
    validation: Dates  #: every choice is made here
    test: Dates  #: opened once, when nothing is left to choose

    @classmethod
    def up_to(cls, last: date) -> "Spans":
        """The spans of prices whose last session is `last`: the newest years are the test, the ones before choose."""
        test = last.year - TEST_YEARS
        validation = test - VALIDATION_YEARS
        return cls(
            (FIRST, f"{validation - 1}-12-31"),
            (f"{validation}-01-01", f"{test - 1}-12-31"),
            (f"{test}-01-01", last.isoformat()),
        )

    @property
    def judged(self) -> Split:
        """What the fit may see that is judged."""
        return Split(self.training, self.validation)


def spans_of(panel: Panel) -> Spans:
    """The spans of a panel's prices."""
    return Spans.up_to(to_date(panel.sessions[panel.history > 0].max()))


def is_unseen(symbol: str) -> bool:
    """Whether this symbol is kept out of training: decided by its name alone, so it never changes."""
    return int(hashlib.sha256(symbol.encode()).hexdigest(), 16) % UNSEEN_SHARE == 0


def seen_rows(panel: Panel, rows: Rows, seen: bool = True) -> Rows:
    """Those of `rows` whose symbol is trained on (or, with `seen=False`, is kept out)."""
    kept_out = np.array([is_unseen(symbol) for symbol in panel.symbols])
    chosen: Rows = rows[kept_out[panel.symbol[rows]] != seen]
    return chosen


def trading(panel: Panel, rows: Rows) -> Rows:
    """Those of `rows` whose price moves at all."""
    return rows[panel.volatility[rows] >= MIN_VOLATILITY]
