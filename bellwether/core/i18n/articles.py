"""The article before a name, where a language sets one: "the S&P 500 index", in Portuguese "a Apple" and "o S&P 500".

A translation asks for it: {name:the} is the name with its article, {name:of} the name after "of", which Portuguese and
Spanish melt into the article ("da Apple", "del S&P 500") and German replaces by it ("des S&P 500"). A plain {name} is
the bare name.
"""

import re

from bellwether.core.i18n.translate import ENGLISH, spoken

_COMPANY = {"pt": ("a", "da"), "es": ("", "de"), "de": ("", "von")}
_ANYTHING_ELSE = {"pt": ("o", "do"), "es": ("el", "del"), "de": ("", "von")}
_INDEX = _ANYTHING_ELSE | {"de": ("der", "des"), "en": ("the", "of the")}
_UNNAMED = {"pt": ("", "de"), "es": ("", "de"), "de": ("", "von")}
_NO_COMPANY = re.compile(r".*(=[XF]|-[A-Z]{3})$")  #: symbols of currencies, futures and coins
#: in names of indices and funds, and of banks, which are masculine too
_MASCULINE = re.compile(r"\b(index|etf|fund|fundo|trust|bank|banco)\b", re.IGNORECASE)
_ENGLISH_WORD = " index"  #: at the end of their names


class Named(str):
    """A name that knows its articles; everywhere else it is the plain text."""

    __slots__ = ("_symbol",)
    _symbol: str

    def __format__(self, spec: str) -> str:
        """With the article of the language that is spoken for "the" and "of"; the bare name where it has none."""
        if spec not in {"the", "of"}:
            return format(without_english(str(self)), spec)
        bare = without_english(str(self))
        word = self._articles()[spec == "of"]
        return f"{word} {bare}".strip()

    def _articles(self) -> tuple[str, str]:
        if self == self._symbol:
            table = _UNNAMED
        elif self._symbol.startswith("^"):
            table = _INDEX
        elif _NO_COMPANY.match(self._symbol) or _MASCULINE.search(self):
            table = _ANYTHING_ELSE
        else:
            table = _COMPANY
        return table.get(spoken(), ("", ""))


def without_english(name: str) -> str:
    """The name of an index without the English word for what it is, where another language is spoken."""
    return name if spoken() == ENGLISH else name.removesuffix(_ENGLISH_WORD)


def with_articles(name: str, symbol: str) -> Named:
    """The name of what trades under a symbol, for a message that may ask for its article."""
    made = Named(name)
    made._symbol = symbol
    return made
