"""The pages, asked for in this process with the sample market."""

import asyncio
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bellwether.ask import forecasts
from bellwether.forecasting import sentences
from bellwether.forecasting.sentences import HORIZON_LABELS
from bellwether.market.sample import SampleProvider
from tests.support.sample import SAMPLE_NOTE
from tests.support.web import Visitor, plain_text, sample_services
from tests.support.web_pages import Bug, Outage
from web.app import create_app
from web.pages import charts, forecast_view, render

STRANGE_SYMBOLS = ("^GSPC", "BRK-B", "BF.B", "EURUSD=X", "AT&T")


def visit(folder: Path, provider: SampleProvider) -> Visitor:
    return Visitor(create_app(replace(sample_services(folder), provider=provider)))


def test_the_home_page_has_a_form_that_needs_no_script_and_a_living_example(visitor: Visitor) -> None:
    page = visitor.get("/")
    assert page.status_code == 200
    assert '<form class="search big" action="/" method="get"' in page.text
    assert all(f'<option value="{sessions}"' in page.text for sessions in HORIZON_LABELS)
    assert "Over the next two weeks Apple" in page.text
    assert "/stocks/AAPL/chart.svg?horizon=10" in page.text
    assert SAMPLE_NOTE in page.text
    assert re.findall("<script[^>]*>", page.text) == re.findall(r'<script src="/static/page[^"]+" defer>', page.text)


def test_the_home_page_stands_without_an_example_when_prices_are_missing(tmp_path: Path) -> None:
    page = visit(tmp_path, Outage()).get("/")
    assert page.status_code == 200
    assert "No example just now" in page.text
    assert "not available just now" in page.text


def test_the_home_page_survives_a_bug_behind_its_example(tmp_path: Path) -> None:
    page = visit(tmp_path, Bug()).get("/")
    assert page.status_code == 200
    assert "secret detail" not in page.text


@pytest.mark.parametrize("typed", ["apple", "AAPL", "aapl", "%24aapl", "Apple"])
def test_the_form_leads_to_the_canonical_page(visitor: Visitor, typed: str) -> None:
    answer = visitor.get(f"/?symbol={typed}&horizon=10")
    assert (answer.status_code, answer.headers["location"]) == (303, "/stocks/AAPL?horizon=10")


def test_a_horizon_in_weeks_becomes_trading_days(visitor: Visitor) -> None:
    assert visitor.get("/?symbol=AAPL&horizon=2w").headers["location"] == "/stocks/AAPL?horizon=10"


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/stocks/aapl", "/stocks/AAPL"),
        ("/stocks/apple?horizon=21", "/stocks/AAPL?horizon=21"),
        ("/stocks/%5Egspc", "/stocks/%5EGSPC"),
        ("/stocks/S%26P%20500?horizon=5", "/stocks/%5EGSPC?horizon=5"),
    ],
)
def test_other_ways_to_write_a_symbol_are_sent_to_the_canonical_one(
    visitor: Visitor, asked: str, canonical: str
) -> None:
    answer = visitor.get(asked)
    assert (answer.status_code, answer.headers["location"]) == (303, canonical)
    assert visitor.get(canonical).status_code == 200


@pytest.mark.parametrize("symbol", STRANGE_SYMBOLS)
def test_every_symbol_survives_its_way_through_an_address(symbol: str) -> None:
    address = forecast_view.stock_address(symbol)
    assert re.fullmatch(r"/stocks/[A-Za-z0-9%.-]+", address)


