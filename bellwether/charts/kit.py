"""What all pictures have in common: colours, sizes, the frame with its title, and how axes look."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bellwether.core.i18n.translate import ENGLISH, spoken
from bellwether.core.types import Shape, Theme

#: width and height in pixels; twice the card, as a PNG has it, is what those who show previews of links ask for
SIZES: dict[Shape, tuple[int, int]] = {"wide": (576, 432), "narrow": (360, 300), "chat": (360, 360), "card": (600, 315)}
PADDING: dict[Shape, int] = {"wide": 14, "narrow": 8, "chat": 10, "card": 14}  #: pixels on each side
SMALL: tuple[Shape, ...] = ("narrow", "chat")  #: drawn for the width of a phone
SCALE = 2.0  #: a PNG has twice the size of its specification in pixels, so that it is sharp on a phone
SCALES: dict[Shape, float] = {"chat": 3.2}  #: where it has another: 1152 pixels, as wide as a chat shows it
Specification = dict[str, Any]  #: of Vega-Lite, or a part of one

_SUBTITLES = {True: 13, False: 15}  #: pixels, by whether the title is that of a small picture
_TITLE = 18  #: pixels of the title of one that is not
_MARGIN = 20  #: pixels: the padding before a title, and a little behind it

# Widths of letters in Liberation Sans, in parts of the font size, the seldom ones rounded up; bold ones are wider.
_LETTER, _CAPITAL, _IDEOGRAM, _BOLD = 0.54, 0.7, 1.0, 1.07
_LETTERS = (("iIjltfr.,:;'|!()[] /\N{NO-BREAK SPACE}", 0.29), ("mMwW%@—жмшщюыЖШЩЮЫ", 0.9))


@dataclass(frozen=True, slots=True)
class Palette:
    """Blue and orange differ for every kind of colour blindness, and in grey."""

    background: str
    ink: str
    quiet: str
    grid: str
    past: str
    fan: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette("#ffffff", "#16202c", "#5b6775", "#e4e8ed", "#1f5fa8", "#d9730d"),
    "dark": Palette("#10161d", "#eef2f6", "#9aa7b5", "#26303b", "#6fb1f5", "#f5a04c"),
}


def frame(
    palette: Palette, body: Specification, title: Specification | None = None, padding: int = 14
) -> Specification:
    """A whole specification around what is drawn: layers or panels, their data, and the size in pixels."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": palette.background,
        "padding": padding,
        "title": title,
        **body,
        "config": config(),
    }


def fit(width: int, height: int) -> Specification:
    """The size of a picture in pixels, with its axes, title and padding in it."""
    return {"width": width, "height": height, "autosize": {"type": "fit", "contains": "padding"}}


def config() -> Specification:
    """The font, and how numbers and days are written in the language that is spoken."""
    common = {"view": {"stroke": None}, "font": "Liberation Sans, Arial, sans-serif"}
    if spoken() == ENGLISH:
        return common
    from bellwether.core.i18n import babel_data  # Babel, which English does not need

    return common | {"locale": babel_data.chart_locale(spoken())}


def heading(
    palette: Palette, title: str, subtitles: Sequence[str], *, width: int = 0, size: int = _TITLE
) -> Specification:
    """A title above its subtitles, each in as many lines as a picture of this width needs; in one for a width of 0."""
    above = _lines([title], width, size * _BOLD)
    subtitle_size = _SUBTITLES[size < _TITLE]  # a phone shows a wide picture at two thirds of its size
    below = _lines(subtitles, width, subtitle_size)
    return {
        "text": above if len(above) > 1 else title,
        "subtitle": below if len(below) > 1 else below[0],
        "anchor": "start",
        "offset": 14,
        "fontSize": size,
        "subtitleFontSize": subtitle_size,
        "color": palette.ink,
        "subtitleColor": palette.quiet,
    }


def value_axis(palette: Palette, **more: Any) -> Specification:
    """An axis of amounts: quiet figures beside lines of a grid."""
    return {
        "title": None,
        "labelColor": palette.quiet,
        "labelFontSize": 13,
        "gridColor": palette.grid,
        "domain": False,
        "ticks": False,
        "tickCount": 6,
    } | more


def time_axis(palette: Palette, **more: Any) -> Specification:
    """An axis of days or quarters, below what is drawn."""
    return {
        "title": None,
        "labelColor": palette.quiet,
        "labelFontSize": 13,
        "domainColor": palette.grid,
        "tickColor": palette.grid,
    } | more


def amount(field: str) -> Specification:
    """The encoding of a field that is a price or another amount."""
    return {"field": field, "type": "quantitative"}


def text_width(text: str, size: float, *, is_bold: bool = False) -> float:
    """About how many pixels a text takes."""
    return sum(map(_letter_width, text)) * size * (_BOLD if is_bold else 1)


def layer(rows: list[dict[str, Any]], mark: Specification, **encoding: Any) -> Specification:
    """Some rows, drawn by one mark."""
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _lines(texts: Iterable[str], width: int, size: float) -> list[str]:
    """Texts broken between words; a word that is wider than the picture stands alone."""
    room = width - _MARGIN if width else math.inf
    lines = []
    for text in texts:
        first, *words = text.split(" ")
        lines.append(first)
        for word in words:
            longer = f"{lines[-1]} {word}"
            if text_width(longer, size) > room:
                lines.append(word)
            else:
                lines[-1] = longer
    return lines


def _letter_width(letter: str) -> float:
    for letters, width in _LETTERS:
        if letter in letters:
            return width
    if letter > "\N{CJK RADICAL REPEAT}":
        return _IDEOGRAM
    return _CAPITAL if letter.isupper() else _LETTER
