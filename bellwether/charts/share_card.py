"""What a messenger shows beside a link: a picture of 1200 by 630 with the name of the service, the day and, of sample
data, that it is a sample."""

from typing import Any

from bellwether.charts import kit
from bellwether.charts.kit import Palette, Specification

BRAND = "Bellwether"
_LEFT, _TITLE = 44, 38  #: pixels from the left edge, and of the title's letters
_LINE = 46  #: pixels from one line of the title to the next
#: a past that rises and falls, and a range that opens from its end: x, and the ends of the range
_PAST = ((0, 18), (60, 28), (120, 20), (190, 36), (250, 30))
_FAN = ((250, 30, 30), (512, 2, 58))


def words_card(title: list[str], sentence: str, foot: str) -> Specification:
    """A page without a chart of its own: its title in lines, what it is in a sentence, and `foot` at the bottom."""
    palette = kit.PALETTES["light"]
    width, height = kit.SIZES["card"]
    below = 78 + _LINE * len(title)
    layers = [
        _text([BRAND], 26, 22, palette.past, bold=True),
        _text(title, 64, _TITLE, palette.ink, bold=True),
        _text([sentence], below, 17, palette.quiet),
        _text([foot], height - 34, 16, palette.quiet),
        *_sketch(palette, height - 104),
    ]
    scale: Specification = {"type": "linear", "nice": False, "zero": False}
    place = {
        "x": {"field": "x", "type": "quantitative", "axis": None, "scale": scale | {"domain": [0, width]}},
        "y": {
            "field": "y",
            "type": "quantitative",
            "axis": None,
            "scale": scale | {"domain": [0, height], "reverse": True},
        },
    }
    return kit.frame(palette, kit.fit(width, height) | {"encoding": place, "layer": layers}, padding=0)


def branded(chart: Specification, foot: str) -> Specification:
    """A chart with a title, and under it whose it is and `foot`."""
    title: dict[str, Any] = dict(chart["title"])
    subtitle = title["subtitle"]
    lines = [subtitle] if isinstance(subtitle, str) else list(subtitle)
    return chart | {"title": title | {"subtitle": [*lines, f"{BRAND} · {foot}"]}}


def _text(lines: list[str], y: float, size: int, colour: str, *, bold: bool = False) -> Specification:
    mark = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "fontSize": size,
        "color": colour,
        "fontWeight": "bold" if bold else "normal",
    }
    rows = [{"x": _LEFT, "y": y + _LINE * at, "text": line} for at, line in enumerate(lines)]
    return kit.layer(rows, mark, text={"field": "text"})


def _sketch(palette: Palette, top: float) -> list[Specification]:
    """What the service draws, without any figure."""
    past = [{"x": _LEFT + x, "y": top + y} for x, y in _PAST]
    fan = [{"x": _LEFT + x, "y": top + high, "y2": top + low} for x, high, low in _FAN]
    return [
        kit.layer(fan, {"type": "area", "color": palette.fan, "opacity": 0.35}, y2={"field": "y2"}),
        kit.layer(past, {"type": "line", "color": palette.past, "strokeWidth": 4}),
    ]
