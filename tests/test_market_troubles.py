"""From the question to the answer over the real yfinance, while Yahoo misbehaves: what people read, and how it ends."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.alerts import watchlist
from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError, Delisted, NoPrices, SourceError, Trouble, UnknownSymbol
from bellwether.jobs.refresh_prices import BATCH, every_symbol, refresh
from bellwether.market.file import FileProvider
from bellwether.market.remote.cached_provider import FAILURE_PAUSE, CachedProvider
from bellwether.market.remote.circuit_breaker import LONGEST_WISH, BreakerState
from bellwether.market.remote.fallback import FallbackProvider
from bellwether.services import Services
from tests.support.clock import Clock
from tests.support.yahoo_made import chart, walk
from tests.support.yahoo_server import EMPTY_CHART, HTML_PAGE, MALFORMED_JSON, NO_CHART, YahooServer
from tests.support.yahoo_services import BEFORE_THE_FIRST_EVENING, yahoo_services

CHART = "/v8/finance/chart/"
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
TIMEOUT = 2.0
SYMBOLS = ("AAPL", "MSFT", "^GSPC", "^VIX")


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        publish(server, FRIDAY)
        yield server


@pytest.fixture
def start(server: YahooServer, clock: Clock, tmp_path: Path) -> Callable[[], Services]:
    """The service as after a restart: another memory, the same database."""

    return lambda: yahoo_services(tmp_path, server, clock, TIMEOUT)


def publish(server: YahooServer, last: date, sessions: int = 700) -> None:
    """Prices of SYMBOLS up to this day; a day more leaves those before as they were."""
    closes = walk(sessions + 10)[: sessions + (last - FRIDAY).days // 3]
    for symbol in SYMBOLS:
        server.add_chart(symbol, chart(symbol, closes, last=last))


def asked(services: Services, symbol: str = "AAPL") -> forecasts.Answer:
    return forecasts.answer(services, symbol, 10)


FAULTS: dict[str, tuple[Callable[[YahooServer], None], type[BellwetherError], Trouble | None, str]] = {
    "limit": (
        lambda server: server.fail_next(CHART, 429, times=None),
        SourceError, Trouble.LIMITED, "Yahoo Finance is limiting our requests; please try again in a few minutes.",
    ),
    "block": (
        lambda server: server.fail_next(CHART, 403, times=None),
        SourceError, Trouble.REFUSED, "Yahoo Finance refuses our requests; please try again in a few minutes.",
    ),
    "failure": (
        lambda server: server.fail_next(CHART, 503, times=None),
        SourceError, Trouble.FAILING, "Yahoo Finance has a failure on its side; please try again in a few minutes.",
    ),
    "silence": (
        lambda server: server.hang_next(CHART, 3600, times=None),
        SourceError, Trouble.SILENT, "Yahoo Finance does not answer in time; please try again in a few minutes.",
    ),
    "cut off": (
        lambda server: server.drop_next(CHART, times=None),
        SourceError, Trouble.CUT_OFF, "Yahoo Finance cannot be reached; please try again in a few minutes.",
    ),
    "page": (
        lambda server: server.fail_next(CHART, 200, HTML_PAGE, times=None),
        SourceError, Trouble.PAGE,
        "Yahoo Finance sends a web page instead of prices; please try again in a few minutes.",
    ),
    "broken json": (
        lambda server: server.fail_next(CHART, 200, MALFORMED_JSON, times=None),
        SourceError, Trouble.GARBLED,
        "Yahoo Finance sends something that cannot be read; please try again in a few minutes.",
    ),
    "empty": (
        lambda server: server.fail_next(CHART, 200, EMPTY_CHART, times=None),
        NoPrices, None, "Yahoo Finance has no prices of AAPL for these days.",
    ),
    "delisted": (
        lambda server: server.fail_next(CHART, 404, NO_CHART, times=None),
        Delisted, None, "Yahoo Finance has no prices of AAPL any more; perhaps it was delisted or renamed.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_failure_has_its_own_words_and_the_next_question_is_answered(
    server: YahooServer, start: Callable[[], Services], clock: Clock, fault: str
) -> None:
    order, error, trouble, words = FAULTS[fault]
    services = start()
    order(server)
    with pytest.raises(error) as told:
        services.provider.bars("AAPL", FRIDAY)
    assert (type(told.value), getattr(told.value, "trouble", None), str(told.value)) == (error, trouble, words)
    server.clear_faults()
    clock.now += timedelta(minutes=2)
    answer = asked(services)  # the same process, the same client
    assert answer.forecast.cutoff == FRIDAY
    assert answer.forecast.source == "yahoo"
    assert answer.forecast.caveats == BEFORE_THE_FIRST_EVENING


def test_all_failures_have_different_words() -> None:
    assert len({words for *_, words in FAULTS.values()}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_kept_answers_through_every_failure_and_says_how_old_it_is(
    server: YahooServer, start: Callable[[], Services], clock: Clock, fault: str
) -> None:
    before = asked(start()).forecast
    clock.now += timedelta(days=3)  # Monday evening
    publish(server, MONDAY)
    FAULTS[fault][0](server)
    services = start()  # with the source down from the first second
    for _ in range(3):
        answer = asked(services).forecast
        assert (answer.cutoff, answer.last_close, answer.source) == (FRIDAY, before.last_close, "yahoo")
        assert answer.caveats[0].startswith("Prices as of Friday's close; Yahoo Finance ")
        assert answer.quantiles == pytest.approx(before.quantiles)
    server.clear_faults()
    clock.now += timedelta(minutes=10)
    answer = asked(services).forecast
    assert (answer.cutoff, answer.caveats) == (MONDAY, BEFORE_THE_FIRST_EVENING)


def test_an_unknown_symbol_is_no_failure_of_yahoo(server: YahooServer, start: Callable[[], Services]) -> None:
    services = start()
    for number in range(8):
        with pytest.raises(UnknownSymbol, match=f"I don't know the ticker QQXX{number}"):
            services.provider.instrument(f"QQXX{number}")
    assert services.provider.asker.state is BreakerState.CLOSED  # type: ignore[attr-defined]
    assert asked(services).forecast.cutoff == FRIDAY


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_that_passes_is_not_noticed(server: YahooServer, start: Callable[[], Services], status: int) -> None:
    server.fail_next(CHART, status, times=2)
    assert asked(start()).forecast.cutoff == FRIDAY


def test_after_a_limit_yahoo_is_left_alone_for_as_long_as_it_wants(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    services = start()
    server.fail_next(CHART, 429, headers={"Retry-After": "300"}, times=None)
    with pytest.raises(SourceError, match="limiting"):
        asked(services)
    seen = len(server.requests)
    clock.now += FAILURE_PAUSE
    for symbol in SYMBOLS * 5:
        with pytest.raises(SourceError, match="is not answering"):
            services.provider.bars(symbol, FRIDAY)
        clock.now += timedelta(seconds=14)
    assert len(server.requests) == seen
    server.clear_faults()
    clock.now += timedelta(seconds=LONGEST_WISH)
    assert asked(services).forecast.cutoff == FRIDAY


def test_many_people_in_an_outage_cost_yahoo_few_requests(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    services = start()
    server.fail_next(CHART, 503, times=None)
    together = threading.Barrier(12)

    def ask(number: int) -> bool:
        together.wait()
        try:
            services.provider.bars(SYMBOLS[number % 4], FRIDAY)
        except SourceError:
            return True
        return False

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, range(12)))
    for _ in range(20):
        with pytest.raises(SourceError):
            services.provider.bars("AAPL", FRIDAY)
    assert len(server.requests_to(CHART)) <= 4 * 3
    clock.now += FAILURE_PAUSE


def test_a_market_series_of_another_source_or_an_older_day_is_told(
    server: YahooServer, start: Callable[[], Services], clock: Clock, tmp_path: Path
) -> None:
    services = start()
    asked(services)
    clock.now += timedelta(days=3)
    publish(server, MONDAY)
    server.fail_next(f"{CHART}^GSPC", 503, times=None)
    made = asked(services).forecast
    assert made.cutoff == MONDAY
    assert made.caveats == (
        "Of the wider market: Prices as of Friday's close; Yahoo Finance has a failure on its side.",
        *BEFORE_THE_FIRST_EVENING,
    )
    file = tmp_path / "p.csv"
    days = np.busday_offset(np.datetime64(MONDAY), np.arange(-600, 1))
    rows = [f"^GSPC,{day},{close},{close},{close},{close},1" for day, close in zip(days, walk(601), strict=True)]
    file.write_text("\n".join(["symbol,date,open,high,low,close,volume", *rows]))
    both = FallbackProvider(services.provider, (FileProvider([file]),))
    made = asked(replace(services, provider=both)).forecast
    assert made.source == "yahoo"
    assert made.caveats == (
        "Of the wider market: Yahoo Finance is not answering; these prices come from the price file p.csv.",
        *BEFORE_THE_FIRST_EVENING,
    )


# ---- the refresh of every night


def publish_many(server: YahooServer, count: int) -> tuple[str, ...]:
    symbols = tuple(f"S{number:03}" for number in range(count))
    closes = walk(60)
    for symbol in symbols:
        server.add_chart(symbol, chart(symbol, closes, last=FRIDAY))
    return symbols


def test_symbols_of_three_batches_are_refreshed_in_one_run_each_once(
    server: YahooServer, start: Callable[[], Services]
) -> None:
    count = 2 * BATCH + 20
    symbols, services = publish_many(server, count), start()
    seen: list[str] = []
    provider = services.provider
    assert isinstance(provider, CachedProvider)
    did = refresh(provider, symbols, done=seen.append, sleep=lambda _: None)
    assert (did.fetched, did.there, did.failed, did.stopped) == (count, 0, {}, "")
    assert sorted(seen) == list(symbols)
    charts = [seen.path for seen in server.requests_to(CHART)]
    assert len(charts) == len(set(charts)) == count
    assert server.peak_connections <= 4
    before = len(server.requests)
    again = refresh(start().provider, symbols, sleep=lambda _: None)  # type: ignore[arg-type]  # another process
    assert (again.fetched, again.there) == (0, count)
    assert len(server.requests) == before


def test_a_refresh_that_was_cut_off_goes_on_where_it_stopped(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    symbols, stops = publish_many(server, 100), iter([False, True])
    first = refresh(start().provider, symbols, stop=lambda: next(stops), sleep=lambda _: None)  # type: ignore[arg-type]
    assert "as asked" in first.stopped
    server.fail_next(CHART, 429, times=None)
    second = refresh(start().provider, symbols, sleep=lambda _: None)  # type: ignore[arg-type]
    assert "Yahoo Finance is not answering" in second.stopped
    server.clear_faults()
    clock.now += timedelta(hours=1)
    third = refresh(start().provider, symbols, sleep=lambda _: None)  # type: ignore[arg-type]
    assert (first.fetched, second.there, third.fetched, third.there) == (80, 80, 20, 80)


def test_a_symbol_that_fails_does_not_stop_the_others(server: YahooServer, start: Callable[[], Services]) -> None:
    symbols = publish_many(server, 10)
    did = refresh(start().provider, (*symbols[:5], "NONESUCH", *symbols[5:]), sleep=lambda _: None)  # type: ignore[arg-type]
    assert (did.fetched, list(did.failed), did.stopped) == (10, ["NONESUCH"], "")


@pytest.mark.parametrize("trouble", ["unreadable", "full"])
def test_a_refresh_whose_prices_cannot_be_kept_ends_soon_and_says_why(
    server: YahooServer, start: Callable[[], Services], trouble: str
) -> None:
    """Else every run would ask for the whole history of every symbol, four times an hour, for ever."""
    symbols, services = publish_many(server, 100), start()
    with services.store.transaction() as db:
        if trouble == "full":
            db.execute("CREATE TRIGGER t BEFORE INSERT ON bars BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    if trouble == "unreadable":
        services.store.close()
        services.store.path.write_bytes(b"no database" * 1000)
    did = refresh(services.provider, symbols, sleep=lambda _: None)  # type: ignore[arg-type]
    assert did.fetched == 0
    assert "cannot be kept" in did.stopped
    assert str(services.store.path) in did.stopped
    assert len(server.requests_to(CHART)) <= (0 if trouble == "unreadable" else 40)


def test_every_symbol_is_what_is_served_watched_or_read_beside(start: Callable[[], Services]) -> None:
    services = start()
    watchlist.watch(services, 7, "MSFT", "en")
    symbols = every_symbol(services.store, services.universe)
    assert {"^GSPC", "^VIX", "MSFT", "AAPL"} <= set(symbols)
    assert len(symbols) == len(set(symbols))
    assert len(symbols) >= len(services.universe)
