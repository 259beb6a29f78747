"""Is a model worse on one symbol? A bet whose gain is evidence, with a bound that holds whatever prices do.

Each session a little money is bet on the model's loss being over 1 % greater than the rule's, at odds that are fair or
worse if it is not: the difference is divided by the most that it could have been (a quantile's pinball loss changes by
at most max(a, 1 - a) for each unit by which the quantile does, so this is known before the outcome). Fresh money comes
in with each session, one unit in two years and half a unit at the start, so that a model that was good for years and
breaks is noticed too. What is there is then expected to be no more than what was put in; by Markov's and Ville's
inequality it reaches 1 / CHANCE with a chance of at most CHANCE in each year, however often one looks. Horizons beyond
one session overlap: of those each h-th session counts. The chance is shared out between the horizons and the symbols.

Sources: Waudby-Smith and Ramdas (2024, JRSS B 86), betting on bounded means; Shin, Ramdas and Rinaldo (2024, NEJSDS 2),
e-detectors; Henzi and Ziegel (2022, Biometrika 109) and Choe and Ramdas (2024, Operations Research 72), comparing
forecasters over time; Ville (1939).
"""

import numpy as np

from bellwether.core.types import Floats, Ints

CHANCE = 0.05  #: a year, that of all symbols one is silenced on which the model is never expected to be worse
SHARES = {1: 0.7, 5: 0.1, 10: 0.1, 21: 0.1}  #: of that chance, by horizon; one session says most, and soonest
STAKES = (0.2, 0.4, 0.6)  #: parts of the money that are bet each time; the mean of the three counts
MOST_LOST = 1.6  #: units that a bet may go wrong by: at the highest stake nearly all of its money
AT_THE_START, A_SESSION = 0.5, 0.5 / 252  #: units of money that are put in: one in the first year, then half


def evidence(daily: dict[int, tuple[Ints, Floats]], needed: float) -> tuple[float, int | None]:
    """The evidence that differences of loss are above 0, and the first day on which it reached `needed`, or None.

    `daily` holds by horizon the days (n,) and (n, 3): forecasts, the sum of their differences, and the most that these
    could have been.
    """
    now, first = 0.0, None
    for horizon, (days, sums) in daily.items():
        grown = SHARES[horizon] * wealth(differences(sums[::horizon]), horizon)
        if len(grown):
            now = max(now, float(grown[-1]))
        enough = np.flatnonzero(grown >= needed)
        if len(enough):
            day = int(days[::horizon][enough[0]])
            first = day if first is None else min(first, day)
    return now, first


def differences(sums: Floats) -> Floats:
    """What each session says for the bet, from -MOST_LOST to 1: (n, 3) forecasts, differences and spans -> (n,)."""
    _, difference, span = sums.T
    told = np.divide(difference, span, out=np.zeros(len(sums)), where=span > 0)
    said: Floats = np.clip(told, -MOST_LOST, 1)
    return said


def wealth(differences: Floats, sessions: int = 1) -> Floats:
    """What the money has grown to after each bet on a difference above 0, one in so many sessions: (n,) -> (n,)."""
    money = [AT_THE_START] * len(STAKES)
    grown = np.empty(len(differences))
    for at, told in enumerate(differences.tolist()):
        fresh = A_SESSION * sessions if at else 0.0
        money = [(one + fresh) * (1 + stake * told) for one, stake in zip(money, STAKES, strict=True)]
        grown[at] = sum(money) / len(money)
    return grown
