"""Bars are fetched once, shared by everyone, never half a session, and a source in trouble is left in peace."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.core.errors import BadDate, NoPrices, SourceError, Trouble, UnknownSymbol
from bellwether.core.types import Bars, Instrument, Origin
from bellwether.db.database import Store
from bellwether.market.calendar import closes_at, last_closed_session
from bellwether.market.provider import Fetched
from bellwether.market.remote.cached_provider import AGAIN_AFTER, FAILURE_PAUSE, FETCHED, CachedProvider
from bellwether.market.remote.guarded_source import GuardedSource
from tests.support.clock import Clock
from tests.support.database import store_at

START = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)  # Monday's session in New York has closed
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 20)
OVERLAPPING = date(2026, 10, 12)  #: thirty sessions up to FRIDAY
BORN = date(2021, 1, 4)  #: no prices before it
DOWN = SourceError("The source", Trouble.REFUSED)


class Source:
    """A live source as Yahoo is one: it has a bar for every session that began, the running one too."""

    name = "yahoo"
    note = "a note"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, date]] = []  #: symbol and first day
        self.trouble: Exception | None = None
        self.newest: date | None = None  #: what it has so far, where it is late
        self.delay = 0.0
        self.currency = "USD"
        self.factor = 1.0  #: adjusted / quoted, before the last dividend
        self.split = 1.0  #: all prices before the split, divided by this
        self.actions: tuple[date, ...] = ()

    def describe(self) -> str:
        return "The source"

    def universe(self) -> tuple[Instrument, ...]:
        return ()

    def prepare(self) -> None:
        pass

    def fetch(self, symbol: str, start: date, end: date, timeout: float) -> Fetched:
        self.asked.append((symbol, start))
        time.sleep(self.delay)
        if self.trouble is not None:
            raise self.trouble
        last = min(end, self.newest or self.clock().date())
        days = np.arange(np.datetime64(max(start, BORN)), np.datetime64(last) + 1)
        days = days[np.is_busday(days)]
        running = closes_at("XNYS", last_closed_session("XNYS", self.clock())).date()
        quoted = np.where(days > np.datetime64(running), 999.0, 100.0)  # 999: a price in the middle of a session
        adjusted = quoted.copy()
        if self.actions:
            before = days < np.datetime64(self.actions[-1])
            quoted[before] /= self.split
            adjusted[before] *= self.factor / self.split
        bars = Bars(symbol, days, np.column_stack([adjusted] * 5), quoted)
        instrument = Instrument(symbol, symbol, "", "XNYS", self.currency)
        return Fetched(instrument, bars, tuple(day for day in self.actions if start <= day <= last))


MakeCached = Callable[..., CachedProvider]


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def source(clock: Clock) -> Source:
    return Source(clock)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = store_at(tmp_path / "kept.sqlite3")
    yield store
    store.close()


@pytest.fixture
def make_cached(source: Source, clock: Clock, store: Store, tmp_path: Path) -> Iterator[MakeCached]:
    """Another process with the same database, or with an empty one of its own."""
    others: list[Store] = []

    def make(store: Store = store, *, alone: bool = False) -> CachedProvider:
        if alone:
            others.append(store := store_at(tmp_path / f"of-its-own-{len(others)}.sqlite3"))
        asker = GuardedSource(
            "The source", timeout=5, connections=8, clock=lambda: clock().timestamp(), sleep=lambda _: None
        )
        return CachedProvider(source, asker, store, clock)

    yield make
    for other in others:
        other.close()


@pytest.fixture
def cached(make_cached: MakeCached) -> CachedProvider:
    return make_cached()


def test_it_passes_for_the_source_itself(cached: CachedProvider) -> None:
    assert (cached.name, cached.live, cached.note, cached.describe()) == ("yahoo", True, "a note", "The source")


def test_it_asks_once_for_a_symbol_and_session(cached: CachedProvider, source: Source, clock: Clock) -> None:
    for _ in range(5):
        assert cached.bars("AAPL", MONDAY).cutoff == MONDAY
        clock.wait(timedelta(hours=3))
    assert len(source.asked) == 1
    cached.bars("MSFT", MONDAY)
    assert len(source.asked) == 2


def test_an_older_session_is_read_from_memory(cached: CachedProvider, source: Source) -> None:
    cached.bars("AAPL", MONDAY)
    assert cached.bars("AAPL", FRIDAY).cutoff == FRIDAY
    assert cached.bars("AAPL", date(2026, 11, 22)).cutoff == FRIDAY
    assert len(source.asked) == 1


def test_only_what_is_missing_is_fetched(cached: CachedProvider, source: Source, clock: Clock) -> None:
    clock.now = START - timedelta(days=3)
    whole = cached.bars("AAPL", FRIDAY)
    clock.now = START
    bars = cached.bars("AAPL", MONDAY)
    assert bars.cutoff == MONDAY
    assert len(bars) == len(whole) + 1
    assert source.asked[1:] == [("AAPL", OVERLAPPING)]


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
    source.delay, source.trouble = 0.05, DOWN
    together = threading.Barrier(6)

    def ask(_: int) -> str:
        together.wait()
        try:
            cached.bars("AAPL", MONDAY)
        except SourceError as problem:
            return str(problem)
        return ""

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {str(DOWN)}
    assert len(source.asked) == 1


@pytest.mark.parametrize("trouble", [DOWN, UnknownSymbol("AAPL", (), "The source"), NoPrices("none")])
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
    source.trouble = DOWN
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


def test_an_old_session_is_told_the_same_whatever_was_asked_before(make_cached: MakeCached, source: Source) -> None:
    """What memory holds of the years before is cut off; a forecast as of then must not depend on it."""
    old = date(2025, 6, 30)
    fresh = make_cached(alone=True).bars("AAPL", old)
    warm = make_cached(alone=True)
    warm.bars("AAPL", MONDAY)
    again = warm.bars("AAPL", old)
    assert np.array_equal(again.last(2520).sessions, fresh.last(2520).sessions)


@pytest.mark.parametrize("end", [date(2010, 6, 30), date(1900, 1, 2), date(1, 1, 1)])
def test_a_day_before_all_prices_is_told_as_that(cached: CachedProvider, end: date) -> None:
    cached.bars("AAPL", MONDAY)
    with pytest.raises(BadDate, match=r"begin on 2021-01-04|as old as"):
        cached.bars("AAPL", end)


# ---- what is kept


def test_a_restart_and_another_process_need_no_fetch(make_cached: MakeCached, source: Source) -> None:
    before = make_cached().bars("AAPL", MONDAY)
    source.trouble = DOWN
    after = make_cached()
    assert after.instrument("AAPL") == Instrument("AAPL", "AAPL", "", "XNYS", "USD")
    bars = after.bars("AAPL", MONDAY)
    assert len(source.asked) == 1
    assert np.array_equal(bars.sessions, before.sessions)
    assert np.array_equal(bars.values, before.values)
    assert np.array_equal(bars.quoted_closes, before.quoted_closes)
    assert bars.origin == Origin("yahoo", True, "a note", after.instrument("AAPL"))


def test_a_session_fetched_by_another_process_is_read_and_not_fetched(
    make_cached: MakeCached, source: Source, clock: Clock
) -> None:
    one, other = make_cached(), make_cached()
    clock.now = START - timedelta(days=3)
    one.bars("AAPL", FRIDAY), other.bars("AAPL", FRIDAY)
    clock.now = START
    one.bars("AAPL", MONDAY)
    assert other.bars("AAPL", MONDAY).cutoff == MONDAY
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("cutoff_days_ago", "words"),
    [(0, "Prices as of Friday's close; The source refuses our requests. a note"), (30, "Prices as of the close of")],
)
def test_a_source_that_is_down_from_the_first_second_leaves_what_is_kept(
    make_cached: MakeCached, source: Source, clock: Clock, cutoff_days_ago: int, words: str
) -> None:
    clock.now = START - timedelta(days=3 + cutoff_days_ago)
    make_cached().bars("AAPL", clock.now.date())
    clock.now, source.trouble = START, DOWN
    for provider in (make_cached(), make_cached()):
        bars = provider.bars("AAPL", MONDAY)
        assert bars.origin is not None
        assert bars.origin.note.startswith(words)
    with pytest.raises(SourceError, match="refuses our requests; please try again"):
        provider.bars("MSFT", MONDAY)
    source.trouble = None
    clock.wait(FAILURE_PAUSE)
    bars = provider.bars("AAPL", MONDAY)
    assert (bars.cutoff, bars.origin and bars.origin.note) == (MONDAY, "a note")


def test_while_the_source_is_left_alone_kept_bars_say_that_it_is_not_answering(
    make_cached: MakeCached, source: Source, clock: Clock
) -> None:
    clock.now = START - timedelta(days=3)
    provider = make_cached()
    provider.bars("AAPL", FRIDAY)
    clock.now, source.trouble = START, SourceError("The source", Trouble.LIMITED, 600)
    with pytest.raises(SourceError):
        provider.bars("MSFT", MONDAY)
    clock.wait(FAILURE_PAUSE * 2)
    bars = provider.bars("AAPL", MONDAY)
    assert bars.origin is not None
    assert bars.origin.note == "Prices as of Friday's close; The source is not answering. a note"
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (UnknownSymbol("AAPL"), "The source has no prices of AAPL any more; perhaps it was delisted or renamed."),
        (NoPrices("none"), "The source has no newer ones."),
    ],
    ids=["delisted", "silently empty"],
)
def test_a_known_symbol_that_is_gone_or_empty_keeps_its_history_and_says_so(
    make_cached: MakeCached, source: Source, clock: Clock, trouble: Exception, words: str
) -> None:
    clock.now = START - timedelta(days=3)
    make_cached().bars("AAPL", FRIDAY)
    clock.now, source.trouble = START, trouble
    bars = make_cached().bars("AAPL", MONDAY)
    assert bars.cutoff == FRIDAY
    assert bars.origin is not None
    assert words in bars.origin.note


@pytest.mark.parametrize("change", ["dividend", "split", "event alone", "currency"])
def test_what_changes_the_past_makes_the_whole_history_be_fetched_again(
    make_cached: MakeCached, source: Source, clock: Clock, change: str
) -> None:
    clock.now = START - timedelta(days=3)
    make_cached().bars("AAPL", FRIDAY)
    clock.now = START
    if change == "currency":
        source.currency = "GBp"
    else:
        source.actions = (MONDAY,)
        source.factor = 0.99 if change == "dividend" else 1.0
        source.split = 4.0 if change == "split" else 1.0
    bars = make_cached().bars("AAPL", MONDAY)
    assert [start for _, start in source.asked[1:]] == [OVERLAPPING, MONDAY - FETCHED]
    known = {"dividend": (99.0, 100.0), "split": (25.0, 25.0)}.get(change, (100.0, 100.0))
    assert (bars.closes[0], bars.quoted_closes[0]) == known
    assert bars.closes[-1] == 100.0
    again = make_cached().bars("AAPL", MONDAY)  # and what is kept is the new history, in all its years
    assert np.array_equal(again.values, bars.values)
    assert make_cached().instrument("AAPL").currency == source.currency


@pytest.mark.parametrize(("factor", "split"), [(0.99, 1.0), (1.0, 4.0)], ids=["dividend", "split"])
def test_a_split_or_dividend_that_the_source_hears_of_weeks_late_is_noticed(
    make_cached: MakeCached, source: Source, clock: Clock, factor: float, split: float
) -> None:
    clock.now = START - timedelta(days=3)
    make_cached().bars("AAPL", FRIDAY)
    clock.now = START
    source.actions, source.factor, source.split = (date(2026, 10, 27),), factor, split
    bars = make_cached().bars("AAPL", MONDAY)
    assert bars.closes[0] == 100 * factor / split
    assert source.asked[-1][1] == MONDAY - FETCHED


def test_two_processes_never_write_one_history_out_of_two(
    make_cached: MakeCached, source: Source, clock: Clock
) -> None:
    """One joins Monday to what it knew while the other has already fetched all of it after a split."""
    clock.now = START - timedelta(days=3)
    slow = make_cached()
    slow.bars("AAPL", FRIDAY)
    clock.now = START
    real = source.fetch

    def fetch(symbol: str, start: date, end: date, timeout: float) -> Fetched:
        unsplit = real(symbol, start, end, timeout)
        source.fetch = real  # type: ignore[method-assign]
        source.actions, source.split = (MONDAY,), 4.0
        make_cached().bars("AAPL", MONDAY)  # meanwhile
        return unsplit

    source.fetch = fetch  # type: ignore[method-assign]
    slow.bars("AAPL", MONDAY)
    kept = make_cached().bars("AAPL", MONDAY)
    assert len(set(kept.quoted_closes)) == 1  # whichever of the two, it is one


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE bars SET data = x'00'",
        "UPDATE bars SET data = zeroblob(length(data))",
        "UPDATE bars SET data = 'text'",
        "UPDATE bars SET checksum = checksum + 1",
        "DELETE FROM bars",
        "UPDATE instruments SET layout = 0",
        "DROP TABLE bars",
    ],
)
def test_prices_that_are_damaged_or_of_an_older_layout_are_fetched_again(
    make_cached: MakeCached, source: Source, store: Store, damage: str
) -> None:
    make_cached().bars("AAPL", MONDAY)
    with store.transaction() as db:
        db.execute(damage)
    assert (
        make_cached().bars("AAPL", MONDAY).closes.tolist()
        == make_cached(alone=True).bars("AAPL", MONDAY).closes.tolist()
    )
    assert source.asked[0] == source.asked[1]


def test_a_file_that_is_no_database_leaves_memory(make_cached: MakeCached, source: Source, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"no database at all" * 100)
    provider = make_cached(store_at(broken))
    for _ in range(3):
        assert provider.bars("AAPL", MONDAY).cutoff == MONDAY
    assert len(source.asked) == 1


def test_what_was_asked_while_the_clock_was_far_ahead_is_asked_again(
    cached: CachedProvider, source: Source, clock: Clock
) -> None:
    """As on a small computer before it has the time; else its prices would stay old until that day comes."""
    clock.now, source.newest = START + timedelta(days=366), FRIDAY
    cached.bars("AAPL", clock.now.date())
    clock.now, source.newest = START, None
    assert cached.bars("AAPL", MONDAY).cutoff == MONDAY


def test_what_failed_while_the_clock_was_ahead_is_asked_again(
    cached: CachedProvider, source: Source, clock: Clock
) -> None:
    clock.now, source.trouble = START + timedelta(hours=1), DOWN
    with pytest.raises(SourceError):
        cached.bars("AAPL", MONDAY)
    clock.now, source.trouble = START, None
    assert cached.bars("AAPL", MONDAY).cutoff == MONDAY


def test_only_so_many_symbols_are_kept_and_the_oldest_go_first(
    cached: CachedProvider, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever asks for one symbol after another fills the disk."""
    monkeypatch.setattr("bellwether.market.remote.instruments_table.MOST_KEPT", 3)
    for symbol in ("A", "B", "C", "A", "D", "E"):
        cached.bars(symbol, last_closed_session("XNYS", clock.now))
        clock.wait(timedelta(days=1))
    with store.reading() as db:
        kept = [{row[0] for row in db.execute(f"SELECT symbol FROM {table}")} for table in ("instruments", "bars")]
    assert kept == [{"A", "D", "E"}] * 2


def test_a_refresh_skips_what_is_there(make_cached: MakeCached, source: Source, clock: Clock) -> None:
    provider = make_cached()
    assert provider.refresh("AAPL")
    assert not provider.refresh("AAPL")
    assert not make_cached().refresh("AAPL")
    clock.wait(timedelta(days=1))
    assert make_cached().refresh("AAPL")
    assert len(source.asked) == 2
