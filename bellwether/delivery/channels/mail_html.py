"""A mail as HTML: one column, every colour and size written where it applies, since many programs read no style sheet.

Nothing in it leads anywhere but its links: no picture, letter or script of another place, and so nobody who counts.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bellwether.charts.kit import PALETTES
from bellwether.delivery.channels.abilities import HtmlRenderer
from bellwether.delivery.targets.told import Told

_MOST_OF_ADDRESS = 34  #: characters of an address that is shown: a phone has no room for more in a line


def mail_html(told: Told, subject: str, language: str, picture: str) -> str:
    """The page of a mail; `picture` is the Content-ID of its chart, empty for none."""
    return _template().render(
        subject=subject,
        language=language,
        text=_read(told.text),
        links=told.links,
        ending=_read(told.ending),
        picture=picture,
        chart_words=told.chart.words if told.chart is not None else "",
        light=PALETTES["light"],
        dark=PALETTES["dark"],
    )


class _MailRenderer(HtmlRenderer):
    """Addresses that stand in the text are shown as far as a line goes; what a chat folds up is laid open."""

    _TAGS = frozenset({"b", "i", "u", "s", "code", "pre"})

    def handle_data(self, data: str) -> None:
        shown = data.partition("://")[2] if data == self._link else data
        if data == self._link and len(shown) > _MOST_OF_ADDRESS:
            shown = f"{shown[: _MOST_OF_ADDRESS - 1]}…"
        super().handle_data(shown)


def _read(text: str) -> str:
    renderer = _MailRenderer()
    renderer.feed(text)
    renderer.close()
    return renderer.written().strip()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("mail.html")
