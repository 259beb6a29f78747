"""What is said of a symbol's past is kept with its bars, and with nothing else that it depends on."""

from datetime import timedelta

from bellwether.core.announcement import Announcement
from bellwether.forecasting import past_statistics
from bellwether.forecasting.explain import moved
from bellwether.market.jumps import doubtful_moves
from tests.conftest import MakeBars


def test_reports_that_become_known_later_are_read_from_the_same_bars(make_bars: MakeBars) -> None:
    bars = make_bars(504).sealed()
    days = [bars.cutoff - timedelta(days=91 * quarter + 20) for quarter in range(5, -1, -1)]
    facts = tuple(Announcement(bars.symbol, day) for day in days)
    told = Announcement(bars.symbol, bars.cutoff + timedelta(days=9), known_from=bars.cutoff)
    before = past_statistics.reports_of(bars, "XNYS", facts)
    assert before is past_statistics.reports_of(bars, "XNYS", facts)
    after = past_statistics.reports_of(bars, "XNYS", (*facts, told))
    assert before is not None and after is not None
    assert before.told is None and after.told == told


def test_what_is_kept_is_that_of_the_very_bars(make_bars: MakeBars) -> None:
    bars = make_bars(504).sealed()
    older = bars.part(slice(None, -30))
    for some in (bars, older, bars):
        assert past_statistics.moved_of(some) == moved(some.closes, doubtful_moves(some))
    assert past_statistics.usual_growth_of(bars, 5) != past_statistics.usual_growth_of(bars, 60)
