"""Waits for something to become true without sleeping blindly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# A predicate may also look at things no server is told of, a database for instance.
RECHECK_SECONDS = 0.05


def wait_until(
    predicate: Callable[[], T], changed: threading.Condition, timeout: float, describe: Callable[[], str]
) -> T:
    """The first true value of `predicate`, asked again whenever `changed` is notified."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()  # not under the lock: it may itself call the server
        if value:
            return value
        left = deadline - time.monotonic()
        if left <= 0:
            break
        with changed:
            changed.wait(min(left, RECHECK_SECONDS))
    raise AssertionError(f"nothing of the kind within {timeout} s\n{describe()}")
