"""Telegram's flood limits: how many messages a bot may send, in all and to one chat."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from tests.support.telegram_errors import ApiError

# A bot that keeps exactly to a limit by its own clock arrives a little early now and then.
JITTER_SECONDS = 0.05


class FloodLimits:
    """Sliding windows: 30 a second overall, 1 a second to a person, 20 a minute to a group."""

    def __init__(self, enabled: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.hits = 0
        self._enabled = enabled
        self._clock = clock
        self._sent: dict[int | None, deque[float]] = {}

    def count(self, chat_id: int, private: bool) -> None:
        """Count one message to a chat, or refuse it with the seconds to wait."""
        if not self._enabled:
            return
        now = self._clock()
        windows = [(None, 30, 1.0), (chat_id, 1, 1.0) if private else (chat_id, 20, 60.0)]
        waits = [self._wait(key, most, seconds, now) for key, most, seconds in windows]
        if max(waits) > 0:
            self.hits += 1
            seconds = max(1, math.ceil(max(waits)))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        for key, _, _ in windows:
            self._sent[key].append(now)

    def _wait(self, key: int | None, most: int, seconds: float, now: float) -> float:
        """Seconds until one more message fits into the window; 0 when it fits now."""
        sent = self._sent.setdefault(key, deque())
        window = seconds - JITTER_SECONDS
        while sent and sent[0] <= now - window:
            sent.popleft()
        return sent[0] + window - now if len(sent) >= most else 0.0
