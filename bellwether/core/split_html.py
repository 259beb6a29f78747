"""A long text as several messages, each within a limit and with whole markup."""

import re
from collections.abc import Iterator

LONGEST = 4096  #: UTF-16 units of a message, counted after its markup is read
_TAG = re.compile(r"</?[a-z]+[^>]*>")
_TOKEN = re.compile(r"<(/?)([a-z]+)[^>]*>|&(?:#x?[0-9a-fA-F]+|[a-z]+);|\s+|[^<&\s]+|.", re.DOTALL)


def split_html(text: str, longest: int = LONGEST) -> list[str]:
    """Split a text into parts of at most `longest` UTF-16 units, at a paragraph, else a line, a space, anywhere.

    Tags that are open where a part ends are closed there, and opened again in the next. White space at a break is lost.
    """
    if utf16_length(text) <= longest:  # with its markup still in: the usual case, and certainly short enough
        return [text]
    parts: list[str] = []
    part = _Part(())
    for token in _tokens(text, longest):
        while part.units + token.units > longest:
            rest = part.cut()
            parts.append(part.closed())
            part = _Part(part.open_at_end())
            for moved in rest:
                part.add(moved)
        part.add(token)
    parts.append(part.closed())
    return [part for part in parts if _TAG.sub("", part).strip()]


def utf16_length(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Token:
    """A tag, a character reference, a word or white space."""

    def __init__(self, match: re.Match[str]) -> None:
        self.text, self.name = match[0], match[2]
        self.closes = match[1] == "/"
        self.is_space = match[0].isspace()
        #: how good a place to break it is: 3 between paragraphs, 2 between lines, 1 between words, 0 for no place
        self.gap = (1 + min(match[0].count("\n"), 2)) if self.is_space else 0
        # a reference is one character, of two units at the most
        self.units = 0 if self.name else 2 if match[0].startswith("&") and len(match[0]) > 1 else utf16_length(match[0])


class _Part:
    """One message in the making; `opening` are the tags it begins inside of."""

    def __init__(self, opening: tuple[_Token, ...]) -> None:
        self._opening = opening
        self._tokens: list[_Token] = []
        self.units = 0

    def add(self, token: _Token) -> None:
        """Append, but for white space at the beginning."""
        if token.is_space and self.units == 0:
            return
        self._tokens.append(token)
        self.units += token.units

    def cut(self) -> list[_Token]:
        """End the part at its last paragraph in the second half, else line or space there; return the rest."""
        for least in (3, 2, 1):
            units = 0
            for at in range(len(self._tokens) - 1, -1, -1):
                token = self._tokens[at]
                units += token.units
                if units > self.units / 2:
                    break
                if token.gap >= least:
                    rest = self._tokens[at + 1 :]
                    del self._tokens[at:]
                    return rest
        return []

    def open_at_end(self) -> tuple[_Token, ...]:
        """Return the tags that are open after the last token."""
        stack = list(self._opening)
        for token in self._tokens:
            if token.closes and stack:
                stack.pop()
            elif token.name and not token.closes:
                stack.append(token)
        return tuple(stack)

    def closed(self) -> str:
        """Return the part as whole HTML."""
        inner = "".join(token.text for token in (*self._opening, *self._tokens))
        return inner.rstrip() + "".join(f"</{token.name}>" for token in reversed(self.open_at_end()))


def _tokens(text: str, longest: int) -> Iterator[_Token]:
    """Yield the tokens, words longer than a message in pieces."""
    for match in _TOKEN.finditer(text):
        token = _Token(match)
        if token.units <= longest:
            yield token
            continue
        piece = longest // 2  # characters: each has two units at the most
        for start in range(0, len(match[0]), piece):
            part = _TOKEN.match(match[0][start : start + piece])
            assert part is not None  # the pattern matches every text
            yield _Token(part)
