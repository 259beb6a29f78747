"""A visitor with a real browser: headless Chromium against a real server."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.web import sample_services, served
from web.app import create_app

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed here")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ("/", "/stocks/AAPL", "/stocks/%5EVIX?horizon=63", "/?symbol=appl", "/developers", "/nope")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(create_app(sample_services(tmp_path_factory.mktemp("web")))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Tab:
    """One visitor's page, and what a visitor does not see."""

    def __init__(self, page: Any) -> None:
        """Listens from the start."""
        self.page = page
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)

    def _failed(self, request: Any) -> None:
        """A request broken off because the visitor went on is no failure."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure}: {request.url}")


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """A function that opens a tab; afterwards nobody may have complained or asked another host."""
    opened: list[Tab] = []

    @contextmanager
    def open_tab(width: int = 1280, **options: Any) -> Iterator[Tab]:
        context = browser.new_context(base_url=address, viewport={"width": width, "height": 800}, **options)
        try:
            opened.append(Tab(context.new_page()))
            yield opened[-1]
        finally:
            context.close()

    yield open_tab
    for tab in opened:
        assert tab.hosts == {urlsplit(address).netloc}
        # Chromium itself notes the status of a page that is meant to be a 404
        assert [each for each in tab.complaints if "status of 404" not in each] == []


def chart_is_drawn(page: Any) -> bool:
    """Whether the picture arrived and has a size."""
    page.locator(".chart img").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.chart img').complete")
    return bool(page.evaluate("document.querySelector('.chart img').naturalWidth") > 100)


def test_a_visitor_without_javascript_finds_a_stock_and_changes_the_horizon(visit: Any) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        page.goto("/")
        page.get_by_label("Company or symbol").fill("microsoft")
        page.get_by_label("How far ahead").select_option(label="1 month")
        page.get_by_role("button", name="Show the range").click()
        page.wait_for_url("**/stocks/MSFT?horizon=21")
        assert page.get_by_role("heading", level=1).inner_text().startswith("Over the next month Microsoft")
        assert page.locator("[aria-current=page]").inner_text() == "1 month"
        page.get_by_role("link", name="1 day").click()
        page.wait_for_url("**/stocks/MSFT?horizon=1")
        assert page.get_by_role("heading", level=1).inner_text().startswith("On the next trading day Microsoft")
        assert page.get_by_text("Sample data, ends 2021-12-31").first.is_visible()


def test_a_visitor_who_misspells_is_led_to_the_right_stock(visit: Any) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/")
        page.get_by_label("Company or symbol").fill("appl")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="AAPL").click()
        page.wait_for_url("**/stocks/AAPL?horizon=10")
        assert chart_is_drawn(page)


def test_the_search_in_the_header_keeps_the_horizon(visit: Any) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL?horizon=63")
        page.get_by_label("Company or symbol").fill("nvidia")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**/stocks/NVDA?horizon=63")


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(244, 246, 248)"), ("dark", "rgb(10, 14, 19)")])
def test_page_and_chart_follow_the_visitor_s_light_or_dark(visit: Any, scheme: str, background: str) -> None:
    with visit(color_scheme=scheme) as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        assert chart_is_drawn(page)
        assert f"theme={scheme}" in page.evaluate("document.querySelector('.chart img').currentSrc")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_page_scrolls_sideways(visit: Any, width: int) -> None:
    with visit(width) as tab:
        for path in PAGES:
            tab.page.goto(path)
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_page_does_not_jump_when_its_chart_arrives(visit: Any) -> None:
    shifts = """new Promise(done => {
        let count = 0
        const observer = new PerformanceObserver(list => count += list.getEntries().length)
        observer.observe({type: "layout-shift", buffered: true})
        setTimeout(() => done(count), 200)
    })"""
    with visit(360) as tab:
        tab.page.goto("/stocks/AAPL")
        box = tab.page.locator(".chart img").bounding_box()
        assert chart_is_drawn(tab.page)
        assert tab.page.locator(".chart img").bounding_box()["height"] == box["height"]
        assert box["height"] == pytest.approx(box["width"] * 300 / 360, abs=1)
        assert tab.page.evaluate(shifts) == 0


def test_everything_can_be_reached_and_seen_with_the_keyboard(visit: Any) -> None:
    with visit() as tab:
        page = tab.page
        page.goto("/stocks/AAPL")
        names = []
        for _ in range(9):
            page.keyboard.press("Tab")
            names.append(page.evaluate("document.activeElement.innerText || document.activeElement.name"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", names[-1]
        tabs = ["1 day", "1 week", "2 weeks", "1 month", "3 months"]
        assert names == ["Skip to the content", "Bellwether", "symbol", "Show", *tabs]


def test_fingers_find_every_button_and_tab_on_a_phone(visit: Any) -> None:
    with visit(360) as tab:
        for path, targets in (("/", "button, input, select"), ("/stocks/AAPL", ".tabs a, button, .brand")):
            tab.page.goto(path)
            for target in tab.page.locator(targets).all():
                assert target.bounding_box()["height"] >= 44


def test_printing_leaves_out_what_paper_cannot_do(visit: Any) -> None:
    with visit() as tab:
        tab.page.goto("/stocks/AAPL")
        tab.page.emulate_media(media="print")
        assert not tab.page.locator(".tabs").is_visible()
        assert not tab.page.locator("form").first.is_visible()
        assert tab.page.get_by_role("heading", level=1).is_visible()
        assert tab.page.get_by_text("not investment advice").first.is_visible()
