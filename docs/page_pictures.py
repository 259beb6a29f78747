"""Photographs the page for the manual: `python docs/page_pictures.py` from the project's folder.

The demo serves itself, and a headless Chromium looks at it: on a phone in the dark, and in a window by day.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from benchmarks.demo_service import demo_service
from tests.support.browser import CHROMIUM

IMAGES = Path(__file__).resolve().parent / "images"


@dataclass(frozen=True)
class Photo:
    """One picture of one page."""

    name: str
    address: str
    width: int
    height: int
    theme: Literal["light", "dark"]
    scale: float = 1
    below_header: bool = False


PHOTOS = (
    Photo("page-phone", "/stocks/NVDA?horizon=63", 360, 760, "dark", scale=2, below_header=True),
    Photo("page-track-record", "/track-record", 1120, 840, "light"),
)


def main() -> None:
    """Every picture, one after the other."""
    with demo_service() as service, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for photo in PHOTOS:
            page = browser.new_page(
                viewport={"width": photo.width, "height": photo.height},
                color_scheme=photo.theme,
                device_scale_factor=photo.scale,
            )
            page.goto(f"http://127.0.0.1:{service.port}{photo.address}", wait_until="networkidle")
            if photo.below_header:
                page.evaluate("window.scrollTo(0, document.querySelector('h1').getBoundingClientRect().top - 35)")
            page.screenshot(path=IMAGES / f"{photo.name}.png")
        browser.close()


if __name__ == "__main__":
    main()
