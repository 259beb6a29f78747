"""How the places to send from at once are shared among the kinds of targets, so that none waits for another. Pure.

Each kind has OF_ITS_OWN, which nothing else takes. Of the rest, which are anybody's, one may have what makes it
OF_ONE_KIND in all. A mail server may take ten minutes to answer for a mail, and any kind may hang: another one has its
own places all the same.
"""

from collections.abc import Mapping

from bellwether.delivery.targets.target import TargetKind

AT_ONCE = 32  #: targets that are written to at the same time: some of them answer late
OF_ITS_OWN = 2
OF_ONE_KIND = 8
_ANYBODYS = AT_ONCE - OF_ITS_OWN * len(TargetKind)


def full_lanes(under_way: Mapping[str, int]) -> list[str]:
    """The lanes by which nothing more may go, where so many are on their way by each."""
    lent = sum(max(count - OF_ITS_OWN, 0) for count in under_way.values())
    most = OF_ONE_KIND if lent < _ANYBODYS else OF_ITS_OWN
    return [lane for lane, count in under_way.items() if count >= most]
