"""Where the words of a drawn chart lie: each text's ends, as wide as the drawing library says it is."""

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

import vl_convert

_SHIFT = re.compile(r"translate\(([-\d.e]+),([-\d.e]+)\)")
_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}  #: the part of a text that lies left of its place


def words_outside(specification: dict[str, Any]) -> list[str]:
    """The texts that a canvas of the specification's width cuts at its left or right edge."""
    root = ElementTree.fromstring(_drawn(json.dumps(specification)))
    width = float(root.attrib["width"])
    assert width == specification["width"]
    return [text.written for text in _texts(root, 0.0, 0.0) if text.left < -0.5 or text.right > width + 0.5]


def words_that_touch(specification: dict[str, Any]) -> list[tuple[str, str]]:
    """Pairs of texts of one line that leave no space between each other."""
    root = ElementTree.fromstring(_drawn(json.dumps(specification)))
    seen = sorted({(round(text.bottom), text.left, text.right, text.written) for text in _texts(root, 0.0, 0.0)})
    return [
        (text, after)
        for (line, _, right, text), (next_line, left, _, after) in pairwise(seen)
        if line == next_line and left < right + 2
    ]


@lru_cache(maxsize=1)
def _drawn(specification: str) -> str:
    """The picture of a chart, which is asked two questions one after the other."""
    svg: str = vl_convert.vegalite_to_svg(specification)
    return svg


class _Text(NamedTuple):
    written: str
    left: float
    right: float
    bottom: float


def _texts(node: ElementTree.Element, left: float, top: float) -> Iterator[_Text]:
    """Every text that is seen, with its ends in pixels."""
    shift = _SHIFT.match(node.get("transform", ""))
    left += float(shift[1]) if shift else 0.0
    top += float(shift[2]) if shift else 0.0
    if node.tag.endswith("}text") and node.get("opacity") != "0":
        style = (node.attrib["font-family"], float(node.attrib["font-size"][:-2]), node.get("font-weight", "normal"))
        lines = [line for part in node.iter() if (line := (part.text or "").strip())]
        for at, line in enumerate(lines):
            width = _width(line, *style)
            start = left - _BEFORE[node.get("text-anchor", "start")] * width
            yield _Text(line, start, start + width, top + at * style[1])
        return
    for child in node:
        yield from _texts(child, left, top)


@cache
def _width(text: str, font: str, size: float, weight: str) -> float:
    """How wide the library draws a text: as wide as a picture of nothing else."""
    look = {"text": text, "font": font, "fontSize": size, "fontWeight": weight}
    mark = {"type": "text", "encode": {"enter": {name: {"value": value} for name, value in look.items()}}}
    alone = {"$schema": "https://vega.github.io/schema/vega/v6.json", "width": 0, "height": 0, "marks": [mark]}
    drawn = ElementTree.fromstring(vl_convert.vega_to_svg(json.dumps(alone | {"autosize": "pad", "padding": 0})))
    return float(drawn.attrib["width"])
