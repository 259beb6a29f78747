"""What each chat asked about last, so that "and next month?" can be answered. In memory only, and for a while.

asker: a chat, and in a group the person too | its last stocks and horizon, for an hour
                                             | the alert whose number may be typed next, for 15 minutes
                                             | the stocks of a file that were offered to watch, for an hour
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache

from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Instrument

STOCKS_KEPT = 3600.0  #: seconds
ALERT_KEPT = 900.0  #: seconds
LIST_KEPT = 3600.0  #: seconds
MOST_LISTS = 200  #: lists of a file that are remembered; each has at most a few hundred stocks
MOST = 5_000  #: askers that are remembered; the one that was noted first goes first


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose questions go on from each other."""

    chat_id: int
    person: int | None = None  #: None where the chat is one person's


@dataclass(frozen=True, slots=True)
class LastAsked:
    """What was asked about last."""

    symbols: tuple[str, ...]  #: several after a comparison
    horizon: int  #: sessions


class ChatMemory:
    """Remembers what was asked about last. Threads may share it; it ends with the process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is a steady clock in seconds."""
        self._stocks: TTLCache[Asker, LastAsked] = TTLCache(MOST, STOCKS_KEPT, now)
        self._alerts: TTLCache[Asker, int] = TTLCache(MOST, ALERT_KEPT, now)
        self._lists: TTLCache[tuple[Asker, int], tuple[Instrument, ...]] = TTLCache(MOST_LISTS, LIST_KEPT, now)
        self._lock = Lock()

    def note(self, asker: Asker, symbols: tuple[str, ...], horizon: int | None = None) -> None:
        """Remember what was asked about; without a horizon, in sessions, that of before goes on."""
        with self._lock:
            before = self._stocks.get(asker)
            usual = before.horizon if before is not None else DEFAULT_HORIZON
            self._stocks[asker] = LastAsked(symbols, usual if horizon is None else horizon)

    def last(self, asker: Asker) -> LastAsked | None:
        """Return what was asked about last, None where that is too long ago."""
        with self._lock:
            return self._stocks.get(asker)

    def note_alert(self, asker: Asker, rule_id: int) -> None:
        """Remember the number of the alert that was shown with a place for another threshold."""
        with self._lock:
            self._alerts[asker] = rule_id

    def alert(self, asker: Asker) -> int | None:
        """Return the number of that alert, None where none was shown of late."""
        with self._lock:
            return self._alerts.get(asker)

    def forget_alert(self, asker: Asker) -> None:
        """Forget that alert: it is gone."""
        with self._lock:
            self._alerts.pop(asker, None)

    def note_list(self, asker: Asker, number: int, instruments: tuple[Instrument, ...]) -> None:
        """Remember what was offered to watch together, under a number that its button has."""
        with self._lock:
            self._lists[asker, number] = instruments

    def offered_list(self, asker: Asker, number: int) -> tuple[Instrument, ...]:
        """Return what was offered to watch, nothing where that is too long ago."""
        with self._lock:
            return self._lists.get((asker, number), ())

    def forget(self, chat_id: int) -> None:
        """Forget all about a chat, whoever asked in it."""
        with self._lock:
            for kept in (self._stocks, self._alerts):
                for asker in [asker for asker in kept if asker.chat_id == chat_id]:
                    kept.pop(asker, None)
            for key in [key for key in self._lists if key[0].chat_id == chat_id]:
                self._lists.pop(key, None)
