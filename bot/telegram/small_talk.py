# ruff: noqa: RUF001
"""Words that people of the chat's languages say to each other, and under our messages, without asking anything. Pure.

Some are symbols as well (NICE, LOVE, COOL): what is written in capitals asks, but for what people like to shout.
"""


def greets(text: str) -> bool:
    """Tell whether a text only calls somebody, as "hey" before a name does; True also for no words."""
    return _GREETINGS.issuperset(words_of(text))


def is_small_talk(text: str) -> bool:
    """Tell whether there are words, and none that could name anything."""
    words = words_of(text)
    return bool(words) and (_SHOUTED if text.isupper() else _SAID).issuperset(words)


def words_of(text: str) -> list[str]:
    """Return the words in small letters."""
    return "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_GREETINGS = _set(
    "hey hi hello yo dear please",
    "hallo moin servus bitte",
    "hola oye buenas por favor",
    "olá ola oi ei",
    "привет эй алло здравствуй здравствуйте пожалуйста",
)
_SHOUTED = _set("ok okay lol lmao rofl omg wtf haha hahaha thx thanks thank you wow yes no hi hey hello")
_SAID = (
    _GREETINGS
    | _SHOUTED
    | _set(
        "ty u so very much a lot k yep yeah nope nah nice cool great good bot one job work well love it this sure",
        "right true hmm bye welcome awesome perfect amazing",
        "danke dir dank vielen schön sehr gut super ja nein doch genau toll prima gerne tschüss",
        "gracias muchas muy bien sí si vale genial bueno jaja jajaja adiós perfecto",
        "obrigado obrigada muito obg valeu sim não nao legal ótimo bom kkk kkkk rsrs tchau perfeito",
        "спасибо большое спс да нет ок окей круто класс хорошо отлично супер ага понял поняла лол пока",
    )
)
