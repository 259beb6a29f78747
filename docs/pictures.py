"""Draws the pictures of the manual with the software itself: `python docs/pictures.py` from the project's folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bellwether import queries
from bellwether.config import load_settings
from bellwether.services import build_services
from bellwether.types import Theme

IMAGES = Path(__file__).resolve().parent / "images"
THEMES: tuple[Theme, ...] = ("light", "dark")


def main() -> None:
    """Apple over the next month, from the sample market."""
    services = build_services(load_settings(market={"source": "sample"}))
    asked = queries.answer(services, "AAPL", 21)
    for theme in THEMES:
        (IMAGES / f"forecast-{theme}.png").write_bytes(queries.chart_png(asked, theme))


if __name__ == "__main__":
    main()
