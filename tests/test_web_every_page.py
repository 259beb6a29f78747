"""What holds for every answer of the web: headers, sound HTML, and the words."""

import importlib
import itertools
import pkgutil
import re

import pytest
from fastapi.routing import APIRoute

import web
from tests.support.web import Visitor, plain_text
from tests.support.web_pages import ERRORS, PAGES

MOST_HTML = 40_000  #: bytes of a page before it is packed
#: what a browser gets by these is no page
NO_PAGES = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/suggest",
    "/card.png",
    "/stocks/{symbol}/card.png",
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/manifest.webmanifest",
    "/robots.txt",
    "/sitemap.xml",
    "/market.csv",
    "/track-record.csv",
    "/verify.py",
    "/incidents",
    "/compare/chart.svg",
    "/stocks/{symbol}/chart.svg",
    "/stocks/{symbol}/chart.png",
    "/stocks/{symbol}/chart.json",
    "/stocks/{symbol}/growth.svg",
    "/stocks/{symbol}/feed.atom",
    # these are, for those who have a link or where mails are sent: `test_readers.py` and others look at them
    "/channels/stop/{token}",
    "/channels/stop/{token}/undo",
    "/channels/{token}",
    "/subscribe",
    "/subscribe/access/{token}",
    "/subscribe/access/{token}/data.json",
    "/subscribe/access/{token}/delete",
    "/subscribe/confirm/{token}",
    "/subscription/{token}",
    "/subscription/{token}/data.json",
    "/subscription/{token}/{what}",
}


ADDRESSES = (
    *PAGES,
    *ERRORS,
    "/?symbol=apple",
    "/stocks/AAPL/chart.svg",
    "/stocks/AAPL/chart.png?shape=card",
    "/compare/chart.svg?symbols=AAPL,KO",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/static/style.css",
    "/static/page.js",
    "/card.png?page=market",
    "/stocks/AAPL/card.png",
    "/sitemap.xml",
    "/manifest.webmanifest",
    "/market.csv",
    "/track-record.csv?symbol=AAPL&horizon=10",
    "/verify.py",
    "/suggest?q=a",
    "/stocks/AAPL/feed.atom",
    "/stocks/AAPL/chart.json",
    "/stocks/AAPL/growth.svg",
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
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    )
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


def test_no_page_is_left_out_of_these_checks() -> None:
    """Whoever adds a page adds its address to tests/support/web_pages.py, or this fails."""
    checked = {path.partition("?")[0] for path in (*PAGES, *ERRORS)}
    modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(web.__path__, "web.")]
    routes = [route for each in modules if hasattr(each, "router") for route in each.router.routes]
    pages = [route for route in routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    pages = [route for route in pages if not route.path.startswith("/api/") and route.path not in NO_PAGES]
    assert len(pages) >= 10
    for route in pages:
        assert any(route.path_regex.match(path) for path in checked), route.path


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_small_packed_and_described(visitor: Visitor, path: str) -> None:
    plain, packed = visitor.get(path, accept_encoding="identity"), visitor.get(path, accept_encoding="gzip")
    assert len(plain.content) < MOST_HTML
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < 10_000
    description = re.search(r'<meta name="description" content="([^"]+)">', plain.text)
    assert description and 20 < len(description[1]) < 200
    title = re.search("<title>([^<]+)</title>", plain.text)
    assert title and len(title[1]) < 90


def test_what_every_page_loads_is_small(visitor: Visitor) -> None:
    for name, most in (("style.css", 24_000), ("page.js", 12_000), ("icon.svg", 1_000)):
        assert len(visitor.get(f"/static/{name}", accept_encoding="identity").content) < most, name


@pytest.mark.parametrize("path", (*PAGES, *ERRORS))
def test_headings_go_down_step_by_step_and_pictures_keep_their_place(visitor: Visitor, path: str) -> None:
    page = re.sub(r"<svg.*?</svg>", "", visitor.get(path).text, flags=re.DOTALL)
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", page)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    for picture in re.findall("<img[^>]*>", page):
        assert all(f" {name}=" in picture for name in ("alt", "width", "height")), picture


@pytest.mark.parametrize("path", (*PAGES, *ERRORS))
def test_a_page_names_no_other_host_and_has_nothing_inline(visitor: Visitor, path: str) -> None:
    page = visitor.get(path).text
    asked = re.findall(
        r'<(?:script|link|img|source|form)[^>]* (?:src|href|srcset|action)="((?:https?:)?//[^"]*)"', page
    )
    assert all(address.startswith("http://bellwether.test/") for address in asked)
    assert "BELLWETHER_" not in page, "a visitor reads no setting's name"
    assert re.findall("<script[^>]*>", page) == re.findall(r'<script src="/static/page.js\?v=\w+" defer>', page)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("path", (*PAGES, *ERRORS))
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


@pytest.mark.parametrize("path", (*PAGES, *ERRORS))
def test_no_page_gives_advice_or_promises_a_price(visitor: Visitor, path: str) -> None:
    text = plain_text(visitor.get(path).text)
    assert not re.search(r"\b(buy|sell|hold|invest now|guarantee\w*|—)\b", text, re.IGNORECASE)
    assert "—" not in text
    assert set(re.findall(r"will [a-z]+ [a-z]+", text)) <= {"will probably end", "will probably take"}
