"""What is shown where a link to a page is passed on, and what browsers and search engines ask for by name."""

import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.charts.fan import fan_chart
from bellwether.charts.share_card import branded, words_card
from tests.support.web import Visitor, sample_services
from tests.support.web_pages import ERRORS, PAGES
from web.app import create_app
from web.pages.share import about_day


@pytest.mark.parametrize("path", (*PAGES, *ERRORS[:3]))
def test_every_page_has_a_picture_for_those_who_pass_it_on(visitor: Visitor, path: str) -> None:
    page = visitor.get(path).text
    (picture,) = re.findall(r'<meta property="og:image" content="http://bellwether\.test([^"]+)">', page)
    drawn = visitor.get(picture.replace("&amp;", "&"))
    assert drawn.headers["content-type"] == "image/png" and "max-age" in drawn.headers["cache-control"]
    assert struct.unpack(">II", drawn.content[16:24]) == (1200, 630)
    assert page.count("og:image:width") == page.count("twitter:card") == 1


def texts_of(part: object) -> list[str]:
    """Every text in a specification."""
    if isinstance(part, dict):
        return [text for value in part.values() for text in texts_of(value)]
    if isinstance(part, list):
        return [text for value in part for text in texts_of(value)]
    return [part] if isinstance(part, str) else []


def test_a_picture_tells_whose_it_is_which_day_and_that_it_is_a_sample(tmp_path: Path, visitor: Visitor) -> None:
    services = sample_services(tmp_path)
    answer = forecasts.answer(services, "AAPL", 10)
    foot = about_day(answer.forecast.cutoff, services.provider)
    assert foot == "Close of 8 March 2024 · Sample data"
    assert f"Bellwether · {foot}" in texts_of(branded(fan_chart(answer.outlook, 10, "light", "card"), foot))
    assert {"Bellwether", foot} <= set(texts_of(words_card(["The market"], "At a glance.", foot)))
    live = sample_services(tmp_path / "live", market={"source": "yahoo"}).provider
    assert about_day(answer.forecast.cutoff, live) == "Close of 8 March 2024"
    assert "v=2024-03-08" in visitor.get("/market").text, "another picture on another day"


def test_a_picture_of_no_page_is_that_of_the_home_page(visitor: Visitor) -> None:
    assert visitor.get("/card.png?page=nope").content == visitor.get("/card.png").content
    assert visitor.get("/card.png?page=market").content != visitor.get("/card.png").content


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/favicon.ico", "image/x-icon"),
        ("/apple-touch-icon.png", "image/png"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/sitemap.xml", "application/xml"),
    ],
)
def test_what_is_asked_for_by_name_is_there_and_kept_for_a_day(visitor: Visitor, path: str, kind: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["cache-control"] == "public, max-age=86400"


def test_the_manifest_names_icons_that_are_there_in_their_sizes(visitor: Visitor) -> None:
    for icon in visitor.get("/manifest.webmanifest").json()["icons"]:
        picture = visitor.get(icon["src"])
        assert "immutable" in picture.headers["cache-control"]
        assert "{}x{}".format(*struct.unpack(">II", picture.content[16:24])) == icon["sizes"]


def test_the_sitemap_has_every_page_and_symbol_under_the_public_address(tmp_path: Path) -> None:
    app = create_app(sample_services(tmp_path, web={"public_url": "https://bellwether.example"}))
    visitor = Visitor(app)
    assert "Sitemap: https://bellwether.example/sitemap.xml" in visitor.get("/robots.txt").text
    places = [place.text or "" for place in ET.fromstring(visitor.get("/sitemap.xml").content).iter() if place.text]
    paths = [place.removeprefix("https://bellwether.example") for place in places if place.startswith("https://bell")]
    assert {"/", "/market", "/stocks/AAPL", "/stocks/%5EGSPC"} <= set(paths)
    assert len(paths) == 9 + 42
    assert all(visitor.get(path).status_code == 200 for path in paths[:9])
