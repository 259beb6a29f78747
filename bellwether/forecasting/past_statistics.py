"""What every forecast of a symbol says of its past, reckoned once for its bars: bars that are kept cannot change."""

from bellwether.core.announcement import Announcement
from bellwether.core.types import Bars
from bellwether.forecasting.explain import Moved, moved, usual_probability_of_growth
from bellwether.forecasting.reports_ahead import FOLLOWING, KnownReports, known_reports
from bellwether.forecasting.rises import up_days
from bellwether.market.bars import after_breaks, mended
from bellwether.market.calendar import sessions_after
from bellwether.market.jumps import doubtful_moves
from bellwether.market.kept_checks import kept_with_bars
from bellwether.market.returns import ewma_volatility, moves


@kept_with_bars
def volatility_of(given: Bars, context: int) -> float:
    """The daily volatility that the plain rule answers with, from bars as they came. Raises what `mended` does."""
    bars = mended(given)
    return ewma_volatility(moves(bars.closes, context, doubtful_moves(bars) | after_breaks(given)))


@kept_with_bars
def reports_of(bars: Bars, calendar: str, facts: tuple[Announcement, ...]) -> KnownReports | None:
    """What is known of the company's reports at the last bar, on the sessions of its exchange's calendar."""
    return known_reports(bars.sessions, sessions_after(calendar, bars.cutoff, FOLLOWING), facts)


@kept_with_bars
def moved_of(bars: Bars) -> Moved:
    """How the price moved, without moves that are as likely damage."""
    return moved(bars.closes, doubtful_moves(bars))


@kept_with_bars
def usual_growth_of(bars: Bars, horizon: int) -> float | None:
    """The share of past stretches of that length that ended higher."""
    return usual_probability_of_growth(bars.closes, horizon)


@kept_with_bars
def up_days_of(bars: Bars) -> tuple[float, int]:
    """The share of its last days on which it rose, and how many days these are."""
    return up_days(bars.closes)
