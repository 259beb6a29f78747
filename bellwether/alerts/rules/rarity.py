"""How rare an outlook is among the symbol's own of the sessions before. Pure."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from bellwether.core.types import Q10, Q50, Q90, Floats

COMPARED = 250  #: sessions before today that an outlook is compared with: about a year
FEWEST = 125  #: with fewer to compare with, nothing is called unusual


class Side(Enum):
    """In what way an outlook is rare; the value completes "the range over the next week is ..."."""

    WIDE = "wider"
    NARROW = "narrower"
    HIGH = "placed higher"
    LOW = "placed lower"


@dataclass(frozen=True, slots=True)
class Rarity:
    """The rarest side of an outlook."""

    side: Side
    share: float  #: of the outlooks compared, those that were at least as extreme on this side; 0 to 1
    compared: int  #: sessions


def rarity(today: Floats, before: Floats) -> Rarity | None:
    """How rare today's quantiles (L,) are among those of the sessions before (n, L), n up to COMPARED.

    The width of the 80 % range and the median, each against its own past; None where that is too short, or where no
    two days differ. Cumulative log returns of one horizon.
    """
    past = before[np.isfinite(before).all(axis=1)][-COMPARED:]
    if len(past) < FEWEST or not np.isfinite(today).all():
        return None
    widths, medians = past[:, Q90] - past[:, Q10], past[:, Q50]
    if widths.min() == widths.max() and medians.min() == medians.max():
        return None
    width, median = today[Q90] - today[Q10], today[Q50]
    shares = {
        Side.WIDE: np.mean(widths >= width),
        Side.NARROW: np.mean(widths <= width),
        Side.HIGH: np.mean(medians >= median),
        Side.LOW: np.mean(medians <= median),
    }
    side = min(shares, key=lambda side: shares[side])
    return Rarity(side, float(shares[side]), len(past))


RARE = 0.05  #: an outlook as rare as one day in twenty
BIG = 2.0  #: times the usual daily move


class Remark(Enum):
    """What is worth a digest about a session, or that nothing is."""

    ALERT_WAITS = "an alert has fired that had no message of its own"
    RARE_OUTLOOK = "the outlook of a symbol is as rare as one day in twenty"
    BIG_MOVE = "a symbol moved more than twice as far as is usual in a session, or in those since its close before"
    NOTHING = "nothing was unusual"


def remark(share: float | None, surprise: float) -> Remark:
    """What is worth saying about one symbol.

    `share` of its days on which its outlook was as extreme, None where there is no telling; `surprise` of its last move
    in usual moves.
    """
    if share is not None and share <= RARE:
        return Remark.RARE_OUTLOOK
    return Remark.BIG_MOVE if surprise >= BIG else Remark.NOTHING
