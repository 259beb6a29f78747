"""A mail as HTML: one column, every colour and size written where it applies, since many programs read no style sheet.

Nothing in it leads anywhere but its links: no picture, letter or script of another place, and so nobody who counts.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bellwether.charts.kit import PALETTES
from bellwether.delivery.channels.abilities import HtmlRenderer
from bellwether.delivery.targets.told import Told

_TAG = re.compile(r"<[^>]+>")
_AROUND = re.compile(r"<(b|a)(?: [^>]*)?>[^<]*</\1>")
_MOST_OF_ADDRESS = 30  #: characters of an address that is shown: a phone has no room for more in a line


def mail_html(told: Told, subject: str, language: str, picture: str) -> str:
    """The page of a mail; `picture` is the Content-ID of its chart, empty for none."""
    lines = _lines(told.text)
    opening = next((at for at, line in enumerate(lines) if at and line.begins), len(lines))
    return _template().render(
        subject=subject,
        language=language,
        opening=lines[:opening],
        rest=lines[opening:],
        links=told.links,
        ending=_lines(told.ending),
        picture=picture,
        chart_words=told.chart.words if told.chart is not None else "",
        light=PALETTES["light"],
        dark=PALETTES["dark"],
    )


@dataclass(slots=True)
class _Line:
    """One line of a text."""

    html: str = ""
    begins: bool = False  #: a paragraph
    within: str = ""  #: the tag that all of it stands in, if there is one


class _MailRenderer(HtmlRenderer):
    """Reads a text as lines, each with whole tags, so that each can be set by itself.

    Addresses that stand in it are shown as far as a line goes; what a chat folds up is laid open.
    """

    _TAGS = frozenset({"b", "i", "u", "s", "code", "pre"})

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[_Line] = []
        self._open: list[str] = []
        self._breaks = 1

    def lines(self) -> list[_Line]:
        """What was read."""
        self._end_line()
        return self._lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag in self._TAGS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        shown = data.partition("://")[2] if data == self._link else data
        if data == self._link and len(shown) > _MOST_OF_ADDRESS:
            shown = f"{shown[: _MOST_OF_ADDRESS - 1]}…"
        first, *others = shown.split("\n")
        super().handle_data(first)
        for line in others:
            self._end_line()
            super().handle_data(line)

    def _end_line(self) -> None:
        html = "".join(self._pieces).strip() + "".join(f"</{tag}>" for tag in reversed(self._open))
        self._pieces = [f"<{tag}>" for tag in self._open]
        if not _TAG.sub("", html).strip():
            self._breaks += 1
            return
        around = _AROUND.fullmatch(html)
        self._lines.append(_Line(html, self._breaks > 0, around[1] if around else ""))
        self._breaks = 0


def _lines(text: str) -> list[_Line]:
    renderer = _MailRenderer()
    renderer.feed(text)
    renderer.close()
    return renderer.lines()


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
