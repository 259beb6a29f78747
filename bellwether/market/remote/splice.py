"""New bars after kept ones: may they be joined, or has something changed the old ones too? Pure."""

import numpy as np

from bellwether.core.types import Bars, Instrument
from bellwether.market.provider import Fetched
from bellwether.market.returns import are_prices

MOST_ACTIONS = 10  #: splits and dividends among new bars that can be judged by these alone
#: kept sessions that are asked for again, to see whether they still are what they were; a split or dividend that the
#: source hears of weeks late shows in those before it
OVERLAP = 30
_SAME = 1e-5  #: relative; sources round to single precision, and a dividend below this changes nothing
_CORRECTED = 5e-3  #: relative; the newest close may still be corrected by this much, as after an auction


def may_be_joined(kept: Bars, instrument: Instrument, new: Fetched) -> bool:
    """Whether new bars, as they came, may be joined to kept ones at all: cheap, and tells before they are put right."""
    if new.instrument.currency != instrument.currency or any(day > kept.cutoff for day in new.actions):
        return False
    return len(new.actions) <= MOST_ACTIONS


def joined(kept: Bars, instrument: Instrument, new: Fetched) -> Bars | None:
    """The kept history with the new bars at its end; None when all of it must be fetched again.

    A split or a dividend changes every adjusted close before it; another currency or unit, every price. Both show in
    the sessions that both have, and the events say so too.
    """
    first = new.bars.sessions[0]
    old = kept.part(slice(int(np.searchsorted(kept.sessions, first)), None))
    again = new.bars.part(slice(int(np.searchsorted(new.bars.sessions, kept.sessions[-1], side="right"))))
    if len(old) == 0 or not np.array_equal(old.sessions, again.sessions):
        return None
    if new.doubtful is not None or not may_be_joined(kept, instrument, new):
        return None
    # a broken bar says nothing about the others, and the source may have mended it since
    sound = np.flatnonzero(
        np.all([are_prices(prices) for bars in (old, again) for prices in (bars.closes, bars.quoted_closes)], axis=0)
    )
    closes, quoted = old.closes[sound], old.quoted_closes[sound]
    if not np.allclose(again.closes[sound] / again.quoted_closes[sound], closes / quoted, rtol=_SAME, atol=0):
        return None
    change = np.abs(again.quoted_closes[sound] / quoted - 1)
    if len(sound) == 0 or (change[sound < len(old) - 1] > _SAME).any() or change.max() > _CORRECTED:
        return None
    before = kept.part(slice(len(kept) - len(old)))
    return Bars(
        kept.symbol,
        np.concatenate([before.sessions, new.bars.sessions]),
        np.asfortranarray(np.concatenate([before.values, new.bars.values])),
        np.concatenate([before.quoted_closes, new.bars.quoted_closes]),
    )
