"""How sure is a skill over reports? Companies and quarters are the sample, never rows.

Companies share their quarters' economy and a company's quarters share their year, so both are drawn again: companies
with replacement, and quarters in circular blocks of a year, as growths over a year overlap. A row counts as often as
its company times its quarter was drawn (Owen, 2007, the pigeonhole bootstrap).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Floats
from bellwether.models.quarters import A_YEAR
from bellwether.track_record.scores.block_bootstrap import RESAMPLES, block_draws, middle_95

FEWEST_COMPANIES, FEWEST_QUARTERS = 8, 2 * A_YEAR
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The same draws for everyone who is compared on the same reports."""

    company: Places  #: (n,) of each row
    quarter: Places  #: (n,) of each row, in order of time
    companies: Floats  #: (RESAMPLES, companies): how often each was drawn
    quarters: Floats  #: (RESAMPLES, quarters)

    def sums(self, values: Floats) -> Floats:
        """The sum of values (n,) in each resample, (RESAMPLES,)."""
        table = np.zeros((self.companies.shape[1], self.quarters.shape[1]))
        np.add.at(table, (self.company, self.quarter), values)
        totals: Floats = np.einsum("rc,cq,rq->r", self.companies, table, self.quarters, optimize=True)
        return totals


def draws(symbol: npt.NDArray[np.str_], day: npt.NDArray[np.datetime64]) -> Draws | None:
    """Draws for reports of these companies on these days; None where there are too few of either."""
    names, company = np.unique(symbol, return_inverse=True)
    months = day.astype("datetime64[M]").astype(np.int64)
    quarters, quarter = np.unique(months // 3, return_inverse=True)
    if len(names) < FEWEST_COMPANIES or len(quarters) < FEWEST_QUARTERS:
        return None
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    return Draws(company, quarter, drawn.astype(np.float64), block_draws(rng, len(quarters), A_YEAR))


def mean_interval(drawn: Draws | None, values: Floats) -> list[float] | None:
    """95 % interval of the mean of values (n,); None without draws."""
    return middle_95(drawn.sums(values) / drawn.sums(np.ones(len(values)))) if drawn else None


def skill_interval(drawn: Draws | None, loss: Floats, baseline_loss: Floats) -> list[float] | None:
    """95 % interval of 1 - loss / baseline_loss, both (n,); None without draws."""
    return middle_95(1 - drawn.sums(loss) / drawn.sums(baseline_loss)) if drawn else None
