"""Years of digests for many chats all over the world, against a calendar and a clock worked out in another way.

python -m tests.simulated_decade --years 10 --chats 2000 plays them and prints what came of them; exit status 1 for
a broken promise. What is played is the pure core that a tick asks: slots, local clocks, quiet hours, changed times. The
service is up but for outages, and ticks every minute. Checked for every chat:

- one digest for each session of its exchanges, none for a closed day, none before the last close;
- at the instant at which it is due, by the clock on the chat's wall, or at the first tick after an outage;
- within its freshness, or counted as dropped because the service was down for all of it;
- whatever a chat changes meanwhile, no session is told twice or lost.

And whole ticks, with models, bars and rows, in a world whose future is noise: see simulated_future.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time as stopwatch
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import exchange_calendars

from bellwether.alerts.rule_requests import changed_settings
from bellwether.alerts.rules.digest_due import DigestReason, Prices, decide_digest
from bellwether.alerts.rules.local_time import Rhythm, open_slots
from bellwether.core.alert_types import AlertSettings, QuietHours
from bellwether.core.config import Alerts
from bellwether.core.i18n.time_zones import is_time_zone

EXCHANGES = (
    *("XNYS", "XTSE", "BVMF", "XLON", "XETR", "XJSE", "XSHG", "XBOM", "XHKG", "XTKS", "XASX"),
    "24/7",
)
DELAY, FRESHNESS = timedelta(minutes=45), timedelta(hours=12)
TIMES = Alerts(digest_delay=45, freshness=720)  #: the same
SETTLING = timedelta(minutes=20)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Broken(AssertionError):
    """A promise that was not kept."""


@dataclass
class Figures:
    """What happened, over all chats."""

    chats: int = 0
    sessions: int = 0
    digests: int = 0
    dropped: int = 0
    changes: int = 0
    looks: int = 0
    after_outage: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """For people."""
        return (
            f"{self.chats} chats, {self.sessions} sessions due: {self.digests} digests, each once,"
            f" {self.after_outage} of them later for an outage, and {self.dropped} dropped and counted\n"
            f"{self.changes} changes of time zone, digest time or quiet hours; {self.looks} looks at what is due"
        )


# ---- the world, worked out without the product's own calendar and clock


@cache
def closes(calendar: str, first: int, last: int) -> dict[date, datetime]:
    """Every session of some years and when it closes, as the library lists them."""
    known = exchange_calendars.get_calendar(calendar, start=f"{first}-01-01", end=f"{last}-12-31")
    return {
        session.date(): close.to_pydatetime().astimezone(UTC)
        for session, close in zip(known.closes.index, known.closes, strict=True)
    }


def shown_at(zone: ZoneInfo, clock: time, since: datetime) -> datetime:
    """The first instant from `since` on at which clocks show this time, found by trying every offset around.

    Where the clocks skip it, the time by the clock as it was before.
    """
    day = since.astimezone(zone).date() - DAY
    for _ in range(5):
        naive = datetime.combine(day, clock, UTC)
        offsets = {(naive + step * DAY).astimezone(zone).utcoffset() or timedelta(0) for step in (-1, 0, 1)}
        instants = sorted(naive - offset for offset in offsets)
        shown = [
            instant
            for instant in instants
            if instant.astimezone(zone).replace(tzinfo=None) == naive.replace(tzinfo=None)
        ]
        before = (naive - DAY).astimezone(zone).utcoffset() or timedelta(0)
        first = shown[0] if shown else naive - before
        if first >= since:
            return first
        day += DAY
    raise AssertionError("a clock shows every time within three days")


def loud_from(instant: datetime, settings: AlertSettings) -> datetime:
    """The first instant from this one on that is not in the quiet hours."""
    if settings.quiet is None:
        return instant
    zone = ZoneInfo(settings.timezone)
    now, since, until = instant.astimezone(zone).time(), settings.quiet.since, settings.quiet.until
    quiet = since <= now < until if since < until else not until <= now < since
    if not quiet:
        return instant
    # minute by minute through an hour that comes twice: it may have been loud before, and quiet again
    soon = (instant + step * MINUTE for step in range(1, 121))
    turned_back = instant.astimezone(zone).fold == 1
    ends = (one for one in soon if turned_back and one.astimezone(zone).time().replace(second=0) == until)
    return next((end.replace(second=0, microsecond=0) for end in ends), None) or shown_at(zone, until, instant)


def due(closed: datetime, settings: AlertSettings) -> datetime:
    """When the digest of a session is to go out."""
    if settings.digest_at is None:
        return loud_from(closed + DELAY, settings)
    wished = shown_at(ZoneInfo(settings.timezone), settings.digest_at, closed)
    return loud_from(max(wished, closed + SETTLING), settings)


class Service:
    """Up but for outages; ticks at a second of its own in every minute."""

    def __init__(self, random: Random, begin: datetime, end: datetime) -> None:
        self._second = timedelta(seconds=random.uniform(0, 60))
        count = 6 * ((end - begin).days // 365 + 1)
        starts = sorted(begin + random.random() * (end - begin) for _ in range(count))
        self.outages = [(start, start + random.uniform(0.2, 30) * timedelta(hours=1)) for start in starts]
        self._starts = starts

    def tick(self, instant: datetime) -> datetime:
        """The first tick at or after this instant."""
        found = instant.replace(second=0, microsecond=0) + self._second
        while found < instant:
            found += MINUTE
        for start, over in self.outages[max(0, bisect_right(self._starts, found) - 3) :]:
            if start > found:
                break
            while start <= found < over:
                found += -((found - over) // MINUTE) * MINUTE if over - found > MINUTE else MINUTE
        return found


# ---- one chat


def wish(random: Random, zones: list[str], timezone: str | None = None) -> AlertSettings:
    """Some settings."""
    quarter = lambda: time(random.randrange(24), random.choice([0, 0, 15, 30, 45]))  # noqa: E731
    since, until = quarter(), quarter()
    return AlertSettings(
        timezone=timezone or random.choice(zones),
        digest_at=quarter() if random.random() < 0.6 else None,
        quiet=QuietHours(since, until) if random.random() < 0.5 and since != until else None,
    )


class Chat:
    """One chat through all the years."""

    def __init__(
        self, random: Random, zones: list[str], timezone: str, years: tuple[int, int], service: Service, did: Figures
    ) -> None:
        self._random, self._service, self._did = random, service, did
        self.calendars = frozenset(random.sample(EXCHANGES, random.choice([1, 1, 1, 2, 3])))
        begin, end = datetime(years[0], 1, 2, tzinfo=UTC), datetime(years[1], 12, 20, tzinfo=UTC)
        self._end = end
        self._settings = wish(random, zones, timezone)
        self._changes = sorted(
            (begin + random.random() * (end - begin), wish(random, zones))
            for _ in range(random.randrange(1 + 2 * (years[1] - years[0] + 1)))
        ) if random.random() < 0.5 else []  # fmt: skip
        self._changes.sort(key=lambda change: change[0])
        table = [closes(calendar, years[0] - 1, years[1] + 1) for calendar in self.calendars]
        days = sorted({day for one in table for day in one})
        closing = {day: max(one[day] for one in table if day in one) for day in days}
        self.closed_at = {day: closed for day, closed in closing.items() if begin <= closed}
        self.written: dict[date, datetime] = {}

    def live(self) -> None:
        """Look at what is due wherever something could be, and check what came of it."""
        expected = {day: due(closed, self._settings) for day, closed in self.closed_at.items() if closed < self._end}
        segments = [datetime.min.replace(tzinfo=UTC), *(at for at, _ in self._changes), self._end]
        days = sorted(expected)
        for number, (since, until) in enumerate(pairwise(segments)):
            if number:
                self._change(since, self._changes[number - 1][1], expected)
            visits = set()
            for day in days:
                at = expected[day]
                if since <= at < until or (at < since and day not in self.written and at + FRESHNESS > since):
                    visits |= {self._service.tick(max(at, since)), self._service.tick(max(at - MINUTE, since))}
                    if self._random.random() < 0.05:
                        visits.add(self._service.tick(max(at, since) + self._random.random() * 2 * DAY))
            for now in sorted(visits):
                if since <= now < until:
                    self._look(now)
        self._check(expected)

    def _change(self, at: datetime, new: AlertSettings, expected: dict[date, datetime]) -> None:
        """The chat changes its times: what was still to come may move, but neither get lost nor come again."""
        wanted = replace(new, digest_mode=self._settings.digest_mode)
        self._settings = changed_settings(self._settings, wanted, self.calendars, TIMES, at)
        self._did.changes += 1
        for day, was in expected.items():
            closed = self.closed_at[day]
            if closed > at:
                expected[day] = due(closed, self._settings)
            elif day not in self.written and was + FRESHNESS > at:
                expected[day] = loud_from(max(self._unquiet_due(closed), at), self._settings)

    def _unquiet_due(self, closed: datetime) -> datetime:
        return due(closed, replace(self._settings, quiet=None))

    def _look(self, now: datetime) -> None:
        """What a tick does."""
        self._did.looks += 1
        rhythm = Rhythm.of(self._settings, TIMES)
        for slot in open_slots(self.calendars, now, rhythm):
            if slot.session in self.written:
                continue
            reason = decide_digest(slot, Prices.IN, now)
            if reason is not DigestReason.DUE:
                raise Broken(f"{self} {now}: an open slot is {reason}")
            self.written[slot.session] = now

    def _check(self, expected: dict[date, datetime]) -> None:
        """Every session once, and at its time."""
        for day, now in self.written.items():
            if day not in self.closed_at:
                if day < min(self.closed_at):
                    continue  # closed before the years began
                raise Broken(f"{self} {now}: a digest of {day}, which is no session")
            if now < self.closed_at[day]:
                raise Broken(f"{self} {now}: a digest of {day} before its close at {self.closed_at[day]}")
        for day, at in expected.items():
            if at + FRESHNESS + DAY > self._end:
                continue  # the years end before it could come
            self._did.sessions += 1
            on_time = self._service.tick(at)
            now = self.written.get(day)
            if now is None and on_time < at + FRESHNESS:
                raise Broken(f"{self}: no digest of {day}, due at {at}")
            if now is None:
                self._did.dropped += 1
                continue
            self._did.digests += 1
            self._did.after_outage += on_time - at > MINUTE
            if now != on_time and not any(at <= change <= on_time for change, _ in self._changes):
                raise Broken(f"{self}: the digest of {day}, due at {at}, came at {now} and not at {on_time}")

    def __str__(self) -> str:
        """For the message of a broken promise."""
        return f"{sorted(self.calendars)} {self._settings}"


def play(seed: int, chats: int, first: int, last: int) -> Figures:
    """All chats over the years `first` to `last`. Raises Broken."""
    did = Figures()
    zones = sorted(filter(is_time_zone, available_timezones()))
    service = Service(Random(seed), datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC))
    order = Random(seed).sample(zones, len(zones))
    for number in range(chats):
        random = Random(seed * 1_000_003 + number)
        chat = Chat(random, zones, order[number % len(order)], (first, last), service, did)
        chat.live()
        did.chats += 1
    return did


def main() -> int:
    """Play, count, say."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_decade")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--chats", type=int, default=2000)
    parser.add_argument("--evenings", type=int, default=250, help="played a second time with a future of noise")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = stopwatch.monotonic()
    try:
        did = play(asked.seed, asked.chats, 2026 - asked.years, 2025)
    except Broken as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{asked.years} years in {stopwatch.monotonic() - began:.0f} s\n{did}", flush=True)
    return _without_future(asked.seed, asked.evenings)


def _without_future(seed: int, evenings: int) -> int:
    """Whole ticks must write the same whatever comes after them."""
    from tests import simulated_future  # which needs the names above

    logging.disable(logging.WARNING)  # what it says of prices and rules on so odd evenings is no news
    try:
        with tempfile.TemporaryDirectory() as folder:
            print(simulated_future.play(seed, evenings, Path(folder)))
    except Broken as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
