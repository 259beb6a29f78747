"""The machine's clock, checked against somebody else's: one that is hours off must not make tonight's digest early.

Telegram's answers tell the time | heard | what it is there by now, by a clock that never jumps | believed or not
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]  #: tells the present, aware, in UTC

SLACK = timedelta(minutes=2)  #: both clocks may differ by so much, and by the way of an answer
FARTHEST = timedelta(hours=36)  #: a clock that is further off was set so: for a rehearsal, or for a reason not ours
KEPT = timedelta(hours=1)  #: for which what was heard is believed: a machine that sleeps loses count
log = logging.getLogger(__name__)


class CheckedClock:
    """Tells the time: the machine's, or the other's where they differ by more than SLACK and less than FARTHEST."""

    def __init__(
        self,
        machine: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`machine` tells aware UTC; `steady` tells seconds that never run backwards. Nothing is heard yet."""
        self._machine, self._steady = machine, steady
        self._heard: tuple[datetime, float] | None = None
        self._said = False
        self._saying = threading.Lock()

    def __call__(self) -> datetime:
        """Now, aware, UTC."""
        machine, elsewhere = self._machine(), self._elsewhere()
        off = elsewhere is not None and SLACK < abs(machine - elsewhere) < FARTHEST
        self._say(off, machine, elsewhere)
        return elsewhere if off and elsewhere is not None else machine

    def heard(self, instant: datetime) -> None:
        """Somebody who should know has just told the time."""
        self._heard = (instant, self._steady())

    def _elsewhere(self) -> datetime | None:
        if self._heard is None:
            return None
        instant, at = self._heard
        since = timedelta(seconds=self._steady() - at)
        return instant + since if since < KEPT else None

    def _say(self, off: bool, machine: datetime, elsewhere: datetime | None) -> None:
        with self._saying:
            changed, self._said = off != self._said, off
        if changed and off:
            log.error("The clock of this machine says %s, Telegram's %s; theirs is taken. Set it.", machine, elsewhere)
        elif changed:
            log.warning("The clock of this machine is taken again.")
