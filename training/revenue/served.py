"""From what the graph says of growth to what is served: ranges widened by how reports just before them held.

The constants were chosen on 2006-2009, 2009-2011 and 2013-2015, each by networks taught with nothing so late.
"""

from collections.abc import Callable

import numpy as np

from bellwether.core.calibration import WidthRule
from bellwether.core.types import Floats, to_date
from bellwether.models.quarters import Window
from bellwether.revenue.report_width import misses, width_before
from training.revenue.data import Cutoffs

RULE = WidthRule(
    days=30,  # 45 and more bring the last season's storm into this one's forecasts, 14 leave small pools empty
    drawn_in=10,
    strength=(0.5, 1.0),  # next quarter's range already knows of the storm by the growths that it reads
    most=0.4,
)
Answer = Callable[[Window], Floats]  #: windows (n, T, 2) -> quantiles (n, horizons, levels)
_EARLIER = np.timedelta64(600, "D")  # before the first cutoff: reports whose outcomes are among those it may know


def widths_before(answer: Answer, reports: Cutoffs, scored: Cutoffs, rule: WidthRule) -> Floats:
    """Logs of factors for each of `scored`, (n, horizons): of `reports`, those that became known before its day."""
    pool = reports.take(np.asarray((reports.day >= scored.day.min() - _EARLIER) & (reports.day <= scored.day.max())))
    missed = misses(np.sort(answer(pool.windows).astype(np.float64), axis=2), pool.outcomes)
    by_day = {day: width_before(to_date(day), pool.known, missed, rule).x for day in np.unique(scored.day)}
    return np.array([by_day[day] for day in scored.day])


def rule_facts(rule: WidthRule) -> dict[str, object]:
    """The rule as a card tells it."""
    return {"days": rule.days, "drawn_in": rule.drawn_in, "strength": list(rule.strength), "most": rule.most}
