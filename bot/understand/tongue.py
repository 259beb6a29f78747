"""Which language a message is surely written in. Pure."""

from collections.abc import Sequence

from bellwether.core.i18n.translate import LANGUAGES
from bot.understand.language import language
from bot.understand.words import words_of

_FEWEST = 3  #: words that must be of the other language; fewer only where each is of that one and of no other
_SPANISH, _SPANISH_MARKS = "es", "¿¡"  #: and no other of ours is written with these
_ENOUGH = 0.7  #: share of the words that must be so
_MOST_OF_OURS = 0.4  #: share of the words up to which the chat's own language is out of the question
_MARGIN = 0.15  #: by which any third language must have fewer


def other_tongue(text: str, chat_language: str, names: Sequence[str] = ()) -> str | None:
    """Return the code of the language of a sentence where it is surely another than the chat's, else None.

    `names` are those of companies in it, which are of no language. The others are only looked at, and loaded, where
    the sentence is hardly in the chat's own. A word or two are enough where no other language has them.
    """
    named = {word.folded for name in names for word in words_of(name)}
    words = [word.folded for word in words_of(text) if word.folded.replace("-", "").isalpha()]
    words = [word for word in words if word not in named]
    if not words or _share(words, chat_language) > _MOST_OF_OURS * (len(words) >= _FEWEST):
        return None
    if len(words) < _FEWEST:
        having = [code for code in LANGUAGES if _share(words, code) == 1]
        if _SPANISH in having and any(mark in text for mark in _SPANISH_MARKS):
            return _SPANISH
        return having[0] if len(having) == 1 else None
    shares = sorted(((_share(words, code), code) for code in LANGUAGES if code != chat_language), reverse=True)
    (best, code), (second, _) = shares[:2]
    sure = best >= _ENOUGH and best * len(words) >= _FEWEST and best - second >= _MARGIN
    return code if sure else None


def _share(words: list[str], code: str) -> float:
    spoken = language(code)
    return sum(spoken.has(word) for word in words) / len(words)
