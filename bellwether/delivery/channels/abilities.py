"""What a channel can show, and texts rendered for that from what rows keep, Telegram's simplest HTML. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from html import escape
from html.parser import HTMLParser
from typing import ClassVar

from bellwether.core.split_html import split_html

_NO_LIMIT = 10**9


class Markup(Enum):
    """How a text is marked."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


class PicturePlace(Enum):
    """Where a chart can stand."""

    NONE = "none"
    APART = "apart"  #: in a message of its own, which has no words
    CAPTIONED = "captioned"  #: in a message of its own, with what it shows in words
    INSIDE = "inside"  #: in the text


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can."""

    markup: Markup = Markup.PLAIN
    length: int = _NO_LIMIT  #: UTF-16 units of a text that surely fit one message, whatever marking it adds
    pictures: PicturePlace = PicturePlace.NONE
    buttons: bool = False  #: what leads to a page can look like a button; else it is a line of the text
    replies: bool = False  #: an answer can stand under what it answers; else it begins with a line of that

    @property
    def takes_html(self) -> bool:
        """Whether a text is handed over as HTML."""
        return self.markup is Markup.HTML


def parts(text: str, abilities: Abilities) -> list[str]:
    """A text as the messages that a channel sends of it, each rendered."""
    return [rendered(part, abilities.markup) for part in split_html(text, abilities.length)]


def rendered(text: str, markup: Markup) -> str:
    """A text of Telegram's simplest HTML in another markup."""
    renderer = _RENDERERS[markup]()
    renderer.feed(text)
    renderer.close()
    return renderer.written().strip()


def first_line(text: str) -> str:
    """The first line of a text that says anything, without its marks; empty where none does."""
    lines = (line.strip() for line in rendered(text, Markup.PLAIN).splitlines())
    return next(filter(None, lines), "")


class _Renderer(HTMLParser):
    """Writes what it reads: words without their marks, an address behind what leads there."""

    _MARKS: ClassVar[dict[str, str]] = {}  #: around what a tag is around

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._link = ""  #: the address of the link that is open
        self._in_code = False

    def written(self) -> str:
        return "".join(self._pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_code = self._in_code or tag == "code"
        self._link = (dict(attrs).get("href") or "") if tag == "a" else self._link
        self._pieces.append(self._MARKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_code = self._in_code and tag != "code"
        self._pieces.append(self._MARKS.get(tag, ""))
        if tag == "a" and self._link:
            if self._pieces[-2:-1] != [self._link]:
                self._pieces.append(f": {self._link}")
            self._link = ""

    def handle_data(self, data: str) -> None:
        # an address is no text: it must stay as it is
        self._pieces.append(data if data == self._link else self._words(data))

    def _words(self, data: str) -> str:
        return data


class _Markdown(_Renderer):
    """As Discord reads it."""

    _MARKS: ClassVar[dict[str, str]] = {"b": "**", "i": "*", "u": "__", "s": "~~", "code": "`"}
    _MEANT: ClassVar = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_~|<>[]#-"})

    def _words(self, data: str) -> str:
        return data.replace("`", "'") if self._in_code else data.translate(self._MEANT)


class HtmlRenderer(_Renderer):
    """As a browser reads it: line by line."""

    _TAGS = frozenset({"b", "i", "u", "s", "code", "pre", "blockquote"})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._link = dict(attrs).get("href") or ""
            self._pieces.append(f'<a href="{escape(self._link)}">')
        elif tag in self._TAGS:
            self._pieces.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" or tag in self._TAGS:
            self._pieces.append(f"</{tag}>")
        self._link = "" if tag == "a" else self._link

    def handle_data(self, data: str) -> None:
        self._pieces.append(escape(self._words(data), quote=False).replace("\n", "<br>\n"))


_RENDERERS: dict[Markup, Callable[[], _Renderer]] = {
    Markup.PLAIN: _Renderer,
    Markup.MARKDOWN: _Markdown,
    Markup.HTML: HtmlRenderer,
}
