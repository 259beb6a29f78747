"""A visitor with a real browser: headless Chromium against a real server."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bellwether.ask.market_overview import Overview
from bellwether.services import Services
from tests.support.browser import CHROMIUM, Tab, Visits, chromium
from tests.support.sample import SAMPLE_NOTE
from tests.support.web import sample_services, served
from tests.support.web_pages import ERRORS, PAGES, STATES
from web.app import create_app

pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed here")
LIVE = "[data-live]"  #: the chart whose values a script tells
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(create_app(sample_services(tmp_path_factory.mktemp("web")))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visits]:
    """A function that opens a tab; afterwards nobody may have complained or asked another host."""
    visits = Visits(browser, address)
    yield visits
    visits.check()


def picture_is_drawn(page: Any) -> bool:
    """Whether the chart's picture arrived and has a size."""
    page.locator(".chart img").scroll_into_view_if_needed()
    until(page, "String(document.querySelector('.chart img').complete)", "true")
    return bool(page.evaluate("document.querySelector('.chart img').naturalWidth") > 100)


def until(page: Any, expression: str, value: str) -> None:
    """Wait until the page computes this value; asked from outside, as the page's policy lets no text become code."""
    for _ in range(200):
        if (found := page.evaluate(expression)) == value:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{expression} is {found!r}, not {value!r}")


def test_a_visitor_without_javascript_finds_a_stock_and_changes_the_horizon(visit: Visits) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        page.goto("/")
        page.get_by_label("Company or ticker").fill("microsoft")
        page.get_by_label("How far ahead").select_option(label="1 month")
        page.get_by_role("button", name="Show the range").click()
        page.wait_for_url("**/stocks/MSFT?horizon=21")
        assert page.get_by_role("heading", level=1).inner_text().startswith("Over the next month Microsoft")
        assert page.locator(".tabs [aria-current=page]").inner_text() == "1 month"
        page.get_by_role("link", name="1 day").click()
        page.wait_for_url("**/stocks/MSFT?horizon=1")
        assert page.get_by_role("heading", level=1).inner_text().startswith("On the next trading day Microsoft")
        assert page.get_by_text(SAMPLE_NOTE).first.is_visible()
        assert page.locator(".chart img").first.is_visible(), "the picture is there without a script"


def test_the_market_is_sorted_without_javascript_too(visit: Visits) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        page.goto("/market")
        page.get_by_role("link", name="8-in-10 range").click()
        page.wait_for_url("**/market?horizon=10&sort=width&order=down*")
        assert page.locator("table.market tbody tr").first.inner_text().startswith("Tesla")


