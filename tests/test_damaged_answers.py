"""Answers of Yahoo that are damaged for one symbol, over the real yfinance: others lose nothing by them."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError, DamagedAnswer, MarketDataError, NoPrices, SourceError, Trouble
from bellwether.core.types import to_date
from bellwether.jobs.refresh_prices import refresh
from bellwether.market.file import FileProvider
from bellwether.market.provider import Fetched
from bellwether.market.remote.circuit_breaker import MOST_DAMAGED, BreakerState
from bellwether.market.remote.fallback import FallbackProvider
from bellwether.market.remote.guarded_source import GuardedSource
from bellwether.market.statements.provider import open_fundamentals
from bellwether.market.yahoo.clean import cleaned
from bellwether.market.yahoo.source import YahooSource
from tests.support.clock import Clock
from tests.support.yahoo_made import chart, stamp, walk
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

CHART, SEARCH, SERIES = "/v8/finance/chart/", "/v1/finance/search", "/ws/fundamentals-timeseries/"
BAD, GOOD = "AAPL", "MSFT"
LAST = date(2026, 11, 20)  #: a Friday
DAYS = 30
FIRST = LAST - timedelta(days=120)
CLOSES = walk(DAYS)
PAID, PAID_ON = 0.25, date(2026, 11, 16)
OPENED = stamp(PAID_ON)
Json = dict[str, Any]
Damage = Callable[[Json], None]  #: of the one result of a chart


def sent(**meta: Any) -> Json:
    """A sound answer with a dividend and a split, adjusted for both."""
    events = {
        "dividends": {str(OPENED): {"amount": PAID, "date": OPENED}},
        "splits": {str(OPENED): {"date": OPENED, "numerator": 2.0, "denominator": 1.0, "splitRatio": "2:1"}},
    }
    body = chart(BAD, CLOSES, last=LAST, events=events, **meta)
    body["chart"]["result"][0]["indicators"]["adjclose"][0]["adjclose"] = list(ADJUSTED)
    return body


def days_of(answer: Fetched) -> list[date]:
    return [to_date(session) for session in answer.bars.sessions]


SESSIONS = [np.busday_offset(np.datetime64(LAST), step).astype(object) for step in range(-DAYS + 1, 1)]

BEFORE = SESSIONS.index(PAID_ON)
ADJUSTED = [close * (1 - PAID / CLOSES[BEFORE - 1] if at < BEFORE else 1) for at, close in enumerate(CLOSES)]


@pytest.fixture(scope="module")
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        server.add_chart(GOOD, chart(GOOD, CLOSES, last=LAST))
        yield server


@pytest.fixture(scope="module")
def source(server: YahooServer) -> YahooSource:
    return YahooSource(base_url=server.base_url)


@pytest.fixture
def asker(source: YahooSource) -> GuardedSource:
    return GuardedSource(source.describe(), timeout=20.0, connections=2, prepare=source.prepare)


@pytest.fixture
def asked(server: YahooServer, source: YahooSource, asker: GuardedSource) -> Callable[[Any], Fetched]:
    """What becomes of an answer about BAD; it is asked three times, and then another symbol is."""

    def ask(body: Any) -> Fetched:
        server.fail_next(CHART + BAD, 200, body if isinstance(body, str) else json.dumps(body), times=None)
        try:
            for _ in range(2):
                try:
                    asker.ask(lambda timeout: source.fetch(BAD, FIRST, LAST, timeout))
                except BellwetherError:
                    continue
            return asker.ask(lambda timeout: source.fetch(BAD, FIRST, LAST, timeout)).repaired()
        finally:
            server.clear_faults()
            assert asker.state is BreakerState.CLOSED
            assert days_of(asker.ask(lambda timeout: source.fetch(GOOD, FIRST, LAST, timeout))) == SESSIONS

    return ask


def put(*path: Any, value: Any) -> Damage:
    """Set one field."""

    def damage(result: Json) -> None:
        part = result
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value

    return damage


def drop(*path: Any) -> Damage:
    def damage(result: Json) -> None:
        part = result
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]

    return damage


def doubled(result: Json) -> None:
    """The newest session twice, and all of it in the wrong order."""
    quote, adjusted = result["indicators"]["quote"][0], result["indicators"]["adjclose"][0]["adjclose"]
    for column in (result["timestamp"], *quote.values(), adjusted):
        column.append(column[-1])
        column.reverse()


QUOTE = ("indicators", "quote", 0)
SPLIT = ("events", "splits", str(OPENED))
GAINS = {"1": {"amount": 0.3, "date": OPENED, "currency": "USD"}}
MENDED: dict[str, Damage] = {
    "a split of 0:0": lambda result: result["events"]["splits"][str(OPENED)].update(numerator=0, denominator=0),
    "a split into nothing": put(*SPLIT, "denominator", value=0),
    "a split without figures": put(*SPLIT, value={"date": OPENED}),
    "one key more in a capital gain": lambda result: (
        result["meta"].update(instrumentType="ETF"), result["events"].update(capitalGains=GAINS),
    )[0],
    "a dividend without amount": put("events", "dividends", str(OPENED), value={"date": OPENED}),
    "a dividend without day": put("events", "dividends", str(OPENED), value={"amount": 0.25}),
    "a dividend in the year 50000": put("events", "dividends", str(OPENED), "date", value=10**12),
    "events as a list": put("events", value=[]),
    "events of a kind as a list": put("events", "dividends", value=[{"amount": 0.25, "date": OPENED}, None]),
    "a volume over 64 bits": put(*QUOTE, "volume", 3, value=2**70),
    "a volume that is no number": put(*QUOTE, "volume", 3, value="many"),
    "volumes for other days": put(*QUOTE, "volume", value=[1000]),
    "no opens": drop(*QUOTE, "open"),
    "highs for other days": put(*QUOTE, "high", value=[1.0]),
    "a high that is no number": put(*QUOTE, "high", 3, value={"raw": 3}),
    "no currency": drop("meta", "currency"),
    "a currency that is a number": put("meta", "currency", value=978),
    "an unknown time zone": put("meta", "exchangeTimezoneName", value="America/Atlantis"),
    "no time zone": drop("meta", "exchangeTimezoneName"),
    "hours that nobody can read": put("meta", "currentTradingPeriod", value={"regular": None}),
    "a market time in the year 50000": put("meta", "regularMarketTime", value=10**12),
    "no kind of instrument": drop("meta", "instrumentType"),
    "half a character in a name": put("meta", "longName", value="A\ud800B"),
    "stamps doubled and in the wrong order": doubled,
    "a close as text": put(*QUOTE, "close", 3, value=str(CLOSES[3])),
    "no adjusted closes": drop("indicators", "adjclose"),
    "adjusted closes of nothing": put("indicators", "adjclose", value=[None]),
    "an adjusted close of infinity": put("indicators", "adjclose", 0, "adjclose", 3, value=float("inf")),
    "an adjusted close as the word for infinity": put("indicators", "adjclose", 0, "adjclose", 3, value="Infinity"),
    "a low of NaN": put(*QUOTE, "low", 3, value=float("nan")),
}  # fmt: skip


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_left_out_costs_no_session(name: str, asked: Callable[[Any], Fetched]) -> None:
    body = sent()
    MENDED[name](body["chart"]["result"][0])
    answer = asked(body)
    assert days_of(answer) == SESSIONS
    assert answer.bars.quoted_closes.tolist() == CLOSES
    assert answer.bars.closes.tolist() == pytest.approx(ADJUSTED)
    assert np.isfinite(answer.bars.values).all()
    assert answer.instrument.currency == ("" if "currency" in name else "USD")
    answer.instrument.name.encode()  # can be kept


LOST: dict[str, Damage] = {
    "a stamp that is null": put("timestamp", 3, value=None),
    "a stamp that is no number": put("timestamp", 3, value="Wednesday"),
    "a close that is no number": put(*QUOTE, "close", 3, value="n/a"),
    "a close of infinity": put(*QUOTE, "close", 3, value=float("inf")),
    "a close of NaN": put(*QUOTE, "close", 3, value=float("nan")),
}


@pytest.mark.parametrize("name", LOST)
def test_a_session_that_cannot_be_read_costs_no_other(name: str, asked: Callable[[Any], Fetched]) -> None:
    body = sent()
    LOST[name](body["chart"]["result"][0])
    answer = asked(body)
    sound = answer.bars.quoted_closes > 0
    assert [day for day, known in zip(days_of(answer), sound, strict=True) if known] == SESSIONS[:3] + SESSIONS[4:]


UNUSABLE: dict[str, Damage] = {
    "no closes": drop(*QUOTE, "close"),
    "closes for other days": put(*QUOTE, "close", value=[1.0, 2.0]),
    "closes that are words": put(*QUOTE, "close", value=["n/a"] * DAYS),
    "no table": put("indicators", value=None),
    "stamps that are a number": put("timestamp", value=1),
    "stamps that are words": put("timestamp", value=["Monday"] * DAYS),
    "nothing about it": put("meta", value=None),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_prices_that_cannot_be_read_are_that_symbols_trouble(name: str, asked: Callable[[Any], Fetched]) -> None:
    body = sent()
    UNUSABLE[name](body["chart"]["result"][0])
    with pytest.raises(DamagedAnswer) as told:
        asked(body)
    assert str(told.value) == "Yahoo Finance sends prices of AAPL that cannot be read; please try again later."
    assert (told.value.trouble, told.value.retry_after) == (Trouble.DAMAGED, None)


def test_a_sound_chart_keeps_every_figure() -> None:
    body = sent(regularMarketPrice=CLOSES[-1])
    result, whole = body["chart"]["result"][0], cleaned(copy.deepcopy(body))["chart"]["result"][0]
    assert whole["timestamp"] == result["timestamp"]
    assert whole["indicators"] == result["indicators"]
    assert [list(whole["events"][kind].values()) for kind in ("dividends", "splits")] == [
        [{"amount": 0.25, "date": OPENED}],
        [{"date": OPENED, "numerator": 2.0, "denominator": 1.0}],
    ]
    assert whole["meta"].items() <= result["meta"].items()


def test_two_rows_of_one_stamp_that_contradict_each_other_are_no_price() -> None:
    body = sent()
    result = body["chart"]["result"][0]
    quote = result["indicators"]["quote"][0]
    for column in (result["timestamp"], *quote.values(), result["indicators"]["adjclose"][0]["adjclose"]):
        column.append(column[-1])
    quote["close"][-1] *= 1.04
    assert cleaned(body)["chart"]["result"][0]["indicators"]["quote"][0]["close"][-1] == 0


@pytest.mark.parametrize(("offset", "day"), [(32400, date(2026, 11, 20)), (19800, date(2026, 11, 20))])
def test_without_a_time_zone_the_hours_from_utc_make_the_days(
    asked: Callable[[Any], Fetched], offset: int, day: date
) -> None:
    body = chart(BAD, CLOSES, last=day, zone="Nowhere/Known", offset=offset, opens_at=0 if offset == 32400 else 3)
    assert days_of(asked(body))[-1] == day
    midnights = chart(BAD, CLOSES, last=day, zone="Nowhere/Known", offset=0, opens_at=0)
    with pytest.raises(DamagedAnswer):  # an hour more or less makes another day of each
        asked(midnights)


# ---- any one field

VALUES = [
    None, "x", "", "3", -1, 0, 2**70, 1e300, True, [], {}, [None], {"a": 1}, float("nan"), float("inf"), "\ud800",
]  # fmt: skip
RESULT = ("chart", "result", 0)
STRUCTURE = {
    (), ("chart",), ("chart", "result"), RESULT,
    *((*RESULT, *path) for path in [QUOTE[:1], QUOTE[:2], QUOTE, (*QUOTE, "close"), ("timestamp",)]),
}  # fmt: skip
ABOUT_ALL = {(), ("chart",)}  #: JSON of another form than a chart, in words that do not name the symbol


def paths(part: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every field; of a column its second, its middle and its last value."""
    below = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    found = [prefix]
    for key, value in below:
        if isinstance(part, list) and len(part) > 3 and key not in (1, len(part) // 2, len(part) - 1):
            continue
        found += paths(value, (*prefix, key))
    return found


PATHS = paths(sent())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), value=st.sampled_from(["drop", *VALUES]))
@example(path=("chart",), value=None)
@example(path=("chart", "error"), value="x")
@example(path=(*RESULT, "events"), value=[])
@example(path=(*RESULT, "timestamp", DAYS - 1), value=-1)
def test_any_one_field_of_an_answer_may_be_damaged(
    asked: Callable[[Any], Fetched], path: tuple[Any, ...], value: Any
) -> None:
    body = sent()
    if not path:
        body = {} if value == "drop" else value
    elif value == "drop":
        drop(*path)(body)
    else:
        put(*path, value=value)(body)
    try:
        answer = asked(json.dumps(body))
    except BellwetherError as problem:
        alone = isinstance(problem, DamagedAnswer | NoPrices) and BAD in str(problem)
        garbled = isinstance(problem, SourceError) and problem.trouble is Trouble.GARBLED and problem.about == BAD
        assert alone or (garbled and path in ABOUT_ALL)
        column = value == "drop" and path[:-1] in STRUCTURE  # of a column: it fits no more
        assert path in STRUCTURE or path == (*RESULT, "meta") or column
        return
    in_a_column = isinstance(path[-1], int) and ("timestamp" in path or "indicators" in path)
    touched = path[-1] if in_a_column else None
    expected = {day for at, day in enumerate(SESSIONS) if at != touched}
    assert expected <= set(days_of(answer))


