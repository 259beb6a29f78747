"""A message that is a number and hardly more: "155", "$1,234.50", "7 %", "make it 160". Pure."""

import re

from bellwether.core.i18n.translate import ENGLISH, LANGUAGES
from bot.understand.amounts import Amount, amounts
from bot.understand.language import Language, language
from bot.understand.words import Word, words_of

_MOST_WORDS = 8  #: more are a sentence
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")  #: spaces between them, but in English
_SIGNS = re.compile("[$€£¥₽]")  #: of money, before or after it


def number_alone(text: str, chat_language: str) -> Amount | None:
    """Return the one amount of a message that says nothing besides but "make it", else None.

    What parts thousands and decimals is as the language of the words has it, of a bare number that of the chat.
    """
    plain = _SIGNS.sub("", text)
    if len(plain.split()) > _MOST_WORDS or not any(letter.isdigit() for letter in plain):
        return None
    for code in _codes(plain, chat_language):
        spoken = language(code)
        words = words_of(plain if code == ENGLISH else _THOUSANDS.sub("", plain))
        found = amounts(words, [True] * len(words), spoken, code)
        if len(found) == 1 and _says_no_more(words[: found[0].start], words[found[0].stop :], spoken):
            return found[0]
    return None


def _codes(text: str, chat_language: str) -> tuple[str, ...]:
    """The languages that may be meant: of a bare number only the chat's."""
    worded = any(letter.isalpha() for letter in text)
    return tuple(dict.fromkeys((chat_language, ENGLISH, *LANGUAGES))) if worded else (chat_language,)


def _says_no_more(before: tuple[Word, ...], after: tuple[Word, ...], spoken: Language) -> bool:
    """Whether only words such as "make it" and "please" stand around the number."""
    return all(_is_beside([word.folded for word in words], spoken) for words in (before, after))


def _is_beside(words: list[str], spoken: Language) -> bool:
    at = 0
    while at < len(words):
        stops = (stop for stop in range(min(len(words), at + 4), at, -1))
        known = spoken.words["instead"] | spoken.words["filler"]
        stop = next((stop for stop in stops if " ".join(words[at:stop]) in known), None)
        if stop is None:
            return False
        at = stop
    return True
