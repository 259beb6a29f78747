"""The banner above every page while ranges of all stocks hold too rarely or too often."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bellwether.ask import incidents
from bellwether.services import Services
from bellwether.track_record.incidents import sentences

_KEPT = 30.0  #: seconds: a page is not to ask the database for it each time


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands there, and where more is told."""

    text: str
    address: str


class StormBanner:
    """One per app."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services, self._clock = services, clock
        self._lock = threading.Lock()
        self._shown: Banner | None = None
        self._until = float("-inf")

    def get(self) -> Banner | None:
        """The banner; None in calm times."""
        with self._lock:
            if self._clock() >= self._until:
                incident = incidents.going_on(self._services)
                self._shown = (
                    Banner(sentences.now(incident), f"/incidents/{incident.id}") if incident is not None else None
                )
                self._until = self._clock() + _KEPT
            return self._shown
