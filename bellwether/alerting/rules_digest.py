"""Whether a session was worth a digest for a chat that wants only unusual ones, with a named reason. Pure."""

from enum import Enum

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
