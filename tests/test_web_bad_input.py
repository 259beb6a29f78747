"""What people and scanners type: every answer is a clear sentence, the right status, and no trace."""

from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.support.web import Visitor, sample_services, served
from web.app import create_app

BAD_SYMBOLS = {  # what is typed: status, part of the sentence
    "NOPE-NOPE": (404, "know the ticker"),
    "APPL": (404, "Did you mean AAPL?"),
    "": (400, "Please give a stock"),
    "   ": (400, "Please give a stock"),
    "A" * 2000: (400, "look like a ticker"),
    "<script>alert(1)</script>": (404, "know the ticker"),
    '"><img src=x onerror=alert(1)>': (404, "know the ticker"),
    "{{ 7 * 7 }}": (404, "know the ticker"),
    "'; DROP TABLE chats; --": (404, "know the ticker"),
    "../../etc/passwd": (404, "know the ticker"),
    "\N{ROCKET}\N{SMILING FACE WITH SUNGLASSES}": (404, "know the ticker"),
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER MEM}": (404, "know the ticker"),
    "AAPL\N{RIGHT-TO-LEFT OVERRIDE}": (400, "look like a ticker"),
    "AA\x00PL": (400, "look like a ticker"),
    "AA\x1bPL": (400, "look like a ticker"),
    "\ufffe": (400, "look like a ticker"),
}
BAD_HORIZONS = (
    "",
    "0",
    "-1",
    "64",
    "99999999999999999999",
    "1e3",
    "ten",
    "1.5",
    "NaN",
    "²",
    "10\x00",
    "<b>10</b>",
    "\u202e01",
)


def is_kind_page(page: httpx.Response) -> None:
    """A page of ours that holds nothing it should not."""
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for unwanted in (
        "Traceback",
        "Error(",
        "<script>",
        "<img src=x",
        "<b>10",
        "\x00",
        "\x1b",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
    ):
        assert unwanted not in page.text
    assert "49" not in page.text.partition("<main")[2].partition("</main>")[0], "nothing typed is ever computed"


@pytest.mark.parametrize("typed", BAD_SYMBOLS)
def test_a_bad_symbol_in_the_form_gets_a_clear_page(visitor: Visitor, typed: str) -> None:
    status, sentence = BAD_SYMBOLS[typed]
    page = visitor.get(f"/?symbol={quote(typed, safe='')}&horizon=10")
    assert page.status_code == status
    assert sentence in page.text
    is_kind_page(page)


@pytest.mark.parametrize("typed", [each for each in BAD_SYMBOLS if each and "/" not in each])
def test_a_bad_symbol_in_an_address_gets_a_clear_page_and_a_problem(visitor: Visitor, typed: str) -> None:
    status, sentence = BAD_SYMBOLS[typed]
    page = visitor.get(f"/stocks/{quote(typed, safe='')}")
    assert page.status_code == status
    assert sentence in page.text
    is_kind_page(page)
    problem = visitor.get(f"/api/v1/forecasts/{quote(typed, safe='')}")
    assert (problem.status_code, problem.json()["status"]) == (status, status)
    assert sentence in problem.json()["detail"]


@pytest.mark.parametrize("typed", ["A" * 5000, "%00" * 1700, "é" * 5000])
def test_five_thousand_characters_are_refused_kindly(visitor: Visitor, typed: str) -> None:
    for address in (f"/stocks/{typed}", f"/?symbol={typed}", f"/stocks/{typed}/chart.svg"):
        page = visitor.get(address)
        assert page.status_code == 400
        assert len(page.content) < 10_000
        is_kind_page(page)
    assert visitor.get(f"/api/v1/forecasts/{typed}").json()["status"] == 400


@pytest.mark.parametrize("horizon", BAD_HORIZONS)
def test_a_bad_horizon_is_explained_on_every_address(visitor: Visitor, horizon: str) -> None:
    query = f"horizon={quote(horizon, safe='')}"
    for address in (f"/?symbol=AAPL&{query}", f"/?{query}", f"/stocks/AAPL?{query}", f"/stocks/AAPL/chart.png?{query}"):
        page = visitor.get(address)
        assert page.status_code == 400
        assert "1 to 63 trading days ahead" in page.text
        is_kind_page(page)
    problem = visitor.get(f"/api/v1/forecasts/AAPL?{query}")
    assert (problem.status_code, problem.json()["code"]) == (400, "bad_horizon")


@pytest.mark.parametrize("query", ["theme=blue", "theme=", "theme=%00", "theme=<script>"])
def test_a_bad_theme_is_explained(visitor: Visitor, query: str) -> None:
    page = visitor.get(f"/stocks/AAPL/chart.svg?{query}")
    assert page.status_code == 400
    assert "The parameter theme cannot be used" in page.text
    is_kind_page(page)


@pytest.mark.parametrize("query", ["", "&", "=", "%", "%zz", "symbol", "symbol[]=1", "a=" + "b" * 2000, "%ff%fe"])
def test_a_strange_query_never_breaks_the_home_page(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/?{query}").status_code in (200, 400)


def test_a_real_server_survives_raw_bytes_and_strange_hosts(tmp_path: Path) -> None:
    with served(create_app(sample_services(tmp_path))) as address, httpx.Client(base_url=address) as client:
        for path in (
            "/stocks/%00",
            "/stocks/%ff%fe",
            "/stocks/%",
            "//stocks//AAPL",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/static/%2e%2e/app.py",
        ):
            assert client.get(path).status_code in (400, 404)
        page = client.get("/developers", headers={"host": '"><script>alert(1)</script>'})
        assert page.status_code in (200, 400)
        assert "<script>" not in page.text
        assert client.get("/stocks/AAPL").status_code == 200