def test_suggestions_come_while_typing_and_lead_to_the_stock(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/")
        box = page.get_by_role("combobox", name="Company or ticker")
        box.press_sequentially("coca")
        option = page.get_by_role("option", name="KO Coca-Cola")
        option.wait_for()
        assert box.get_attribute("aria-expanded") == "true"
        option.click()
        page.wait_for_url("**/stocks/KO?horizon=10")


def test_suggestions_need_only_the_keyboard(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL?horizon=63")
        box = page.get_by_role("combobox", name="Company or ticker")
        box.focus()
        page.keyboard.type("a")
        page.get_by_role("option").nth(2).wait_for()
        page.keyboard.press("Escape")
        assert page.get_by_role("option").count() == 0
        page.keyboard.type("m")
        page.get_by_role("option", name="AMZN Amazon").wait_for()
        page.keyboard.press("ArrowDown")
        chosen = page.locator("[role=option][aria-selected=true]")
        assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        page.keyboard.press("Enter")
        page.wait_for_url("**/stocks/AMZN?horizon=63")


def test_enter_without_a_choice_sends_the_plain_form(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL?horizon=63")
        page.get_by_label("Company or ticker").fill("nvidia")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**/stocks/NVDA?horizon=63")


def test_a_visitor_who_misspells_is_led_to_the_right_stock(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/?symbol=appl")
        page.get_by_role("link", name="AAPL").click()
        page.wait_for_url("**/stocks/AAPL?horizon=10")


def test_the_chart_tells_what_is_under_the_pointer(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/stocks/AAPL")
        assert not any("chart.json" in address for address in asked), "nobody has asked for values yet"
        chart = page.locator(LIVE).bounding_box()
        page.mouse.move(chart["x"] + chart["width"] * 0.95, chart["y"] + chart["height"] / 2)
        told = page.locator(".told")
        told.wait_for()
        assert re.search(r"March 2024\s*8 in 10: \$", told.inner_text())
        line, note = page.locator(".under-finger").bounding_box(), told.bounding_box()
        assert line["x"] == pytest.approx(chart["x"] + chart["width"] * 0.95, abs=chart["width"] / 40)
        assert chart["x"] <= note["x"] and note["x"] + note["width"] < line["x"]
        page.mouse.move(2, 2)
        told.wait_for(state="hidden")


def test_a_tap_on_a_phone_tells_the_values_and_a_turned_phone_those_of_its_new_shape(visit: Visits) -> None:
    with visit(360, has_touch=True, is_mobile=True) as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        page.locator(LIVE).scroll_into_view_if_needed()
        for width in (360, 800):
            page.set_viewport_size({"width": width, "height": 800})
            chart = page.locator(LIVE).bounding_box()
            page.touchscreen.tap(chart["x"] + chart["width"] * 0.4, chart["y"] + chart["height"] / 2)
            told = page.locator(".told")
            told.wait_for()
            assert "closed at $" in told.inner_text()
            line = page.locator(".under-finger").bounding_box()
            assert line["x"] == pytest.approx(chart["x"] + chart["width"] * 0.4, abs=chart["width"] / 20)
            assert told.bounding_box()["x"] + told.bounding_box()["width"] <= width


def test_arrow_keys_tell_the_days_of_the_chart(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        page.locator(LIVE).focus()
        page.keyboard.press("ArrowRight")
        told = page.locator(".told")
        told.wait_for()
        assert told.inner_text().startswith("22 March 2024")
        page.keyboard.press("ArrowLeft")
        until(page, "document.querySelector('.told strong').textContent", "21 March 2024")
        page.keyboard.press("Escape")
        told.wait_for(state="hidden")


def test_buttons_show_more_of_the_past_in_place_and_without_a_script(visit: Visits) -> None:
    source = "document.querySelector('.chart img').currentSrc"
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        before = page.evaluate(source)
        page.evaluate("window.here = true")
        assert page.get_by_role("link", name="Auto").get_attribute("aria-current") == "true"
        page.get_by_role("link", name="Five years").click()
        until(page, f"{source}.includes('past=5y')", True)
        assert page.evaluate("window.here") and page.evaluate(source) != before
        assert page.url.endswith("&past=5y#chart")
        assert page.get_by_role("link", name="Five years").get_attribute("aria-current") == "true"
        page.get_by_role("link", name="Auto").click()
        until(page, source, before)
        assert page.locator(".pasts [aria-current]").count() == 1
    with visit(java_script_enabled=False) as tab:
        tab.page.goto("/stocks/AAPL")
        tab.page.get_by_role("link", name="One year").click()
        tab.page.wait_for_url("**&past=1y#chart")


def test_stocks_are_compared(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/compare")
        box = page.get_by_role("combobox", name="2 to 5 companies or tickers")
        box.press_sequentially("coca")
        page.get_by_role("option", name="KO Coca-Cola").click()
        assert box.input_value() == "KO, "
        box.press_sequentially("nvidia")
        page.keyboard.press("Enter")
        page.wait_for_url("**/compare?symbols=KO*")
        assert page.locator("table.comparison tbody tr").count() == 2
        assert picture_is_drawn(page)


def test_the_market_is_sorted_in_place(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/market")
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url) if "/market" in request.url else None)
        page.get_by_role("link", name="8-in-10 range").click()
        rows = page.locator("table.market tbody tr")
        assert rows.first.inner_text().startswith("Tesla"), "a level is not the widest of the market"
        assert page.locator("th.c-width").get_attribute("aria-sort") == "descending"
        page.get_by_role("link", name="8-in-10 range").click()
        assert rows.first.inner_text().startswith("Procter & Gamble")
        assert rows.last.inner_text().startswith("S&P 500"), "what has no figure comes last either way"
        page.get_by_role("link", name="Company", exact=True).click()
        assert rows.first.inner_text().startswith("Adobe")
        assert requests == []
        assert page.url.endswith("/market?horizon=10&order=up"), "the address can be passed on"


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(244, 246, 248)"), ("dark", "rgb(10, 14, 19)")])
def test_page_and_chart_follow_the_visitor_s_light_or_dark(visit: Visits, scheme: str, background: str) -> None:
    with visit(color_scheme=scheme) as tab:
        page = tab.page
        page.goto("/")
        assert picture_is_drawn(page)
        assert f"theme={scheme}" in page.evaluate("document.querySelector('.chart img').currentSrc")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background


@dataclass
class Seen:
    """What came out of a visit to a page on a phone in the dark, and of its page in other widths, letters and light."""

    sizes: dict[str, float] = field(default_factory=dict)  #: bytes over the wire, packed, by request
    sentence_ends: float = 0.0  #: how far down the heading reaches
    sideways: list[tuple[str, int]] = field(default_factory=list)
    twice_the_size: list[int] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)  #: what axe says, by scheme


WIDER = """[...document.querySelectorAll("main .card, main .tabs, header, footer")]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText.slice(0, 40))"""


def first_view(tab: Tab, path: str, seen: Seen) -> None:
    """Load a page as one who was never here, and note how heavy it is and where its sentence stands."""
    wire = tab.page.context.new_cdp_session(tab.page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def note(ended: dict[str, Any]) -> None:
        seen.sizes[ended["requestId"]] = ended["encodedDataLength"]

    wire.on("Network.loadingFinished", note)
    tab.page.goto(path, wait_until="load")
    wire.detach()
    heading = tab.page.get_by_role("heading", level=1).bounding_box()
    seen.sentence_ends = heading["y"] + heading["height"]


def resized(tab: Tab, seen: Seen) -> None:
    """Note at which widths a page scrolls sideways, with letters as they are and of twice their size."""
    page = tab.page

    def scrolls(width: int) -> bool:
        page.set_viewport_size({"width": width, "height": 800})
        return bool(page.evaluate("document.documentElement.scrollWidth") > width)

    for width in (320, 360, 768, 1280):
        seen.sideways += [("the page", width)] if scrolls(width) else []
        seen.sideways += [(part, width) for part in page.evaluate(WIDER)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    seen.twice_the_size = [width for width in (1280, 640, 360) if scrolls(width)]
    page.evaluate("document.documentElement.style.fontSize = ''")


def violations(tab: Tab) -> str:
    """What axe-core says against the open page, with its details shown too; nothing if it is content."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    tab.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    results = axe.Axe().run(tab.page, options=options)
    return str(results.generate_report()) if results.violations_count else ""


def no_more_pictures(page: Any) -> None:
    """Answer for the charts of other shapes and colours: they take longer to draw than all that is looked at here."""
    empty = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    page.route(re.compile(r"\.svg(\?|$)"), lambda route: route.fulfill(body=empty, content_type="image/svg+xml"))


@pytest.fixture(scope="module")
def everywhere(browser: Any, address: str) -> dict[str, Seen]:
    """Every page, visited once for all that is asked of every page; nobody complained meanwhile."""
    visits, views = Visits(browser, address), {path: Seen() for path in (*PAGES, *ERRORS)}
    for path in PAGES:
        with visits(360, color_scheme="dark") as tab:
            first_view(tab, path, views[path])
            no_more_pictures(tab.page)
            resized(tab, views[path])
            views[path].faults["dark"] = violations(tab)
            tab.page.emulate_media(color_scheme="light")
            tab.page.set_viewport_size({"width": 1280, "height": 800})
            views[path].faults["light"] = violations(tab)
    with visits(360, color_scheme="dark") as tab:
        for path in ERRORS:
            tab.page.goto(path)
            resized(tab, views[path])
            if path in ERRORS[:3]:  # the others are made of the same parts
                views[path].faults["dark"] = violations(tab)
    visits.check()
    return views


def test_a_first_view_is_light_and_shows_its_sentence_first(everywhere: dict[str, Seen]) -> None:
    for path in PAGES:
        seen = everywhere[path]
        assert len(seen.sizes) >= 4, "the page, its style, its script and its icon"
        assert sum(seen.sizes.values()) < 100_000, (path, seen.sizes)
        assert 0 < seen.sentence_ends < 800, (path, "the one sentence stands on a phone's first screen")


def test_no_page_scrolls_sideways(everywhere: dict[str, Seen]) -> None:
    assert {path: seen.sideways for path, seen in everywhere.items() if seen.sideways} == {}


def test_letters_of_twice_the_size_need_no_scrolling_sideways(everywhere: dict[str, Seen]) -> None:
    assert {path: seen.twice_the_size for path, seen in everywhere.items() if seen.twice_the_size} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(everywhere: dict[str, Seen], scheme: str) -> None:
    faults = {path: seen.faults[scheme] for path, seen in everywhere.items() if scheme in seen.faults}
    assert len(faults) >= len(PAGES)
    assert {path: told for path, told in faults.items() if told} == {}


def test_a_table_that_is_stacked_on_a_phone_is_still_a_table_to_a_screen_reader(visit: Visits) -> None:
    with visit(360) as tab:
        tab.page.goto("/stocks/AAPL")
        tab.page.locator(".rest > summary").click()
        heard = tab.page.locator("section[aria-labelledby=change] table").aria_snapshot()
        assert '- columnheader "Before"' in heard and '- rowheader "8-in-10 range"' in heard and "- cell" in heard


def test_where_colours_are_forced_a_line_tells_what_a_tint_did(visit: Visits) -> None:
    with visit(forced_colors="active") as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        style = "getComputedStyle(document.querySelector('{}')).{}"
        assert page.evaluate(style.format(".tabs [aria-current]", "outlineStyle")) == "solid"
        assert page.evaluate(style.format(".tabs a:not([aria-current])", "outlineStyle")) == "none"
        assert page.evaluate(style.format("button", "borderTopStyle")) == "solid"


def test_the_page_does_not_jump_when_its_chart_arrives(visit: Visits) -> None:
    shifts = """new Promise(done => {
        let count = 0
        const observer = new PerformanceObserver(list => count += list.getEntries().length)
        observer.observe({type: "layout-shift", buffered: true})
        setTimeout(() => done(count), 200)
    })"""
    with visit(360) as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        box = page.locator(LIVE).bounding_box()
        assert box["height"] == pytest.approx(box["width"] * 300 / 360, abs=1)
        page.locator(LIVE).scroll_into_view_if_needed()
        until(page, "String(document.querySelector('.chart img').complete)", "true")
        page.mouse.move(box["x"] + 200, page.locator(LIVE).bounding_box()["y"] + 100)
        page.locator(".told").wait_for()
        assert page.locator(LIVE).bounding_box()["height"] == pytest.approx(box["height"], abs=1)
        assert page.evaluate(shifts) == 0


def test_everything_can_be_reached_and_seen_with_the_keyboard(visit: Visits) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        names = []
        for _ in range(13):
            page.keyboard.press("Tab")
            names.append(page.evaluate("document.activeElement.innerText || document.activeElement.name"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", names[-1]
        pages = ["Market", "Compare", "Track record", "How it works"]
        tabs = ["1 day", "1 week", "2 weeks", "1 month", "3 months"]
        assert names == ["Skip to the content", "Bellwether", *pages, "symbol", "Show", *tabs]


def test_fingers_find_every_button_and_tab_on_a_phone(visit: Visits) -> None:
    targets = {"/": "button, input, select", "/stocks/AAPL": ".tabs a, .pasts a, button:visible, .brand, .button"}
    with visit(360) as tab:
        for path, selector in targets.items():
            tab.page.goto(path)
            for target in tab.page.locator(selector).all():
                assert target.bounding_box()["height"] >= 44


@pytest.mark.parametrize("state", ["nothing yet", "no model"])
def test_axe_finds_nothing_on_pages_that_have_little_to_show(browser: Any, tmp_path: Path, state: str) -> None:
    with served(create_app(STATES[state](tmp_path))) as address:
        visits = Visits(browser, address)
        with visits(360) as tab:
            for path in ("/", "/stocks/AAPL", "/market", "/track-record"):
                tab.page.goto(path)
                assert violations(tab) == "", path
        visits.check()


def test_a_symbol_s_page_fits_four_screens_of_a_phone_before_more(visit: Visits) -> None:
    with visit(360) as tab:
        tab.page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/stocks/AAPL", "/stocks/%5EVIX?horizon=63"):
            tab.page.goto(path)
            more = tab.page.locator(".rest > summary").bounding_box()
            assert more["y"] + more["height"] <= 4 * 740, path
            assert tab.page.get_by_role("heading", name="Beside a plain rule").is_visible() is False
            tab.page.locator(".rest > summary").click()
            assert tab.page.locator(".facts").is_visible()


def test_what_is_still_being_worked_out_is_filled_in(browser: Any, tmp_path: Path) -> None:
    app, held = create_app(sample_services(tmp_path)), threading.Event()
    work = app.state.overviews._work

    def slow(services: Services, horizon: int) -> Iterator[Overview]:
        held.wait(60)
        yield from work(services, horizon)

    app.state.overviews._work = slow
    with served(app) as address:
        visits = Visits(browser, address)
        with visits() as tab:
            tab.page.goto("/")
            assert tab.page.get_by_text("All stocks are being looked at").is_visible()
            held.set()
            tab.page.get_by_text("Out of 42 stocks and indices").wait_for()
        visits.check()


def test_axe_would_find_something(visit: Visits) -> None:
    with visit() as tab:
        tab.page.route("**/privacy", lambda route: route.fulfill(body="<img src=x>", content_type="text/html"))
        tab.page.goto("/privacy")
        assert "image-alt" in violations(tab)
        tab.complaints.clear()


def test_printing_leaves_out_what_paper_cannot_do(visit: Visits) -> None:
    with visit(color_scheme="dark") as tab:
        tab.page.goto("/stocks/AAPL")
        tab.page.emulate_media(media="print")
        assert not any(each.is_visible() for each in tab.page.locator("nav").all())
        assert tab.page.evaluate("getComputedStyle(document.body).color") == "rgb(22, 32, 44)", "no white letters"
        assert not tab.page.locator("form").first.is_visible()
        assert tab.page.get_by_role("heading", level=1).is_visible()
        assert tab.page.get_by_text("not investment advice").first.is_visible()
