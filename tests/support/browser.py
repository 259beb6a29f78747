"""A real headless Chromium, and what a visitor does not see: other hosts, complaints of the browser."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_MEANT = re.compile("the server responded with a status of (4..|503)")  #: a page that says what is wrong
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-software-rasterizer",
    "--disable-extensions",
    "--renderer-process-limit=1",
]


class Tab:
    """One visitor's page."""

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


class Visits:
    """Opens tabs on one server; afterwards nobody may have complained or asked another host."""

    def __init__(self, browser: Any, address: str) -> None:
        """`browser` is playwright's."""
        self._browser, self._address = browser, address
        self._opened: list[Tab] = []

    @contextmanager
    def __call__(self, width: int = 1280, **options: Any) -> Iterator[Tab]:
        """A tab in a context of its own."""
        context = self._browser.new_context(base_url=self._address, viewport={"width": width, "height": 800}, **options)
        try:
            self._opened.append(Tab(context.new_page()))
            yield self._opened[-1]
        finally:
            context.close()

    def check(self) -> None:
        """Fail if a tab asked another host, or if its browser complained of anything but a status that is meant."""
        for tab in self._opened:
            assert tab.hosts == {urlsplit(self._address).netloc}
            assert [each for each in tab.complaints if not _MEANT.search(each)] == []


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()
