"""The market page, the comparison and the suggestions, asked for in this process."""

import csv
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from bellwether.ask import forecasts
from bellwether.ask.market_overview import KEPT_FOR, Overview, Overviews, work_out
from bellwether.core.errors import UnusableBars
from bellwether.forecasting import sentences
from bellwether.market.remote.bar_history import BarHistory, StoredBars
from bellwether.market.remote.instruments_table import SymbolRequest
from bellwether.market.sample import SampleProvider
from bellwether.market.symbols.suggest import MOST, suggest
from bellwether.market.symbols.universe import Universe, listed, well_known
from bellwether.services import Services
from tests.support.sample import SAMPLE_LAST
from tests.support.web import NOW, Visitor, plain_text, sample_services
from web.app import create_app
from web.pages import forecast_view, market_view
from web.rows import csv_text

END = SAMPLE_LAST
COLUMNS = ("name", "close", "change", "width", "rule", "usual")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return sample_services(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def visitor(services: Services) -> Visitor:
    return Visitor(create_app(services))


@pytest.fixture(scope="module")
def overview(services: Services) -> Overview:
    return list(work_out(services, 10))[-1]


def keep_prices(services: Services, *symbols: str) -> None:
    """Put the sample's prices into the history of the live source, as if it had brought them."""
    history, sample = BarHistory(services.store, services.provider.name, services.provider.note), SampleProvider()
    for symbol in symbols:
        asked = SymbolRequest(sample.instrument(symbol), date(2009, 1, 1), END, NOW)
        history.save(StoredBars(asked, sample.bars(symbol, END)), None, None)


def live_services(folder: Path) -> Services:
    """With Yahoo as the source, which nobody may ask."""
    services = sample_services(folder, market={"source": "yahoo"})

    def ask(*_: object) -> object:
        raise AssertionError("the page must not ask the source for prices")

    services.provider.asker.ask = ask  # type: ignore[attr-defined]
    return services


def test_the_overview_says_what_each_symbol_s_own_page_says(services: Services, overview: Overview) -> None:
    assert len(overview.rows) == overview.served == 42
    for row in overview.rows[::9]:
        own = forecasts.answer(services, row.forecast.symbol, 10).forecast
        assert row.forecast.quantiles == own.quantiles
        assert row.forecast.forecast_id == own.forecast_id
        assert row.width == pytest.approx(own.growths[5] - own.growths[1])


def test_of_a_live_source_only_kept_prices_are_shown_and_the_page_says_so(tmp_path: Path) -> None:
    services = live_services(tmp_path)
    keep_prices(services, "AAPL", "KO", "^GSPC", "^VIX")
    page = Visitor(create_app(services)).get("/market")
    assert page.status_code == 200
    text = plain_text(page.text)
    assert "4 of 50" in text and "Only stocks whose prices are kept here are shown" in text
    assert "Apple AAPL" in text and "Microsoft" not in text


def test_a_live_source_without_any_kept_prices_is_an_honest_empty_page(tmp_path: Path) -> None:
    page = Visitor(create_app(live_services(tmp_path))).get("/market")
    assert page.status_code == 200
    assert "No prices are kept yet" in page.text


def test_the_first_visitor_is_not_kept_waiting(services: Services, overview: Overview) -> None:
    done = threading.Event()

    some = replace(overview, rows=overview.rows[:3], looked_at=3)
    shown, seen = threading.Event(), threading.Event()

    def slow(_: Services, __: int) -> Iterator[Overview]:
        seen.wait(20)
        yield some
        shown.set()
        done.wait(20)
        yield overview

    overviews = Overviews(services, slow)
    assert overviews.get(10, patience=0) is None
    seen.set()
    shown.wait(20)
    assert overviews.get(10, patience=0) is some, "what there is so far"
    done.set()
    assert overviews.get(10, patience=20) is overview


def test_an_overview_is_worked_out_once_for_everybody(services: Services, overview: Overview) -> None:
    worked: list[int] = []

    def work(_: Services, horizon: int) -> list[Overview]:
        worked.append(horizon)
        return [overview]

    overviews = Overviews(services, work)
    threads = [threading.Thread(target=overviews.get, args=(10, 20)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overviews.get(10, 20) is overview
    assert worked == [10]


def test_an_old_overview_of_a_live_source_is_shown_while_a_new_one_is_made(tmp_path: Path) -> None:
    services = live_services(tmp_path)
    old = Overview(10, (), 500, 500, NOW - KEPT_FOR - timedelta(minutes=1), kept_only=True)
    new = Overview(10, (), 500, 500, NOW, kept_only=True)
    answers, made = iter((old, new)), threading.Event()

    def work(_: Services, __: int) -> list[Overview]:
        answer = next(answers)
        if answer is new:
            made.wait(20)
        return [answer]

    overviews = Overviews(services, work)
    assert overviews.get(10, 20) is old
    assert overviews.get(10, 20) is old
    made.set()
    assert any(overviews.get(10, 20) is new for _ in range(10_000))


def test_a_failure_is_told_and_tried_again(services: Services, overview: Overview) -> None:
    def fails(_: Services, __: int) -> Iterator[Overview]:
        raise UnusableBars("no bars")

    overviews = Overviews(services, fails)
    for _ in range(2):
        with pytest.raises(UnusableBars):
            overviews.get(10, 20)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("order", ["up", "down"])
def test_every_column_sorts_both_ways(overview: Overview, column: str, order: str) -> None:
    rows = market_view.sorted_rows(overview, column, order)
    figures = [market_view.raw(row, column) for row in rows]
    known = [figure if column == "name" else float(figure) for figure in figures if figure != ""]
    assert len(rows) == 42
    assert known == sorted(known, reverse=order == "down")  # type: ignore[type-var]


def test_the_groups_hold_companies_from_the_most_extreme_on(overview: Overview) -> None:
    groups = {group.title: group.rows for group in market_view.extremes(overview, 5)}
    assert all(not row.forecast.symbol.startswith("^") for rows in groups.values() for row in rows)
    widths = [row.width for row in groups["Widest outlook"]]
    assert widths == sorted(widths, reverse=True)
    assert groups["Widest outlook"][0].width > groups["Narrowest outlook"][0].width


def test_the_csv_has_every_symbol_with_plain_numbers(visitor: Visitor, overview: Overview) -> None:
    answer = visitor.get("/market.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "bellwether-2024-03-08-10.csv" in answer.headers["content-disposition"]
    rows = {row["symbol"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert len(rows) == 42
    apple = next(row for row in overview.rows if row.forecast.symbol == "AAPL")
    assert float(rows["AAPL"]["q90"]) == pytest.approx(apple.forecast.price_at(0.9), rel=1e-5)
    assert float(rows["AAPL"]["width"]) == pytest.approx(apple.width, abs=1e-5)


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_name_is_a_formula_to_a_spreadsheet(overview: Overview, name: str) -> None:
    row = replace(overview.rows[0], forecast=replace(overview.rows[0].forecast, name=name))
    header, line = csv.reader(io.StringIO(csv_text(market_view.csv_rows(replace(overview, rows=(row,)))), newline=""))
    cell = dict(zip(header, line, strict=True))["name"]
    assert cell == f"'{name}"


@pytest.mark.parametrize("query", ["sort=size", "order=sideways", "horizon=64", "horizon=x", "sort=%00"])
def test_a_bad_question_about_the_market_is_explained(visitor: Visitor, query: str) -> None:
    page = visitor.get(f"/market?{query}")
    assert page.status_code == 400
    assert "Traceback" not in page.text and 'role="search"' in page.text


def test_a_comparison_has_a_row_for_each_in_the_order_asked(visitor: Visitor) -> None:
    page = visitor.get("/compare?symbols=Nvidia,aapl,%5EGSPC,AAPL&horizon=21")
    assert page.status_code == 200
    assert re.findall(r'<th scope="row"><a href="/stocks/([^?]+)\?horizon=21">', page.text) == [
        "NVDA",
        "AAPL",
        "%5EGSPC",
    ]
    assert "/risk?symbols=NVDA,AAPL,%5EGSPC&amp;horizon=21" in page.text
    chart = re.search(r'<img src="(/compare/chart\.svg[^"]+)"', page.text)
    assert chart
    drawn = visitor.get(chart[1].replace("&amp;", "&"))
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert "NVDA" in drawn.text


def test_a_comparison_shows_the_ranges_in_percent_and_as_prices(visitor: Visitor, tmp_path: Path) -> None:
    made = forecasts.answer(sample_services(tmp_path), "AAPL", 10).forecast
    text = plain_text(visitor.get("/compare?symbols=AAPL,KO").text)
    assert f"{forecast_view.spread(made)} {' to '.join(sentences.price_range(made))}" in text


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("apple and tesla", ["apple", "tesla"]),
        ("Apple vs. tesla versus KO", ["Apple", "tesla", "KO"]),
        ("apple, msft, or coca-cola", ["apple", "msft", "coca-cola"]),
        ("AAPL msft", ["AAPL", "msft"]),
        ("procter and gamble vs johnson and johnson", ["procter and gamble", "johnson and johnson"]),
        ("bank of america and S&P 500", ["bank of america", "S&P 500"]),
    ],
)
def test_names_to_compare_are_parted_as_people_part_them(visitor: Visitor, typed: str, names: list[str]) -> None:
    page = visitor.get(f"/compare?symbols={quote(typed)}")
    assert page.status_code == 200
    assert f'value="{escape(", ".join(names))}"' in page.text
    assert page.text.count('<th scope="row">') == len(names)


def test_a_chart_of_a_comparison_tells_what_is_wrong_with_the_symbols_first(visitor: Visitor) -> None:
    for query, said in (
        ("horizon=0", "symbols"),
        ("horizon=0&symbols=A,B,C,D,E,F", "these are 6"),
        ("horizon=0&symbols=A,B", "1 to 63"),
        ("horizon=0&symbols=A,B&theme=blue", "theme"),
    ):
        page = visitor.get(f"/compare/chart.svg?{query}")
        assert page.status_code == 400 and said in page.text, query


@pytest.mark.parametrize(
    ("symbols", "status", "said"),
    [
        ("", 200, "For example"),
        ("AAPL", 400, "Please name 2 to 5 different stocks"),
        ("AAPL,apple", 400, "Please name 2 to 5 different stocks"),
        ("A,B,C,D,E,F", 400, "these are 6"),
        ("AAPL,NOPE", 404, "know the ticker NOPE"),
        ("AAPL,NOPE,KO", 200, "know the ticker NOPE"),
        ("AAPL,\u202eKO", 400, "look like a ticker"),
        (",,,", 200, "For example"),
        ("A" * 500, 400, "cannot be used"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(visitor: Visitor, symbols: str, status: int, said: str) -> None:
    page = visitor.get(f"/compare?symbols={quote(symbols)}")
    assert page.status_code == status
    assert said in plain_text(page.text)
    assert "\u202e" not in page.text


WHOLE = Universe(listed().values(), well_known())


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("aapl", "AAPL"),
        ("app", "APP"),
        ("apple", "AAPL"),
        ("coca", "KO"),
        ("shell london", "SHEL.L"),
        ("berkshire", "BRK-B"),
        ("^gs", "^GSPC"),
        ("  Micro soft ", "MSFT"),
        ("mircosoft", "MSFT"),
        ("facebook", "META"),
        ("faceb", "META"),
        ("google", "GOOGL"),
    ],
)
def test_the_likeliest_comes_first(typed: str, first: str) -> None:
    assert suggest(typed, WHOLE)[0].symbol == first


@pytest.mark.parametrize("typed", ["", "   ", "^", "%", "\x00", "a" * 5000, "\N{ROCKET}"])
def test_what_means_nothing_is_answered_with_a_short_list_at_most(typed: str) -> None:
    assert len(suggest(typed, WHOLE)) <= MOST


def test_suggestions_are_json_that_may_be_kept(visitor: Visitor) -> None:
    answer = visitor.get("/suggest?q=coca")
    assert answer.json() == [{"symbol": "KO", "name": "Coca-Cola", "exchange": "NYSE"}]
    assert "max-age" in answer.headers["cache-control"]
    assert visitor.get(f"/suggest?q={'x' * 65}").status_code == 400
