"""Words that people say to each other, and under our messages, without asking anything. Pure.

Some are symbols as well (NICE, LOVE, COOL): four letters in capitals ask.
"""

from bellwether.core.i18n.translate import ENGLISH
from bot.understand.cues import SOCIAL
from bot.understand.meaning import Intent, Request
from bot.understand.understand import understand

_SHOUTED = 4  #: letters in capitals that may be a symbol; fewer are a shout, such as LOL and OK


#: what may stand before a name that calls somebody
_CALLS = frozenset(
    (
        *("hey", "hi", "hello", "yo", "dear", "please", "hallo", "moin", "servus", "bitte", "hola", "oye", "buenas"),
        *("por", "favor", "olá", "ola", "oi", "ei", "привет", "эй", "алло", "здравствуй", "здравствуйте"),
        "пожалуйста",
    )
)


def greets(text: str) -> bool:
    """Tell whether a text only calls somebody, as "hey" before a name does; True also for no words."""
    return _CALLS.issuperset(words_of(text))


def is_small_talk(text: str) -> bool:
    """Tell whether there are words, and none that ask for anything."""
    return bool(words_of(text)) and _intent(text) in SOCIAL


def words_of(text: str) -> list[str]:
    """Return the words in small letters."""
    return "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()


def _intent(text: str) -> Intent | None:
    understood = understand(text, ENGLISH, lambda name: name.isupper() and len(name) == _SHOUTED)
    return understood.intent if isinstance(understood, Request) else None
