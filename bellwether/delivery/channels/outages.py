"""Which services answer nobody just now, so that what goes there waits and is not tried piece by piece. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bellwether.delivery.retry import RetryPolicy
from bellwether.delivery.targets.target import TargetKind

_FEWEST = 3  #: targets in a row that nothing reached, before that is taken for the service's fault
_HOLDS = RetryPolicy(tuple(timedelta(seconds=seconds) for seconds in (5, 10, 20, 40, 80, 120)))
#: the kinds whose targets are all at one server: of the others somebody's own may be down, which says nothing of most
_AT_ONE_SERVER = frozenset(
    kind.value for kind in (TargetKind.MAIL, TargetKind.DISCORD, TargetKind.SLACK, TargetKind.PUSHOVER)
)


@dataclass(slots=True)
class _Outage:
    """What is known of a service since it last answered."""

    targets: set[int] = field(default_factory=set)  #: that were not reached
    holds: int = 0
    until: datetime | None = None  #: nothing is to be sent there before


class Outages:
    """What became of attempts, by the lane of their messages; none is known at the start of a process."""

    def __init__(self) -> None:
        """All are well."""
        self._by_lane: dict[str, _Outage] = {}

    def answered(self, lane: str) -> None:
        """The service is there, whatever it said."""
        self._by_lane.pop(lane, None)

    def unanswered(self, lane: str, target_id: int, now: datetime) -> datetime | None:
        """A target was not reached: until when the others of its lane are to wait; None where they need not."""
        if lane not in _AT_ONE_SERVER:
            return None
        outage = self._by_lane.setdefault(lane, _Outage())
        outage.targets.add(target_id)
        if len(outage.targets) < _FEWEST:
            return None
        # those that were on their way together fail together: they make one hold
        longest = now + _HOLDS.pauses[-1]
        if outage.until is None or not now < outage.until <= longest:
            outage.holds += 1
            outage.until = now + _HOLDS.pause(outage.holds)
        return outage.until
