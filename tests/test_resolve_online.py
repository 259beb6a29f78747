"""Questions that nobody here can answer: Yahoo is asked, once, and its answer is never more than a guess."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import AmbiguousSymbol, BellwetherError, MarketDataError, UnknownSymbol
from bellwether.core.types import Instrument
from bellwether.market.remote.circuit_breaker import BreakerState
from bellwether.market.sources import remote
from bellwether.market.symbols import searches_table
from bellwether.market.yahoo.search import search
from bellwether.services import Services, build_services
from tests.conftest import MODELS
from tests.support import yahoo_recordings
from tests.support.clock import Clock
from tests.support.yahoo_listings import list_on, quote
from tests.support.yahoo_server import DOWN_PAGE, HTML_PAGE, MALFORMED_JSON, YahooServer

CHART, SEARCH = "/v8/finance/chart/", "/v1/finance/search"
FRIDAY = date(2026, 11, 20)
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


Start = Callable[..., Services]


@pytest.fixture
def start(server: YahooServer, clock: Clock, tmp_path: Path) -> Start:
    """The service as after a restart: another memory, the same database."""

    def start(**market: Any) -> Services:
        return build_services(
            load_settings(
                database={"path": tmp_path / "t.sqlite3"},
                models={"folder": MODELS},
                market={"source": "yahoo", "yahoo_base_url": server.base_url, "timeout": 2} | market,
            ),
            clock,
        )

    return start


def asked_back(services: Services, text: str) -> list[str]:
    with pytest.raises(AmbiguousSymbol) as asked:
        forecasts.resolve(services, text)
    return [candidate.symbol for candidate in asked.value.candidates]


SPOTIFY = [quote("SPOT", "Spotify Technology S.A."), quote("SPOT250321C00450000", "a call", "OPR", "OPTION")]


def test_a_company_with_one_listing_at_home_is_taken_with_its_details_and_remembered(
    server: YahooServer, start: Start
) -> None:
    server.add_search("spotify", SPOTIFY)
    list_on(server, "SPOT", "Spotify Technology S.A.", FRIDAY)
    one = forecasts.resolve(start(), "spotify")
    assert (one.symbol, one.name, one.exchange, one.currency) == ("SPOT", "Spotify Technology S.A.", "NYSE", "USD")
    assert [each.query["q"] for each in server.requests_to(SEARCH)] == ["spotify"]
    assert forecasts.resolve(start(), "Spotify").symbol == "SPOT"  # after a restart, too
    assert len(server.requests_to(SEARCH)) == 1


@pytest.mark.parametrize(
    ("found", "symbols"),
    [
        ([quote("NTDOY", "Nintendo Co., Ltd.", "PNK"), quote("7974.T", "Nintendo", "JPX")], ["NTDOY", "7974.T"]),
        ([quote("7974.T", "Nintendo Co., Ltd.", "JPX")], ["7974.T"]),  # one foreign listing alone
        ([quote("NTO.F", "Nintendo Co.", "FRA"), quote("XXX", "Something else")], ["NTO.F"]),
        ([quote("NTDOX", "Nintendo Fund", "???"), quote("NTDOY", "Nintendo", "PNK")], ["NTDOX", "NTDOY"]),
    ],
    ids=["home and abroad", "abroad", "abroad and noise", "two kinds"],
)
def test_a_foreign_listing_or_several_are_asked_back_and_remembered(
    server: YahooServer, start: Start, found: list[dict[str, Any]], symbols: list[str]
) -> None:
    server.add_search("nintendo", found)
    assert asked_back(start(), "nintendo") == symbols
    assert asked_back(start(), "Nintendo") == symbols
    assert len(server.requests_to(SEARCH)) == 1
    assert server.requests_to(CHART) == []


def test_candidates_say_where_and_in_what_they_trade(server: YahooServer, start: Start) -> None:
    server.add_search(
        "nintendo",
        [
            quote("7974.T", "Nintendo  Co.,\n Ltd.", "JPX"),
            quote("NTDOY", "Nintendo", "PNK", exchDisp="OTC Markets"),
            quote("0R1E.IL", "Nintendo", "IOB", exchDisp="International Orderbook"),
            quote("NINT.L", "Nintendo ETF", "LSE", "ETF"),
        ],
    )
    with pytest.raises(AmbiguousSymbol) as asked:
        forecasts.resolve(start(), "nintendo")
    assert [(candidate.name, candidate.listing) for candidate in asked.value.candidates] == [
        ("Nintendo Co., Ltd.", "Tokyo, JPY"),
        ("Nintendo", "OTC Markets, USD"),
        ("Nintendo", "International Orderbook"),  # there things trade in many currencies
        ("Nintendo ETF", "London"),  # funds, too
    ]


def test_a_choice_leads_to_what_was_chosen(server: YahooServer, start: Start) -> None:
    server.add_search("nintendo", [quote("NTDOY", "Nintendo", "PNK"), quote("7974.T", "Nintendo", "JPX")])
    list_on(server, "7974.T", "Nintendo", FRIDAY, "JPX")
    services = start()
    for symbol in asked_back(services, "nintendo")[1:]:
        assert forecasts.resolve(services, symbol).symbol == symbol
        assert forecasts.resolve(services, symbol).currency == "JPY"


def test_a_symbol_of_an_exchange_needs_no_search(server: YahooServer, start: Start) -> None:
    list_on(server, "VOD.L", "Vodafone Group PLC", FRIDAY, "LSE")
    one = forecasts.resolve(start(), "vod.l")
    assert (one.symbol, one.name, one.currency, one.calendar) == ("VOD.L", "Vodafone Group PLC", "GBp", "XLON")
    assert server.requests_to(SEARCH) == []


def test_the_same_symbol_elsewhere_is_asked_back(server: YahooServer, start: Start) -> None:
    server.add_search("BMW", [quote("BMW.F", "Bayerische Motoren Werke", "FRA"), quote("BAMXF", "BMW other", "PNK")])
    assert asked_back(start(), "BMW") == ["BMW.F", "BAMXF"]
    assert asked_back(start(), "bmw") == ["BMW.F", "BAMXF"]
    assert len(server.requests_to(SEARCH)) == 1
    assert len([each for each in server.requests_to(CHART) if each.path.endswith("/BMW")]) == 1


def test_capitals_mean_the_symbol_where_there_is_one(server: YahooServer, start: Start) -> None:
    list_on(server, "F", "Ford Motor Company", FRIDAY)
    services = start()
    assert forecasts.resolve(services, "ford").symbol == "F"
    assert forecasts.resolve(services, "FORD").symbol == "F"  # Yahoo has no such symbol
    list_on(server, "GOLD", "Gold.com, Inc.", FRIDAY)
    assert forecasts.resolve(services, "GOLD").name == "Gold.com, Inc."
    asked = len(server.requests)
    assert forecasts.resolve(start(), "FORD").symbol == "F"
    assert [each for each in server.requests[asked:] if "FORD" in each.path] == []  # it is remembered


def test_one_word_of_a_name_that_is_also_a_symbol_is_asked_back(server: YahooServer, start: Start) -> None:
    for symbol, name in (("SNAP", "Snap Inc."), ("SNA", "Snap-On Incorporated")):
        list_on(server, symbol, name, FRIDAY)
    services = start()
    assert asked_back(services, "snap") == ["SNAP", "SNA"]
    assert forecasts.resolve(services, "SNAP").name == "Snap Inc."
    assert forecasts.resolve(services, "snap-on").symbol == "SNA"


def test_bitcoin_is_the_coin_and_the_fund_of_that_ticker_is_not_offered(server: YahooServer, start: Start) -> None:
    for symbol, name, code in (("BTC", "Grayscale Bitcoin Mini Trust", "PCX"), ("BTC-USD", "Bitcoin USD", "CCC")):
        list_on(server, symbol, name, FRIDAY, code)
    services = start()
    for text in ("BTC", "btc", "$BTC", "bitcoin", "Bitcoin", "BTC-USD"):
        assert forecasts.resolve(services, text).symbol == "BTC-USD"
    server.add_search("grayscale bitcoin", [quote("BTC", "Grayscale Bitcoin Mini Trust", "PCX", "ETF")])
    with pytest.raises(UnknownSymbol):
        forecasts.resolve(services, "grayscale bitcoin")
    assert forecasts.resolve(start(universe=["BTC"]), "BTC").symbol == "BTC"  # unless the operator serves it


def test_a_typo_gets_near_matches_from_the_universe_and_the_search(server: YahooServer, start: Start) -> None:
    server.add_search("mircosoft", [quote("MCSFT.F", "Other", "FRA")])
    with pytest.raises(UnknownSymbol, match="in Yahoo Finance") as told:
        forecasts.resolve(start(), "mircosoft")
    assert told.value.suggestions[0] == "MSFT"
    assert "MCSFT.F" in told.value.suggestions
    assert len(told.value.suggestions) <= 4


def test_what_people_typed_is_not_kept(server: YahooServer, start: Start, tmp_path: Path) -> None:
    services = start()
    with pytest.raises(UnknownSymbol):
        forecasts.resolve(services, "zorkmid mining")
    services.store.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("t.sqlite3*"))
    assert b"symbol_searches" in kept
    assert b"zorkmid" not in kept.lower()


def test_nothing_found_is_remembered_for_a_day_and_something_for_a_month(
    server: YahooServer, start: Start, clock: Clock
) -> None:
    def ask(text: str) -> int:
        with pytest.raises(BellwetherError):
            forecasts.resolve(start(), text)
        return len(server.requests_to(SEARCH))

    server.add_search("nintendo", [quote("7974.T", "Nintendo", "JPX")])
    assert ask("zorkmid mining") == 1
    assert ask("nintendo") == 2
    clock.now = EVENING + timedelta(hours=23, minutes=59)
    assert ask("Zorkmid  Mining!") == 2
    clock.now = EVENING + timedelta(days=1)
    assert ask("zorkmid mining") == 3
    clock.now = EVENING + timedelta(days=29, hours=23)
    assert ask("nintendo") == 3
    clock.now = EVENING + timedelta(days=30)
    assert ask("nintendo") == 4


@pytest.mark.parametrize("known", ["apple", "AAPL", "brk.b", "coca cola", "s&p 500", "BTC", "BOEING"])
def test_what_is_known_needs_no_yahoo(server: YahooServer, start: Start, known: str) -> None:
    server.fail_next("/", 503, times=None)
    one = forecasts.resolve(start(timeout=0.5), known)
    assert one.symbol in {"AAPL", "BRK-B", "KO", "^GSPC", "BTC-USD", "BA"}
    assert one.calendar in {"XNYS", "24/7"}
    assert server.requests_to(SEARCH) == []


def test_a_silent_yahoo_is_told_and_nothing_is_guessed_or_remembered(server: YahooServer, start: Start) -> None:
    server.fail_next("/", 503, times=None)
    with pytest.raises(MarketDataError, match="Yahoo Finance has a failure on its side; please try again"):
        forecasts.resolve(start(timeout=10), "VOD.L")
    with pytest.raises(MarketDataError, match="Yahoo Finance has a failure on its side; please try again"):
        forecasts.resolve(start(timeout=10), "nintendo")
    with pytest.raises(UnknownSymbol, match="Did you mean Microsoft"):
        forecasts.resolve(start(timeout=10), "mircosoft")
    assert asked_back(start(timeout=10), "COKE") == ["KO"]  # whether a symbol COKE exists can't be told now
    server.clear_faults()
    server.add_search("nintendo", [quote("7974.T", "Nintendo", "JPX")])
    assert asked_back(start(), "nintendo") == ["7974.T"]


def test_without_a_database_yahoo_is_asked_again(server: YahooServer, start: Start, tmp_path: Path) -> None:
    (tmp_path / "t.sqlite3").mkdir()
    server.add_search("nintendo", [quote("7974.T", "Nintendo", "JPX")])
    assert asked_back(start(), "nintendo") == ["7974.T"]
    assert asked_back(start(), "nintendo") == ["7974.T"]
    assert len(server.requests_to(SEARCH)) == 2


@pytest.mark.parametrize("text", ["\U0001f680", "!!!***", "%%", "( )"])
def test_what_has_no_letter_is_not_searched_for(server: YahooServer, start: Start, text: str) -> None:
    with pytest.raises(BellwetherError):
        forecasts.resolve(start(), text)
    assert server.requests == []


def test_the_universe_that_is_served_decides_between_listings(server: YahooServer, start: Start) -> None:
    for symbol, name, code in (("SHEL.L", "Shell plc", "LSE"), ("AAPL", "Apple Inc.", "NMS")):
        list_on(server, symbol, name, FRIDAY, code)
    services = start(universe=["SHEL.L", "VOD.L"])
    assert [instrument.symbol for instrument in services.universe] == ["SHEL.L", "VOD.L"]
    assert forecasts.resolve(services, "SHEL.L").currency == "GBp"
    assert forecasts.resolve(services, "apple").symbol == "AAPL"  # not served, but known and asked for
    assert server.requests_to(SEARCH) == []


# ---- the search itself, over the real session


@pytest.fixture
def find(start: Start) -> Callable[[str], tuple[Instrument, ...]]:
    provider = start().provider
    return provider.search  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, None),
        (401, None),
        (404, None),
        (500, None),
        (503, None),
        (200, HTML_PAGE),
        (200, DOWN_PAGE),
        (200, MALFORMED_JSON),
        (200, "[]"),
        (200, "null"),
        (200, "{}"),
        (200, '{"quotes": null}'),
        (200, '{"quotes": {"symbol": "AAPL"}, "news": []}'),
        (200, ""),
    ],
)
def test_every_trouble_of_the_search_is_an_outage(
    server: YahooServer, find: Callable[[str], tuple[Instrument, ...]], status: int, body: str | None
) -> None:
    server.fail_next(SEARCH, status, body, times=None)
    with pytest.raises(MarketDataError, match="Yahoo Finance"):
        find("nintendo")


def test_words_that_the_search_refuses_are_no_failure_of_yahoo(server: YahooServer, start: Start) -> None:
    """Else three people with odd words would keep everybody from prices."""
    refusal = '{"finance":{"result":null,"error":{"code":"Bad Request","description":"Invalid query"}}}'
    server.fail_next(SEARCH, 400, refusal, times=None)
    services = start()
    for number in range(5):
        with pytest.raises(UnknownSymbol):
            forecasts.resolve(services, f"no such words {number}")
    provider = remote(services.provider)
    assert provider is not None
    assert provider.asker.state is BreakerState.CLOSED


@pytest.mark.parametrize("number", ["US0378331005", "GB00BP6MXD84", "XX0000000000"])
def test_an_isin_is_searched_for_and_no_failure_of_yahoo(server: YahooServer, start: Start, number: str) -> None:
    services = start()
    with pytest.raises(UnknownSymbol):
        forecasts.resolve(services, number)
    assert [seen.query["q"] for seen in server.requests_to(SEARCH)] == [number]


@pytest.mark.parametrize("trouble", ["hang", "drop"])
def test_a_search_without_an_answer_ends(server: YahooServer, start: Start, trouble: str) -> None:
    if trouble == "hang":
        server.hang_next(SEARCH, 5, times=None)
    else:
        server.drop_next(SEARCH, times=None)
    with pytest.raises(MarketDataError, match="Yahoo Finance"):
        start(timeout=0.5).provider.search("nintendo")  # type: ignore[attr-defined]


def test_odd_results_are_left_out(server: YahooServer, find: Callable[[str], tuple[Instrument, ...]]) -> None:
    odd = [
        None,
        7,
        "AAPL",
        {},
        {"symbol": "X"},
        quote("lower", "x"),
        quote("WAY.TOO.LONG.A.SYMBOL.FOR.US", "x"),
        quote("A/B", "x"),
        {"quoteType": "EQUITY", "symbol": None},
        {"quoteType": "EQUITY", "symbol": "PRIV", "isYahooFinance": False, "longname": "x" * 500},
        {"index": "private", "name": "A private company"},
        quote("FINE", "Fine"),
        {"quoteType": "INDEX", "symbol": "^BARE"},
    ]
    server.fail_next(SEARCH, 200, json.dumps({"quotes": odd, "news": []}))
    found = find("x")
    assert [one.symbol for one in found] == ["PRIV", "FINE", "^BARE"]
    assert len(found[0].name) == 80
    assert found[2].name == "^BARE"


@pytest.mark.parametrize(
    ("words", "symbols"),
    [
        ("AAPL", ["AAPL", "AAPU"]),
        ("GOOG", ["GOOG", "GOOGL", "GGLL"]),
        ("BABA", ["BABA", "9988.HK", "BABX", "BABAF"]),
        ("Bayerische Motoren Werke AG", ["BMW.DE", "BMW.SG", "BAMXF", "BMWM5N.MX", "BMW3D.XC", "BMW.DU"]),
        ("BJ0CDD2", ["MNTN.L"]),
        ("NO0010123060", []),
    ],
)
def test_a_recorded_search_is_read(
    find: Callable[[str], tuple[Instrument, ...]], words: str, symbols: list[str]
) -> None:
    assert [one.symbol for one in find(words)] == symbols


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Bayerische Motoren Werke AG", ["BMW.DE", "BMW.SG", "BAMXF", "BMWM5N.MX", "BMW3D.XC", "BMW.DU"]),
        ("ADH", ["ADH.XA"]),
    ],
)
def test_recorded_listings_are_asked_back(start: Start, text: str, candidates: list[str]) -> None:
    assert asked_back(start(), text) == candidates


@pytest.mark.parametrize("text", ["BJ0CDD2", "Evolution Gaming Group"])
def test_what_a_search_finds_without_being_named_is_only_suggested(start: Start, text: str) -> None:
    with pytest.raises(UnknownSymbol) as told:
        forecasts.resolve(start(), text)
    assert set(told.value.suggestions) & {"MNTN.L", "0RQ6.IL", "E3G1.SG"}


def test_every_recorded_search_can_be_read() -> None:
    class Session:
        def __init__(self, body: object) -> None:
            self.body = body

        def get(self, url: str, *, params: dict[str, Any]) -> "Session":
            return self

        def json(self) -> object:
            return self.body

    for entry in yahoo_recordings.recordings("search"):
        for one in search(Session(entry.body), "x"):
            assert one.name.isprintable()
            assert one.exchange


# ---- the table


def test_only_so_many_answers_are_kept(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches_table, "MOST_KEPT", 3)
    with services.store.transaction() as db:
        for minute in range(6):
            searches_table.keep(db, f"Question {minute}", (), EVENING + timedelta(minutes=minute))
        kept = [searches_table.recall(db, f"question {each}", EVENING + timedelta(hours=1)) for each in range(6)]
        assert kept == [None, None, None, (), (), ()]
        assert (
            searches_table.recall(db, "question 5", EVENING - timedelta(days=400)) is None
        )  # kept by a clock that was wrong
        searches_table.keep(db, "later", (), EVENING + timedelta(days=31))
        assert db.execute("SELECT count(*) FROM symbol_searches").fetchone()[0] == 1


@pytest.mark.parametrize("found", ['[{"ticker": "AAPL"}]', "[", "7"], ids=["another version", "damaged", "a number"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(services: Services, found: str) -> None:
    with services.store.transaction() as db:
        searches_table.keep(db, "orsted", (), EVENING)
        db.execute("UPDATE symbol_searches SET found = :found", {"found": found})
        assert searches_table.recall(db, "orsted", EVENING) is None


def test_what_is_kept_comes_back_as_it_was(services: Services) -> None:
    one = Instrument("\u00d8.CO", "\u00d8rsted\u2028A/S", "K\u00f8benhavn", "XCSE", "DKK", "Utilities")
    with services.store.transaction() as db:
        searches_table.keep(db, "\u00d8RSTED", (one,), EVENING)
        assert searches_table.recall(db, "\u00f8rsted", EVENING) == (one,)
        assert searches_table.recall(db, "orsted", EVENING) is None