@pytest.mark.parametrize("horizon", HORIZON_LABELS)
def test_a_stock_page_says_everything_that_is_needed_to_judge_it(
    visitor: Visitor, tmp_path: Path, horizon: int
) -> None:
    made = forecasts.answer(sample_services(tmp_path), "AAPL", horizon).forecast
    page = visitor.get(f"/stocks/AAPL?horizon={horizon}")
    assert page.status_code == 200
    text = plain_text(page.text)
    for said in (
        sentences.headline(made),
        sentences.last_price(made),
        sentences.NOT_ADVICE,
        *made.caveats,
        f"Chance of a rise {sentences.percent(made.probability_of_growth)}"
        f"{', as is usual this far ahead' if made.growth_is_usual else '; usually'}",
        "How far to trust it",
        sentences.trust_line(made),
        "Why this wide",
        *(row.price for row in forecast_view.range_rows(made)),
    ):
        assert said in text
    assert page.text.count('aria-current="page"') == 1
    assert f'<h1 class="answer">{sentences.headline(made)}</h1>' in page.text
    assert text.count(sentences.trust_line(made)) == 1
    assert text.index(sentences.trust_line(made)) < text.index("Sample data"), "right beneath the answer"
    assert sentences.trust_grounds(made) in text
    assert "A wider range holds more often" in text or not sentences.count_is_not_all(made)


@pytest.mark.parametrize(
    "address", ["/", "/market", "/stocks/AAPL", "/how-it-works", "/track-record", "/receipts/ba-2023-12-29-10"]
)
def test_the_plain_rule_has_one_name_and_is_explained_where_it_is_named(visitor: Visitor, address: str) -> None:
    page = visitor.get(address)
    text = plain_text((visitor.get(page.headers["location"]) if page.is_redirect else page).text)
    assert "plain rule" in text.lower()
    assert re.search(r"recent swings|swung lately", text)
    assert "simple method" not in text
    assert "plain volatility rule" not in text


def test_the_range_table_runs_from_the_highest_price_to_the_lowest(tmp_path: Path) -> None:
    made = forecasts.answer(sample_services(tmp_path), "MSFT", 10).forecast
    rows = forecast_view.range_rows(made)
    assert [row.odds for row in rows][0::6] == [
        "5\N{NO-BREAK SPACE}% chance it ends above",
        "5\N{NO-BREAK SPACE}% chance it ends below",
    ]
    assert [row.price for row in rows] == [sentences.money(price, "USD") for price in reversed(made.quantiles)]
    assert [row.within for row in rows] == [False, True, True, True, True, True, False]


def test_without_a_model_the_page_shows_the_plain_rule_and_says_so(tmp_path: Path) -> None:
    page = Visitor(create_app(sample_services(tmp_path, models={"folder": tmp_path}))).get("/stocks/AAPL")
    assert page.status_code == 200
    assert "The model is silent because it could not be loaded" in page.text
    assert "Beside a plain rule" not in page.text, "it would be compared with itself"


def test_an_index_has_a_level_and_a_stock_has_a_price(visitor: Visitor) -> None:
    assert '<th scope="col">Level</th>' in visitor.get("/stocks/%5EGSPC").text
    assert '<th scope="col">Price</th>' in visitor.get("/stocks/AAPL").text


def test_a_misspelt_symbol_gets_links_to_what_was_perhaps_meant(visitor: Visitor) -> None:
    page = visitor.get("/?symbol=appl&horizon=5")
    assert page.status_code == 404
    assert "Did you mean Apple?" in plain_text(page.text)
    assert 'href="/stocks/AAPL?horizon=5"' in page.text, "the horizon is kept"
    assert 'value="appl"' in page.text, "what was typed can be corrected"


def test_the_chart_reserves_its_place_and_can_be_heard(visitor: Visitor) -> None:
    page = visitor.get("/stocks/AAPL?horizon=21").text
    picture = re.search(r"<picture.*?</picture>", page, re.DOTALL)
    assert picture
    assert 'width="576" height="432"' in picture[0]
    assert 'media="(prefers-color-scheme: dark)"' in picture[0] and "theme=dark" in picture[0]
    assert "Over the next month Apple will probably end between $" in picture[0]


