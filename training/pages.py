"""Generated pages: their templates in `templates/`, which hold every word, and numbers as they write them.

A template may break a paragraph anywhere; on the page it is one line.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from bellwether.charts.renderer import to_png


def percent(share: float, digits: int = 2, sign: bool = True) -> str:
    """`0.0169` as `+1.69 %`."""
    return f"{100 * share:{'+' if sign else ''}.{digits}f} %"


def share(value: float, digits: int = 1) -> str:
    """`0.788` as `78.8 %`."""
    return percent(value, digits, sign=False)


def between(interval: Sequence[float] | None, digits: int = 2, sign: bool = True) -> str:
    """`[+1.05, +2.33]`, in percent."""
    if not interval:
        return "[too few weeks]"
    low, high = (percent(end, digits, sign).removesuffix(" %") for end in interval)
    return f"[{low}, {high}]"


def figure(value: float | None, form: str = ",") -> str:
    """A number in a format of Python's, `-` where there is none."""
    return "-" if value is None else format(value, form)


def figures(interval: Sequence[float] | None, form: str) -> str:
    """`0.498, 0.521`."""
    return ", ".join(figure(end, form) for end in interval) if interval else "too few weeks"


def setting(value: Any) -> str:
    """A setting of a recipe in words."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {setting(part)}" for name, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def span_words(document: dict[str, Any]) -> str:
    """`the test span 2019-2021`."""
    if document["span"] == "other":
        return f"{document['first']} to {document['last']}"
    return f"the {document['span']} span {document['first'][:4]}-{document['last'][:4]}"


def row(*cells: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def heads(*names: str) -> str:
    """The first two rows of a Markdown table."""
    return row(*names) + "\n" + row(*["---"] * len(names))


def written(template: str, **content: Any) -> str:
    """The page of a template in the folder `templates`."""
    return unwrapped(_TEMPLATES.get_template(template).render(content))


def unwrapped(page: str) -> str:
    """The page with each line on the one before, unless it opens a row, an item, a heading, a picture or a comment.

    Between paragraphs stays one empty line, however many the parts of a template leave.
    """
    page = re.sub(r"\n{3,}", "\n\n", page)
    return re.sub(r"(?<!\n)\n *(?!\s|[|#!<]|[-*] |\Z)", " ", page)


def write_report(
    docs: Path, name: str, document: dict[str, Any], pictures: dict[str, dict[str, Any]], pages: dict[str, str]
) -> None:
    """Write the scores `document` as NAME.json, pictures (Vega-Lite) and pages by name into the folder `docs`."""
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    (docs / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for picture, specification in pictures.items():
        (images / f"{picture}.png").write_bytes(to_png(specification))
    for page, text in pages.items():
        (docs / f"{page}.md").write_text(text, encoding="utf-8")
    print(f"wrote {name}.json, {', '.join(f'{page}.md' for page in pages)} and {len(pictures)} pictures into {docs}")


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters |= {function.__name__: function for function in (percent, share, between, figure, figures, setting)}
_TEMPLATES.globals |= {function.__name__: function for function in (span_words, row, heads)}
