"""When to leave a failing source alone: a circuit breaker. Pure: every change is a new value, time is passed in."""

from dataclasses import dataclass, replace
from enum import Enum

FAILURES = 3  #: in a row, after which the source is left alone
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 300.0  #: seconds; doubled each time that the source fails again after one
MOST_DAMAGED = 10  #: different symbols in a row of which nothing can be read: then its answers have changed their form
LONGEST_WISH = 3600.0  #: seconds that a source may ask to be left alone; more would be a mistake of its


class BreakerState(Enum):
    """Whether the source is asked; the value is a sentence for people."""

    CLOSED = "it is asked as usual"
    OPEN = "it is left alone for a while"
    HALF_OPEN = "one question finds out whether it is back"


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is remembered of a source's failures. Times are seconds of one clock that never goes back."""

    failures: int = 0  #: in a row
    pause: float = 0.0  #: the last one, in seconds
    open_until: float | None = None
    probing: bool = False  #: the one question of HALF_OPEN is out
    damaged: frozenset[str] = frozenset()  #: about which nothing could be read since it was last understood

    def state(self, now: float) -> BreakerState:
        """Where it stands."""
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if now >= self.open_until else BreakerState.OPEN

    def admit(self, now: float) -> "Circuit | None":
        """The circuit with one more question out; None when it must not be asked now."""
        if self.open_until is None:
            return self
        if now < self.open_until or self.probing:
            return None
        return replace(self, probing=True)

    def succeeded(self) -> "Circuit":
        """The source answered, be it that it knows nothing of the symbol."""
        return Circuit()

    def garbled(self, now: float, about: str) -> "Circuit":
        """The source answered, but nothing could be read of what it says about this symbol.

        That is the symbol's damage, whoever asks for it however often; of MOST_DAMAGED different ones in a row it is
        the source's.
        """
        if about in self.damaged:  # known already: it says nothing new of the source
            return replace(self, failures=0, probing=False)
        damaged = self.damaged | {about}
        if len(damaged) < MOST_DAMAGED:
            return Circuit(damaged=damaged)
        return replace(self.failed(now, at_once=True), damaged=damaged)

    def failed(self, now: float, *, at_once: bool = False, wish: float | None = None) -> "Circuit":
        """The source did not answer.

        It is left alone after FAILURES of these; `at_once`, or where it wishes so, for that many seconds.
        """
        if self.open_until is not None and not self.probing and wish is None:
            return self  # a question from before it opened: known already
        failures = self.failures + 1
        if wish is None and not at_once and failures < FAILURES and self.open_until is None:
            return replace(self, failures=failures)
        pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        if wish is not None:
            pause = min(max(wish, FIRST_PAUSE), LONGEST_WISH)
        return Circuit(failures, pause, max(now + pause, self.open_until or now), damaged=self.damaged)
