"""A clock that tests turn."""

from datetime import UTC, datetime, timedelta

FRIDAY_EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  #: an hour after New York closed


class Clock:
    """The present, for everybody."""

    def __init__(self, now: datetime = FRIDAY_EVENING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, span: timedelta) -> None:
        self.now += span