# ---- the service around it


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spoiled(symbol: str) -> str:
    body = chart(symbol, CLOSES, last=LAST)
    put(*QUOTE, "close", value=["n/a"] * DAYS)(body["chart"]["result"][0])
    return json.dumps(body)


@pytest.fixture
def own() -> Iterator[YahooServer]:
    with YahooServer() as server:
        for symbol in (BAD, GOOD, "^GSPC", "^VIX"):
            server.add_chart(symbol, chart(symbol, walk(700), last=LAST))
        yield server


def test_what_is_kept_answers_while_an_answer_is_damaged_and_says_so(
    own: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = yahoo_services(tmp_path, own, clock)
    assert not [caveat for caveat in forecasts.answer(services, BAD, 10).forecast.caveats if "Yahoo" in f"{caveat}"]
    own.fail_next(CHART + BAD, 200, spoiled(BAD), times=None)
    clock.now += timedelta(days=3)
    told = forecasts.answer(services, BAD, 10).forecast.caveats[0]
    assert told == "Prices as of Friday's close; Yahoo Finance sends prices of this ticker that cannot be read."


def test_another_source_is_asked_about_a_symbol_whose_answer_is_damaged(
    own: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = yahoo_services(tmp_path, own, clock)
    own.fail_next(CHART + BAD, 200, spoiled(BAD), times=None)
    table = "\n".join(f"{BAD},{day},1,1,1,{close},0" for day, close in zip(SESSIONS, CLOSES, strict=True))
    (tmp_path / "p.csv").write_text(f"symbol,date,open,high,low,close,volume\n{table}\n")
    services = replace(services, provider=FallbackProvider(services.provider, (FileProvider([tmp_path / "p.csv"]),)))
    bars = services.provider.bars(BAD, LAST)
    assert bars.origin is not None and bars.origin.source == "file"
    assert "Yahoo Finance sends prices of this ticker that cannot be read; these prices come from" in bars.origin.note


def test_a_refresh_goes_on_with_the_symbols_whose_answers_are_sound(
    own: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = yahoo_services(tmp_path, own, clock)
    damaged = [f"BAD{number}" for number in range(MOST_DAMAGED - 1)]
    for symbol in damaged:
        own.fail_next(CHART + symbol, 200, spoiled(symbol), times=None)
    provider: Any = services.provider
    did = refresh(provider, [*damaged, BAD, GOOD], sleep=lambda _: None)
    assert (did.fetched, sorted(did.failed), did.stopped) == (2, sorted(damaged), "")
    assert did.failed["BAD0"].startswith("Yahoo Finance sends prices of BAD0 that cannot be read")


def test_a_source_whose_answers_have_all_changed_their_form_is_left_alone(
    own: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = yahoo_services(tmp_path, own, clock)
    provider: Any = services.provider
    own.fail_next(CHART, 200, spoiled("X"), times=None)
    for number in range(MOST_DAMAGED):
        assert provider.asker.state is BreakerState.CLOSED
        for symbol in ("NEW0", "NEW0", f"NEW{number}"):  # one of which is known already says nothing new
            clock.now += timedelta(minutes=1)
            with pytest.raises(DamagedAnswer):
                provider.bars(symbol, LAST)
    assert provider.asker.state is BreakerState.OPEN
    with pytest.raises(SourceError, match="is not answering"):
        provider.bars(GOOD, LAST)
    clock.now += timedelta(seconds=11)
    with pytest.raises(DamagedAnswer):
        provider.bars("NEW0", LAST)  # known to be damaged: the next question still finds out
    own.clear_faults()
    assert provider.bars(GOOD, LAST).cutoff == LAST
    assert provider.asker.state is BreakerState.CLOSED


# ---- search, statements


def test_damaged_results_of_a_search_cost_no_others(own: YahooServer, source: YahooSource) -> None:
    good = {"symbol": "SAP.DE", "longname": "SAP SE", "exchange": "GER", "quoteType": "EQUITY"}
    bad = [
        None, 3, {"symbol": None}, good | {"quoteType": ["EQUITY"]}, good | {"symbol": 3},
        good | {"longname": {"a": 1}, "shortname": 7, "exchange": [], "sector": 5, "exchDisp": None},
    ]  # fmt: skip
    own.add_search("sap", [*bad, good])  # type: ignore[list-item]
    found = YahooSource(base_url=own.base_url).search("sap", 5.0)
    assert [(one.symbol, one.name) for one in found] == [("SAP.DE", "SAP.DE"), ("SAP.DE", "SAP SE")]
    assert found[0].sector == ""


@pytest.mark.parametrize("body", ["[]", "{}", '{"quotes": 3}', "7"])
def test_a_search_that_cannot_be_read_is_no_outage(own: YahooServer, clock: Clock, tmp_path: Path, body: str) -> None:
    services = yahoo_services(tmp_path, own, clock)
    own.fail_next(SEARCH, 200, body, times=None)
    provider: Any = services.provider
    for _ in range(4):
        with pytest.raises(DamagedAnswer, match="an answer about “sap ag” that cannot be read; please give the ticker"):
            provider.search("sap ag")
    assert provider.asker.state is BreakerState.CLOSED
    assert provider.bars(GOOD, LAST).cutoff == LAST


def quarter(day: str, raw: Any = 5e9) -> Json:
    return {"asOfDate": day, "currencyCode": "USD", "reportedValue": {"raw": raw}}


def series(*quarters: Any) -> str:
    result = [{"meta": {}, "quarterlyTotalRevenue": list(quarters)}, None, {"quarterlyNetIncome": None}]
    return json.dumps({"timeseries": {"result": result, "error": None}})


def test_damaged_quarters_are_left_out_and_only_where_all_are_it_is_said(
    own: YahooServer, clock: Clock, tmp_path: Path
) -> None:
    services = yahoo_services(tmp_path, own, clock)
    bad = [
        3, {"asOfDate": "soon"}, quarter("2026-03-31", "n/a"), quarter("2026-06-31"), quarter("2025-12-31", [1]),
        quarter("2025-09-30") | {"currencyCode": None}, quarter("2025-06-30") | {"reportedValue": None},
    ]  # fmt: skip
    own.fail_next(SERIES, 200, series(*bad, quarter("2026-09-30")))
    fundamentals = open_fundamentals(services.settings.market, services.provider, services.store, clock)
    told = fundamentals.statements(BAD)
    assert [(one.period_end, one.revenue) for one in told.quarters] == [(date(2026, 9, 30), 5e9)]
    own.clear_faults()
    for body in (series(*bad), '{"timeseries": {"result": "x", "error": null}}'):
        own.fail_next(SERIES, 200, body, times=None)
        for _ in range(4):
            with pytest.raises(MarketDataError, match="sends statements of MSFT that cannot be read; please try again"):
                fundamentals.statements(GOOD)
        own.clear_faults()
    assert services.provider.bars(GOOD, LAST).cutoff == LAST
