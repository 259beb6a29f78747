"""Bars are fetched once, shared by everyone, never half a session, and a source in trouble is left in peace."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bellwether.errors import MarketDataError, UnknownSymbol
from bellwether.market.cache import AGAIN_AFTER, FAILURE_PAUSE, CachedProvider
from bellwether.market.calendar import closes_at, last_closed_session
from bellwether.types import Bars, Instrument

START = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)  # Monday's session in New York has closed
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 20)
YEARS = 2  #: of history that one answer of the source holds


class Clock:
    """A clock that tests turn."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, span: timedelta) -> None:
        self.now += span


class Source:
    """A live source as Yahoo is one: it has a bar for every session that began, the running one too."""

    name = "yahoo"
    live = True
    note = "a note"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, date]] = []
        self.trouble: Exception | None = None
        self.newest: date | None = None  #: what it has so far, where it is late
        self.delay = 0.0

    def describe(self) -> str:
        return "the source"

    def universe(self) -> tuple[Instrument, ...]:
        return ()

    def instrument(self, symbol: str) -> Instrument:
        return Instrument(symbol, symbol, "", "XNYS", "USD")

    def bars(self, symbol: str, end: date) -> Bars:
        self.asked.append((symbol, end))
        time.sleep(self.delay)
        if self.trouble is not None:
            raise self.trouble
        last = min(end, self.newest or self.clock().date())
        first = end - timedelta(days=365 * YEARS)
        days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
        days = days[np.is_busday(days)]
        running = closes_at("XNYS", last_closed_session("XNYS", self.clock())).date()
        closes = np.where(days > np.datetime64(running), 999.0, 100.0)  # 999: a price in the middle of a session
        return Bars(symbol, days, np.column_stack([closes] * 5), closes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(clock: Clock) -> Source:
    return Source(clock)


@pytest.fixture
def cached(source: Source, clock: Clock) -> CachedProvider:
    return CachedProvider(source, clock)


def test_it_passes_for_the_source_itself(cached: CachedProvider) -> None:
    assert (cached.name, cached.live, cached.note, cached.describe()) == ("yahoo", True, "a note", "the source")


def test_it_asks_once_for_a_symbol_and_session(cached: CachedProvider, source: Source, clock: Clock) -> None:
    for _ in range(5):
        assert cached.bars("AAPL", MONDAY).cutoff == MONDAY
        clock.wait(timedelta(hours=3))
    assert source.asked == [("AAPL", MONDAY)]
    cached.bars("MSFT", MONDAY)
    assert len(source.asked) == 2


def test_an_older_session_is_read_from_memory(cached: CachedProvider, source: Source) -> None:
    cached.bars("AAPL", MONDAY)
    assert cached.bars("AAPL", FRIDAY).cutoff == FRIDAY
    assert cached.bars("AAPL", date(2026, 11, 22)).cutoff == FRIDAY
    assert len(source.asked) == 1


def test_a_new_session_is_fetched(cached: CachedProvider, source: Source, clock: Clock) -> None:
    cached.bars("AAPL", FRIDAY)
    assert cached.bars("AAPL", MONDAY).cutoff == MONDAY
    assert source.asked == [("AAPL", FRIDAY), ("AAPL", MONDAY)]


def test_many_who_ask_at_once_make_one_request(cached: CachedProvider, source: Source) -> None:
    source.delay = 0.1
    together = threading.Barrier(8)

    def ask(number: int) -> date:
        together.wait()
        return cached.bars("AAPL" if number % 2 else "MSFT", MONDAY).cutoff

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {MONDAY}
    assert sorted(symbol for symbol, _ in source.asked) == ["AAPL", "MSFT"]


def test_one_slow_symbol_does_not_hold_up_another(cached: CachedProvider, source: Source) -> None:
    cached.bars("MSFT", MONDAY)
    source.delay = 0.5
    slow = threading.Thread(target=cached.bars, args=("AAPL", MONDAY))
    slow.start()
    began = time.monotonic()
    cached.bars("MSFT", MONDAY)
    assert time.monotonic() - began < 0.3
    slow.join()


def test_many_who_ask_a_source_in_trouble_make_one_request(cached: CachedProvider, source: Source) -> None:
    source.delay, source.trouble = 0.05, MarketDataError("down")
    together = threading.Barrier(6)

    def ask(_: int) -> str:
        together.wait()
        try:
            cached.bars("AAPL", MONDAY)
        except MarketDataError as problem:
            return str(problem)
        return ""

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {"down"}
    assert len(source.asked) == 1


@pytest.mark.parametrize("trouble", [MarketDataError("down"), UnknownSymbol("AAPL", (), "the source")])
def test_a_failed_symbol_is_left_in_peace_for_a_while(
    cached: CachedProvider, source: Source, clock: Clock, trouble: Exception
) -> None:
    source.trouble = trouble
    for _ in range(5):
        with pytest.raises(type(trouble)):
            cached.bars("AAPL", MONDAY)
        clock.wait(FAILURE_PAUSE / 6)
    assert len(source.asked) == 1
    source.trouble = None
    assert cached.bars("MSFT", MONDAY).cutoff == MONDAY  # other symbols are asked for
    clock.wait(FAILURE_PAUSE)
    assert cached.bars("AAPL", MONDAY).cutoff == MONDAY


def test_what_is_known_is_told_while_the_source_is_in_trouble(cached: CachedProvider, source: Source) -> None:
    cached.bars("AAPL", MONDAY)
    source.trouble = MarketDataError("down")
    assert cached.bars("AAPL", MONDAY).cutoff == MONDAY
    assert cached.bars("AAPL", FRIDAY).cutoff == FRIDAY
    assert cached.instrument("AAPL").symbol == "AAPL"


def test_a_session_the_source_is_late_with_is_asked_for_again_later(
    cached: CachedProvider, source: Source, clock: Clock
) -> None:
    source.newest = FRIDAY
    for _ in range(4):
        assert cached.bars("AAPL", MONDAY).cutoff == FRIDAY
        clock.wait(AGAIN_AFTER / 5)
    assert len(source.asked) == 1
    source.newest = None
    clock.wait(AGAIN_AFTER)
    assert cached.bars("AAPL", MONDAY).cutoff == MONDAY
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    "running",
    [datetime(2026, 11, 23, 18, 0, tzinfo=UTC), datetime(2026, 11, 24, 0, 30, tzinfo=UTC)],
    ids=["in the session", "after midnight by UTC"],
)
def test_a_price_in_the_middle_of_a_session_is_never_taken_for_a_close(
    cached: CachedProvider, clock: Clock, running: datetime
) -> None:
    clock.now = running
    for now in (running, datetime(2026, 11, 24, 21, 30, tzinfo=UTC)):
        clock.now = now
        cached.instrument("AAPL")
        closed = last_closed_session("XNYS", now)
        bars = cached.bars("AAPL", closed)
        assert bars.cutoff == closed
        assert set(bars.closes) == {100.0}


def test_an_instrument_and_its_bars_cost_one_request(cached: CachedProvider, source: Source, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    cached.instrument("AAPL")
    cached.bars("AAPL", last_closed_session("XNYS", clock.now))
    assert len(source.asked) == 1


def test_an_old_session_is_told_the_same_whatever_was_asked_before(source: Source, clock: Clock) -> None:
    """What memory holds of the years before is cut off; a forecast as of then must not depend on it."""
    old = date(2025, 6, 30)
    fresh = CachedProvider(source, clock).bars("AAPL", old)
    warm = CachedProvider(source, clock)
    warm.bars("AAPL", MONDAY)
    again = warm.bars("AAPL", old)
    assert len(again) == len(fresh)
    assert np.array_equal(again.sessions, fresh.sessions)


def test_a_session_before_all_that_is_kept_is_asked_for(cached: CachedProvider) -> None:
    cached.bars("AAPL", MONDAY)
    assert cached.bars("AAPL", date(2010, 6, 30)).cutoff == date(2010, 6, 30)
