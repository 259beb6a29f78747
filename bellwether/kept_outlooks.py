"""Outlooks that were made a moment ago: the same bars and the same model give the same outlook, so it is kept.

Every number of the bars is compared, so a correction anywhere in them makes a new one.
"""

from collections import OrderedDict
from threading import Lock

import numpy as np

from bellwether.forecasting.forecaster import make_outlook
from bellwether.forecasting.onnx_model import OnnxModel
from bellwether.queries import Known
from bellwether.types import Bars, Outlook

MOST = 1000  #: outlooks, the longest unused forgotten first: some 10 KB each besides the bars, which the market has too
_Key = tuple[str, str]


class KeptOutlooks:
    """One per process; for threads."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: OrderedDict[_Key, tuple[Known, Outlook]] = OrderedDict()
        self._lock = Lock()

    def get(self, known: Known, model: OnnxModel | None) -> Outlook:
        """The outlook from what is known, by this model. Raises what `make_outlook` does."""
        key = (known.instrument.symbol, model.card.model_id if model else "")
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        if found is not None and _same(found[0], known):
            return found[1]
        outlook = make_outlook(
            known.instrument,
            known.bars,
            known.market,
            model,
            source=known.source,
            note=known.note,
            expected=known.expected,
        )
        with self._lock:
            self._kept[key] = (known, outlook)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return outlook


def _same(one: Known, other: Known) -> bool:
    """Whether the same was known."""
    return (
        (one.instrument, one.source, one.note, one.expected)
        == (other.instrument, other.source, other.note, other.expected)
        and _same_bars(one.bars, other.bars)
        and all(_same_bars(ours, theirs) for ours, theirs in zip(one.market, other.market, strict=True))
    )


def _same_bars(one: Bars | None, other: Bars | None) -> bool:
    if one is other:
        return True
    if one is None or other is None or len(one) != len(other):
        return False
    return (
        np.array_equal(one.values, other.values)  # a missing number is equal to nothing, and makes a new outlook
        and np.array_equal(one.sessions, other.sessions)
        and np.array_equal(one.quoted_closes, other.quoted_closes)
    )
