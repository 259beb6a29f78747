"""What may be learned from and what is kept to judge by: spans of days, and companies never trained on.

The table's many companies end with 2018; after it 74 remain. The test span therefore begins three years before that,
not in 2019 as for prices: three years of all companies, and three more of those that remain. Cutoffs AND outcomes lie
inside a span, and a company kept out here is kept out for prices too.
"""

import numpy as np
import numpy.typing as npt

from training.revenue.data import Cutoffs
from training.spans import Dates, is_unseen

TRAIN = ("1990-01-01", "2012-12-31")
VALIDATION = ("2013-01-01", "2015-12-31")  # every choice is made here
TEST = ("2016-01-01", "2021-12-31")  # opened once, when nothing is left to choose
SPANS = {"validation": VALIDATION, "test": TEST}


def unseen(reports: Cutoffs) -> npt.NDArray[np.bool_]:
    """Which reports are of companies never trained on, (n,)."""
    names, place = np.unique(reports.symbol, return_inverse=True)
    kept_out: npt.NDArray[np.bool_] = np.array([is_unseen(str(name)) for name in names])[place]
    return kept_out


def within(reports: Cutoffs, span: Dates) -> Cutoffs:
    """The reports of a span; outcomes that became known after it are blanked."""
    first, last = (np.datetime64(day) for day in span)
    inside = reports.take((reports.day >= first) & (reports.day <= last))
    late = ~(inside.known <= last)  # NaT included
    inside.outcomes[late] = np.nan
    return inside


def lessons(reports: Cutoffs, span: Dates) -> Cutoffs:
    """The reports of a span that may be learned from: of seen companies, with an outcome at all."""
    learned = with_outcome(within(reports, span))
    return learned.take(~unseen(learned))


def with_outcome(reports: Cutoffs) -> Cutoffs:
    """Those reports with an outcome that is known, at any horizon."""
    return reports.take(np.asarray(np.isfinite(reports.outcomes).any(axis=1)))
