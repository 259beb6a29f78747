"""A sequential test on one symbol: are the model's losses greater than the plain rule's? An e-detector by betting.

Of each session the difference of loss d = loss - 1.01 x baseline loss is divided by the most that it could have been (a
quantile's pinball loss changes by at most max(a, 1 - a) per unit, so this span is known before the outcome): x in
[-MOST_LOST, 1]. A bettor stakes the part s of his wealth on x > 0, so that W -> (W + fresh) (1 + s x), averaged over
STAKES. `fresh` is AT_THE_START at first and A_SESSION with each session after, so that a model that was good for years
and then breaks is noticed too. While E[x] <= 0 at each session, wealth is expected to be no more than what was put in;
by Markov's and Ville's inequalities it reaches 1 / CHANCE with a chance of at most CHANCE in each year, however often
one looks. Beyond one session outcomes overlap: of horizon h each h-th session counts. CHANCE is shared out between the
horizons (SHARES) and the symbols.

Sources: Ville (1939); Waudby-Smith and Ramdas (2024, JRSS B 86), betting on bounded means; Shin, Ramdas and Rinaldo
(2024, NEJSDS 2), e-detectors; Henzi and Ziegel (2022, Biometrika 109) and Choe and Ramdas (2024, Operations Research
72), comparing forecasters over time.
"""

import numpy as np

from bellwether.core.types import Floats, Ints

CHANCE = 0.05  #: of a false alarm on any symbol in a year
SHARES = {1: 0.7, 5: 0.1, 10: 0.1, 21: 0.1}  #: of CHANCE, by horizon; one session says most, and soonest
STAKES = (0.2, 0.4, 0.6)  #: parts of the wealth that are bet each time; the mean of the three counts
MOST_LOST = 1.6  #: where x is cut off below: at the highest stake nearly all wealth is then lost
AT_THE_START, A_SESSION = 0.5, 0.5 / 252  #: wealth that is put in: one unit in the first year, then half a unit a year


def evidence(daily: dict[int, tuple[Ints, Floats]], needed: float) -> tuple[float, int | None]:
    """The e-value that differences of loss are above 0, and the first day on which it reached `needed`, or None.

    `daily` holds by horizon the days (n,) and (n, 3): forecasts, the sum of their differences, and their span, the most
    that these could have been.
    """
    now, first = 0.0, None
    for horizon, (days, sums) in daily.items():
        e_values = SHARES[horizon] * wealth(scaled(sums[::horizon]), horizon)
        if len(e_values):
            now = max(now, float(e_values[-1]))
        enough = np.flatnonzero(e_values >= needed)
        if len(enough):
            day = int(days[::horizon][enough[0]])
            first = day if first is None else min(first, day)
    return now, first


def scaled(sums: Floats) -> Floats:
    """The x of each session, the difference in parts of its span: (n, 3) forecasts, differences, spans -> (n,)."""
    _, difference, span = sums.T
    parts = np.divide(difference, span, out=np.zeros(len(sums)), where=span > 0)
    cut_off: Floats = np.clip(parts, -MOST_LOST, 1)
    return cut_off


def wealth(differences: Floats, sessions: int = 1) -> Floats:
    """The wealth after each bet on scaled differences (n,), one in so many sessions: (n,)."""
    by_stake = [AT_THE_START] * len(STAKES)  # plain floats: three are too few for an array to be worth it
    means = np.empty(len(differences))
    for at, difference in enumerate(differences.tolist()):
        fresh = A_SESSION * sessions if at else 0.0
        by_stake = [(own + fresh) * (1 + stake * difference) for own, stake in zip(by_stake, STAKES, strict=True)]
        means[at] = sum(by_stake) / len(by_stake)
    return means
