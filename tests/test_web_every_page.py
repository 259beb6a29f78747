"""What holds for every answer of the web: headers, sound HTML, and the words."""

import re

import pytest

from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    return Visitor(create_app(sample_services(tmp_path_factory.mktemp("web"))))


ADDRESSES = (
    "/",
    "/stocks/AAPL",
    "/stocks/nope-nope",
    "/stocks/index",
    "/?symbol=apple",
    "/stocks/AAPL/chart.svg",
    "/developers",
    "/nope",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/static/style.css",
    "/static/page.js",
    "/vega.js",
    "/market",
    "/market.csv",
    "/compare?symbols=AAPL,KO",
    "/track-record",
    "/receipts/f0",
    "/how-it-works",
    "/privacy",
    "/suggest?q=a",
    "/stocks/AAPL/feed.atom",
    "/stocks/AAPL/chart.json",
    "/metrics",
    "/api/v1/forecasts/AAPL",
    "/api/v1/nope",
    f"/?symbol={'a' * 3000}",
)


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_carries_the_security_headers_and_no_cookie(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:"
    )
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


PAGES = (
    "/",
    "/stocks/AAPL",
    "/stocks/%5EVIX?horizon=63",
    "/stocks/KO?as_of=2020-03-16",
    "/stocks/nope-nope",
    "/stocks/index",
    "/market?sort=width&order=down",
    "/compare",
    "/compare?symbols=AAPL,KO,NOPE",
    "/track-record",
    "/track-record?symbol=AAPL",
    "/receipts/f0",
    "/how-it-works",
    "/privacy",
    "/developers",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_no_other_host_and_has_nothing_inline(visitor: Visitor, path: str) -> None:
    page = visitor.get(path).text
    asked = re.findall(
        r'<(?:script|link|img|source|form)[^>]* (?:src|href|srcset|action)="((?:https?:)?//[^"]*)"', page
    )
    assert all(address.startswith("http://bellwether.test/") for address in asked)
    assert re.findall("<script[^>]*>", page) == re.findall(r'<script src="/static/page.js\?v=\w+" defer>', page)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sound_html_for_a_screen_reader(visitor: Visitor, path: str) -> None:
    page = visitor.get(path).text
    assert '<html lang="en">' in page
    outside = re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)  # whose title is another
    assert all(outside.count(f"<{landmark}") == 1 for landmark in ("main", "h1", "title", "footer"))
    assert page.count("<table") == page.count("<caption")
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    assert set(re.findall(r'<(?:input|select) id="([^"]+)"', page)) <= labelled
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_gives_advice_or_promises_a_price(visitor: Visitor, path: str) -> None:
    text = plain_text(visitor.get(path).text)
    assert not re.search(r"\b(buy|sell|hold|invest now|guarantee\w*|—)\b", text, re.IGNORECASE)
    assert "—" not in text
    assert set(re.findall(r"will [a-z]+ [a-z]+", text)) <= {"will probably end"}
