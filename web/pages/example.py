"""The forecast that the home page and the manual for developers show.

Where prices come from far away it is made beside the request: a slow source would hold up the first page after a start.
Who comes then sees the page without its example, which fills itself in.
"""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.pools import pool
from bellwether.core.types import Forecast
from bellwether.market.sources import remote
from bellwether.services import Services
from web.problems import INTERNAL, KINDS

SYMBOL = "AAPL"
PATIENCE = 0.3  #: seconds that a page waits for prices from far away
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """The example, or why there is none."""

    made: Forecast | None
    silence: str = ""  #: empty while it is being made, too

    @property
    def is_coming(self) -> bool:
        """Whether it is still being made."""
        return self.made is None and not self.silence


class Example:
    """The example of one service. Safe to share between threads."""

    def __init__(self, services: Services) -> None:
        """Nothing is made before it is asked for."""
        self._services = services
        self._lock = threading.Lock()
        self._under_way: Future[Shown] | None = None

    def get(self) -> Shown:
        """The example as of now; raises nothing."""
        if remote(self._services.provider) is None:
            return self._make()
        with self._lock:
            future = self._under_way
            if future is None or future.done():
                future = self._under_way = self._worker.submit(self._make)
        try:
            return future.result(PATIENCE)
        except TimeoutError:
            return Shown(None)

    @cached_property
    def _worker(self) -> ThreadPoolExecutor:
        """One thread, made once: it holds a connection to the database."""
        return pool(1, "example")

    def _make(self) -> Shown:
        """It must never take a page down with it."""
        try:
            return Shown(forecasts.answer(self._services, SYMBOL, DEFAULT_HORIZON).forecast)
        except BellwetherError as problem:
            return Shown(None, str(problem))
        except Exception:
            log.exception("The example could not be made.")
            return Shown(None, KINDS[INTERNAL].sentence)
