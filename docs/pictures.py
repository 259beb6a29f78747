"""Draws the pictures of the manual with the software itself: `python docs/pictures.py` from the project's folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.types import Theme
from bellwether.services import build_services

IMAGES = Path(__file__).resolve().parent / "images"
THEMES: tuple[Theme, ...] = ("light", "dark")


def main() -> None:
    """Apple over the next month, from the sample market."""
    services = build_services(load_settings(market={"source": "sample"}))
    asked = forecasts.answer(services, "AAPL", 21)
    for theme in THEMES:
        (IMAGES / f"forecast-{theme}.png").write_bytes(forecasts.chart_png(asked, theme))


if __name__ == "__main__":
    main()
