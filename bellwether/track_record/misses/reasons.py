"""How often ranges missed for which cause, beside how often the same was there when they held. Pure.

counts by (horizon, held, evidence) | WhyMissed, of all horizons that are pooled and of each
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bellwether.track_record.misses.evidence import CAUSES, UNKNOWN_OF, Evidence, MissClass, class_of

Counts = Mapping[tuple[int, bool, int], int]  #: by horizon, held and `Evidence`


@dataclass(frozen=True, slots=True)
class ClassCount:
    """The misses of one class; the classes of all misses add up to them."""

    name: MissClass
    misses: int


@dataclass(frozen=True, slots=True)
class CauseShare:
    """How often a cause was there, in misses and in ranges that held: of those of which all is known."""

    cause: MissClass
    in_misses: int
    of_misses: int
    in_held: int
    of_held: int


@dataclass(frozen=True, slots=True)
class MissReasons:
    """Why the 8-in-10 ranges of one horizon, or of several, missed."""

    horizon: int | None  #: sessions; None: all that a record pools
    misses: int
    held: int
    classes: tuple[ClassCount, ...]  #: one of each class, in their order
    causes: tuple[CauseShare, ...]  #: one of each cause


@dataclass(frozen=True, slots=True)
class WhyMissed:
    """Why ranges missed, as far as their outcomes are filed."""

    pooled: MissReasons
    by_horizon: tuple[MissReasons, ...] = ()
    unfiled: int = 0  #: outcomes that nobody has looked at yet


def why_missed(counts: Counts, settled: int, longest: int | None) -> WhyMissed | None:
    """What the counts amount to; None where nothing is filed.

    `settled` is how many outcomes there are; horizons above `longest` are not pooled.
    """
    if not counts:
        return None
    pooled = {key: count for key, count in counts.items() if longest is None or key[0] <= longest}
    return WhyMissed(
        reasons_of(pooled, None),
        tuple(
            reasons_of({key: count for key, count in counts.items() if key[0] == horizon}, horizon)
            for horizon in sorted({horizon for horizon, *_ in counts})
        ),
        max(settled - sum(counts.values()), 0),
    )


def reasons_of(counts: Counts, horizon: int | None) -> MissReasons:
    """The counts of these horizons together."""
    by_class: Counter[MissClass] = Counter()
    total: Counter[bool] = Counter()
    seen: Counter[tuple[Evidence, bool]] = Counter()
    known: Counter[tuple[Evidence, bool]] = Counter()
    for (_, held, bits), count in counts.items():
        evidence = Evidence(bits)
        total[held] += count
        if not held:
            by_class[class_of(evidence)] += count
        for cause in CAUSES:
            if not evidence & UNKNOWN_OF[cause]:
                known[cause, held] += count
                seen[cause, held] += count * (cause in evidence)
    return MissReasons(
        horizon,
        misses=total[False],
        held=total[True],
        classes=tuple(ClassCount(name, by_class[name]) for name in MissClass),
        causes=tuple(
            CauseShare(
                MissClass[str(cause.name)],
                in_misses=seen[cause, False],
                of_misses=known[cause, False],
                in_held=seen[cause, True],
                of_held=known[cause, True],
            )
            for cause in CAUSES
        ),
    )
