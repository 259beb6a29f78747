"""A market of some hundreds of symbols: pages of its table, and who waits for it."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from fastapi import FastAPI

from bellwether.ask import forecasts
from bellwether.ask.market_overview import AT_ONCE, Overview, work_out
from bellwether.core.types import Bars, Instrument
from bellwether.market.sample import SampleProvider
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services
from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app
from web.pages import example
from web.pages.market_view import ROWS

MADE = 280  #: symbols beside those of the sample
WHOLE = MADE + 42


class Many(SampleProvider):
    """The sample's prices under made-up symbols too; counts who is asked for, and can be made to wait."""

    def __init__(self) -> None:
        """Answers at once."""
        self.asked: Counter[str] = Counter()
        self.answers = threading.Event()
        self.answers.set()

    def bars(self, symbol: str, end: date) -> Bars:
        """Those of KO for what is made up."""
        self.answers.wait(60)
        self.asked[symbol] += 1
        bars = super().bars("KO" if symbol.startswith("MADE") else symbol, end)
        return replace(bars, symbol=symbol)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Services, Many]:
    services, provider = sample_services(tmp_path_factory.mktemp("many")), Many()
    made = [
        Instrument(f"MADE{number:03}", f"Made {number:03}", "NYSE", "XNYS", "USD", "Toys" if number % 2 else "Ships")
        for number in range(MADE)
    ]
    return replace(services, provider=provider, universe=Universe([*services.universe.served, *made])), provider


@pytest.fixture(scope="module")
def app(market: tuple[Services, Many]) -> FastAPI:
    app = create_app(market[0])
    app.state.overviews.get(10, 60)
    return app


def named(page: str) -> list[str]:
    """The symbols in the table, in its order."""
    return re.findall(r'<th scope="row"><a href="/stocks/([^?]+)\?', page)


def test_the_table_is_turned_page_by_page_and_stays_light(app: FastAPI) -> None:
    visitor, address, seen, pages = Visitor(app), "/market?horizon=10&sort=width&order=down", [], 0
    while address:
        page = visitor.get(address, accept_encoding="identity")
        assert len(page.content) < 120_000
        assert len(named(page.text)) <= ROWS and "data-sortable" not in page.text
        seen += named(page.text)
        pages += 1
        following = re.search(r'rel="next" href="([^"#]+)#all"', page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == WHOLE
    assert f"Page {pages} of {pages}" in plain_text(page.text)
    assert set(seen[-2:]) == {"%5EGSPC", "%5EVIX"}, "levels are not compared with companies"


def test_a_page_behind_the_last_one_is_the_last_one(app: FastAPI) -> None:
    visitor = Visitor(app)
    assert "Page 4 of 4" in plain_text(visitor.get("/market?page=99").text)
    assert visitor.get("/market?page=0").status_code == 400


def test_a_sector_has_its_own_lists_and_pages(app: FastAPI) -> None:
    visitor = Visitor(app)
    page = visitor.get("/market?sector=Toys&sort=change&order=down")
    assert f"Toys: {MADE // 2} stocks" in page.text and "<option selected>Toys</option>" in page.text
    assert all(symbol.startswith("MADE") for symbol in named(page.text))
    assert 'href="/market?horizon=10&amp;sector=Toys&amp;sort=change&amp;order=down&amp;page=2#all"' in page.text
    assert 'href="/market?horizon=5&amp;sector=Toys"' in page.text, "another horizon is of the same sector"
    other = visitor.get("/market?sector=Gold%3Cb%3E")
    assert other.status_code == 400 and "no sector" in plain_text(other.text) and "<b>" not in other.text


def test_the_day_s_change_is_that_of_the_last_two_closes(market: tuple[Services, Many], app: FastAPI) -> None:
    overview = app.state.overviews.get(10)
    for row in overview.rows[:42:8]:
        closes = forecasts.answer(market[0], row.forecast.symbol, 10).outlook.bars.closes
        assert row.change == pytest.approx(closes[-1] / closes[-2] - 1)


def test_the_first_home_page_makes_one_forecast_and_waits_for_no_other(market: tuple[Services, Many]) -> None:
    services, held = market[0], threading.Event()
    app = create_app(services)

    def slow(*_: object) -> Iterator[Overview]:
        held.wait(60)
        yield from work_out(services, 10)

    app.state.overviews._work = slow
    market[1].asked.clear()
    page = Visitor(app).get("/")
    assert page.status_code == 200 and "Over the next two weeks Apple" in page.text
    assert set(market[1].asked) == {"AAPL", "^GSPC", "^VIX"}
    assert "All stocks are being looked at" in page.text and 'id="market-today"' in page.text
    assert "s-maxage" not in page.headers["cache-control"], "what will be another page in a moment is not kept"
    held.set()
    assert app.state.overviews.get(10, 60).is_whole
    assert f"Out of {WHOLE} stocks and indices" in plain_text(Visitor(app).get("/").text)


def test_the_market_shows_what_there_is_while_the_rest_is_worked_out(market: tuple[Services, Many]) -> None:
    services, looked, held = market[0], threading.Event(), threading.Event()
    app = create_app(services)

    def paused(*asked: object) -> Iterator[Overview]:
        for some in work_out(services, 10):
            yield some
            looked.set()
            held.wait(60)

    app.state.overviews._work = paused
    app.state.overviews.get(10, 0)
    looked.wait(60)
    visitor = Visitor(app)
    page = visitor.get("/market")
    assert f"{AT_ONCE} of {WHOLE} symbols" in plain_text(page.text)
    assert "The others are being worked out" in page.text
    assert visitor.get("/market.csv").status_code == 503, "a file is whole or there is none"
    held.set()
    app.state.overviews.get(10, 60)
    assert "being worked out" not in visitor.get("/market").text


def test_a_source_that_is_slow_on_the_first_day_holds_up_no_home_page(
    market: tuple[Services, Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, provider = market
    monkeypatch.setattr(example, "remote", lambda _: provider)  # as one that asks far away
    app = create_app(services)
    provider.answers.clear()
    try:
        page = Visitor(app).get("/")
        assert page.status_code == 200 and 'id="for-example" aria-labelledby="example" data-fill' in page.text
        assert "Its prices are being fetched" in page.text
        assert "please load this page again" in Visitor(app).get("/developers").text
    finally:
        provider.answers.set()
    app.state.example._under_way.result(60)
    assert "Over the next two weeks Apple" in Visitor(app).get("/").text
