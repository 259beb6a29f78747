"""Words as a language spells them: slips of the finger and drawls mended. Pure."""

from bot.understand.language import Language
from bot.understand.lexicon import key_of, lexicon
from bot.understand.nearness import nearest
from bot.understand.words import shorter_spellings

_SHORTEST_WORD = 4  #: letters of a word that may be misspelt
_NEAR = 83  #: rapidfuzz ratio, 0 to 100, from which a word is taken for another of the language


def spelt(word: str, spoken: Language) -> str:
    """A word as the language spells it."""
    # a company that the market at hand lacks is spelt as it should be: "shell" is not "shells"
    if spoken.has(word) or not word.isalpha() or key_of(word) in lexicon().names:
        return word
    for shorter in shorter_spellings(word):
        if spoken.has(shorter):
            return shorter
    near = nearest_word(word, spoken)
    return near[0] if near is not None else word


def nearest_word(word: str, spoken: Language) -> tuple[str, float] | None:
    """The word of a language that a misspelt one nearly is, and how nearly."""
    if len(word) < _SHORTEST_WORD or not word.isalpha() or word in spoken.words["unlisted"]:
        return None
    near = nearest(word, spoken.whole_words, _NEAR, 3)
    # a slip adds or drops one letter, not two: "mercadona" is a company, and no "mercado"
    return next((choice for choice in near if abs(len(choice[0]) - len(word)) <= 1), None)