@pytest.mark.parametrize(
    ("kind", "media_type", "beginning"), [("svg", "image/svg+xml", b"<svg"), ("png", "image/png", b"\x89PNG")]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chart_is_a_picture_that_a_browser_may_keep(
    visitor: Visitor, kind: str, media_type: str, beginning: bytes, theme: str
) -> None:
    address = f"/stocks/AAPL/chart.{kind}?horizon=10&theme={theme}"
    chart = visitor.get(address)
    assert (chart.status_code, chart.headers["content-type"]) == (200, media_type)
    assert chart.content.startswith(beginning)
    assert "max-age" in chart.headers["cache-control"]
    again = visitor.get(address, if_none_match=chart.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_drawn_or_said_by_older_code_stays_in_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = sample_services(tmp_path)
    older = Visitor(create_app(services))
    for path in ("/stocks/AAPL/chart.svg", "/stocks/AAPL/card.png", "/card.png?page=market", "/privacy"):
        had = older.get(path).headers["etag"]
        assert Visitor(create_app(services)).get(path, if_none_match=had).status_code == 304
        with monkeypatch.context() as upgrade:
            for module in (charts, render):
                upgrade.setattr(module, "code_version", lambda: "0123456789")
            assert Visitor(create_app(services)).get(path, if_none_match=had).status_code == 200


def test_charts_of_two_themes_or_horizons_are_not_mistaken_for_each_other(visitor: Visitor) -> None:
    addresses = [f"/stocks/AAPL/chart.svg?horizon={h}&theme={t}" for h in (5, 10) for t in ("light", "dark")]
    assert len({visitor.get(address).headers["etag"] for address in addresses}) == 4


def test_the_stylesheet_uses_the_colours_of_the_chart(visitor: Visitor) -> None:
    style = Path("web/static/style.css").read_text(encoding="utf-8")
    for theme in ("light", "dark"):
        colours = set(re.findall(r"#[0-9a-f]{6}\b", visitor.get(f"/stocks/AAPL/chart.svg?theme={theme}").text))
        grid_lines = {"#e4e8ed", "#26303b"}
        assert colours - grid_lines <= set(re.findall(r"#[0-9a-f]{6}\b", style))


def test_the_stylesheet_is_small_and_asked_for_by_its_content(visitor: Visitor) -> None:
    address = re.search(r'href="(/static/style\.css\?v=[0-9a-f]{10})"', visitor.get("/").text)
    assert address
    style = visitor.get(address[1])
    assert style.status_code == 200
    assert len(style.content) < 24_000
    assert "max-age" in style.headers["cache-control"]


@pytest.mark.parametrize(
    ("address", "for_good"),
    [
        ("/static/style.css?v=0123456789", False),
        ("/static/style.css?v=", False),
        ("/static/style.css", False),
    ],
)
def test_no_address_of_tomorrow_is_filled_with_a_file_of_today(visitor: Visitor, address: str, for_good: bool) -> None:
    assert ("immutable" in visitor.get(address).headers["cache-control"]) is for_good


def test_what_a_page_asks_for_is_kept_for_good(visitor: Visitor) -> None:
    page = visitor.get("/stocks/AAPL").text
    named = re.findall(r'(?:href|src)="(/static/[\w.]+\?v=[^"]+)"', page)
    assert len(named) == 4
    for address in named:
        assert "immutable" in visitor.get(address).headers["cache-control"]


def test_however_many_charts_are_drawn_pages_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawing holds a thread while it waits for the pen; the threads of the pages are others."""
    released, asked, answer = threading.Event(), threading.Semaphore(0), forecasts.answer
    wanted = [f"/stocks/{symbol}/chart.svg?horizon={horizon}" for symbol in ("AAPL", "KO") for horizon in range(1, 51)]

    def noted(*each: Any) -> forecasts.Answer:
        asked.release()
        return answer(*each)

    def all_have_asked() -> bool:
        return all(asked.acquire(timeout=30) for _ in wanted)

    monkeypatch.setattr(forecasts, "answer", noted)
    monkeypatch.setattr(forecasts, "chart_svg", lambda *_: released.wait(60) and "<svg/>")
    app = create_app(sample_services(tmp_path))

    async def crowd() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bellwether.test", timeout=60) as client:
            charts = [asyncio.create_task(client.get(path)) for path in wanted]
            assert await asyncio.to_thread(all_have_asked)
            page = await asyncio.wait_for(client.get("/privacy"), 20)
            assert not any(chart.done() for chart in charts)
            released.set()
            return [each.status_code for each in (page, *await asyncio.gather(*charts))]

    assert asyncio.run(crowd()) == [200] * 101


@pytest.mark.parametrize("path", ["/nope", "/stocks/", "/stocks/AAPL/nope", "/static/nope.css", "/docs", "/redoc"])
def test_an_unknown_address_gets_a_kind_page(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert page.status_code == 404
    assert "There is nothing at this address." in page.text
    assert 'role="search"' in page.text


def test_a_page_cannot_be_written_to(visitor: Visitor) -> None:
    page = visitor.ask("POST", "/stocks/AAPL")
    assert (page.status_code, page.headers["allow"]) == (405, "GET, HEAD")
    assert "Method not allowed" in page.text and 'role="search"' in page.text


def test_head_is_get_without_the_body(visitor: Visitor) -> None:
    for path in ("/", "/stocks/AAPL", "/healthz", "/api/v1/forecasts/AAPL"):
        answer = visitor.ask("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 10


def test_the_developers_page_shows_a_real_answer_and_every_error(visitor: Visitor) -> None:
    page = visitor.get("/developers").text
    assert 'curl "http://bellwether.test/api/v1/forecasts/AAPL?horizon=10"' in page
    assert "usual_probability_of_growth" in page
    assert 'id="unknown_symbol"' in page
    assert "python -m bellwether keys create" in page and "Authorization: Bearer $KEY" in page


def test_the_developers_page_lists_every_address_of_the_api(visitor: Visitor) -> None:
    page = visitor.get("/developers").text.replace("<wbr>", "")
    described = visitor.get("/openapi.json").json()["paths"]
    listed = re.findall(r"<code>([A-Z]+) (/api/v1/[^<]+)</code></th>", page)
    assert listed and set(listed) == {(method.upper(), path) for path in described for method in described[path]}


def test_an_outage_is_a_kind_503(tmp_path: Path) -> None:
    page = visit(tmp_path, Outage()).get("/stocks/AAPL")
    assert (page.status_code, page.headers["retry-after"]) == (503, "60")
    assert "not available just now" in page.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/", 200, "No example just now"),
        ("/market", 200, "No stock has usable prices"),
        ("/compare?symbols=AAPL,KO", 503, "not available just now"),
        ("/stocks/AAPL/feed.atom", 503, "not available just now"),
        ("/stocks/AAPL/chart.json", 503, "not available just now"),
        ("/track-record", 200, "How past forecasts turned out"),
        ("/how-it-works", 200, "How it works"),
        ("/developers", 200, "not available just now"),
    ],
)
def test_every_page_has_an_answer_while_the_provider_is_down(tmp_path: Path, path: str, status: int, said: str) -> None:
    page = visit(tmp_path, Outage()).get(path)
    assert page.status_code == status
    assert said in page.text


@pytest.mark.parametrize(
    "path", ["/", "/market", "/compare?symbols=AAPL,KO", "/stocks/AAPL/feed.atom", "/how-it-works"]
)
def test_every_page_stands_without_a_model(tmp_path: Path, path: str) -> None:
    assert Visitor(create_app(sample_services(tmp_path, models={"folder": tmp_path}))).get(path).status_code == 200


def test_a_bug_is_logged_under_the_number_that_the_visitor_sees(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = visit(tmp_path, Bug()).get("/stocks/AAPL")
    assert page.status_code == 500
    assert "secret detail" not in page.text and "Traceback" not in page.text
    assert page.headers["x-request-id"] in page.text
    assert page.headers["x-request-id"] in caplog.text and "secret detail" in caplog.text
    assert "content-security-policy" in page.headers


def test_a_chance_is_never_shown_as_a_certainty() -> None:
    assert (forecast_view.chance(1.0), forecast_view.chance(0.0)) == ("99\u00a0%", "1\u00a0%")
