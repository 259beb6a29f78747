"""Which language a whole sentence is surely written in. Pure."""

from bellwether.core.i18n.translate import LANGUAGES
from bot.understand.language import language
from bot.understand.words import words_of

_FEWEST = 3  #: words that must be of the other language, for fewer may be a name or a word of any language
_ENOUGH = 0.7  #: share of the words that must be so
_MOST_OF_OURS = 0.4  #: share of the words up to which the chat's own language is out of the question
_MARGIN = 0.15  #: by which any third language must have fewer


def other_tongue(text: str, chat_language: str) -> str | None:
    """Return the code of the language of a sentence where it is surely another than the chat's, else None.

    The others are only looked at, and loaded, where the sentence is hardly in the chat's own.
    """
    words = [word.folded for word in words_of(text) if word.folded.replace("-", "").isalpha()]
    if len(words) < _FEWEST or _share(words, chat_language) > _MOST_OF_OURS:
        return None
    shares = sorted(((_share(words, code), code) for code in LANGUAGES if code != chat_language), reverse=True)
    (best, code), (second, _) = shares[:2]
    sure = best >= _ENOUGH and best * len(words) >= _FEWEST and best - second >= _MARGIN
    return code if sure else None


def _share(words: list[str], code: str) -> float:
    spoken = language(code)
    return sum(spoken.has(word) for word in words) / len(words)
