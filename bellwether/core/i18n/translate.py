"""The language that is spoken now, and what is said in it: English, unless a chat speaks another.

use_language       the conversation sets it for each message, a tick for each chat that it writes to
| gettext          the sentence in that language, with its named placeholders still to be filled in
| said             a sentence that outlives the moment (a caveat, an error): English, until it is read in another one

The page, the API and the command line never set a language, and so speak English.
"""

import gettext as catalogues
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ENGLISH = "en"
#: those that can be chosen, each by the name that its speakers look for
LANGUAGES = {ENGLISH: "English", "es": "Español", "de": "Deutsch", "pt": "Português", "ru": "Русский"}
_ENGLISH = catalogues.NullTranslations()  #: every message as it is
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def spoken() -> str:
    """The language now, one of LANGUAGES."""
    return _spoken.get()


def nearest(code: str) -> str:
    """Ours for a code such as "de", "pt-BR" or "ru_RU.UTF-8"; English where we don't have it."""
    mother = re.split("[-_.@]", code.strip().lower(), maxsplit=1)[0]
    return mother if mother in LANGUAGES else ENGLISH


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """Speak this language until the block ends, in this thread or task alone."""
    before = _spoken.set(nearest(code))
    try:
        yield
    finally:
        _spoken.reset(before)


def gettext(message: str) -> str:
    """A message in the language that is spoken; in English where nobody has translated it."""
    return _catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """A message in the form that goes with a number: Russian has three."""
    return _catalogue().ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """A message that reads otherwise in another place, which `context` names for the translator."""
    return _catalogue().pgettext(context, message)


def _catalogue() -> catalogues.NullTranslations:
    language = _spoken.get()
    if language == ENGLISH:
        return _ENGLISH
    from bellwether.core.i18n.babel_data import catalogue  # Babel takes 30 ms, which English does not need

    return catalogue(language)


def N_(message: str) -> str:
    """Marks a message that is translated where it is used."""
    return message


class Said(str):
    """A text in English that can be read in every language.

    It may be kept, shared between chats, logged and written as JSON: all that is English. In an f-string, `format` and
    `translated` it is in the language of whoever is spoken to.
    """

    __slots__ = ("_count", "_fields", "_messages")
    _messages: tuple[str, ...]
    _fields: dict[str, object]
    _count: int

    def __format__(self, spec: str) -> str:
        """In the language that is spoken."""
        return format(translated(self), spec)


def said(message: str, /, **fields: object) -> Said:
    """A sentence with its placeholders filled in, now in English and later in any language."""
    return _said((message,), 1, fields)


def said_many(one: str, many: str, count: int, /, **fields: object) -> Said:
    """The same in the form that goes with a number."""
    return _said((one, many), count, fields)


def together(*sentences: str) -> str:
    """Sentences one after another, each of which can still be read in every language."""
    parts: dict[str, object] = {f"part{at}": sentence for at, sentence in enumerate(filter(None, sentences))}
    return _said((" ".join(f"{{{name}}}" for name in parts),), 1, parts)


def translated(text: object) -> str:
    """A text, or an error's, in the language that is spoken; as it is where nobody has translated it."""
    if isinstance(text, BaseException):
        text = text.args[0] if text.args else ""  # str() would only give its English
    if not isinstance(text, Said) or _spoken.get() == ENGLISH:
        return str(text)
    return _in_words(text._messages, text._count, text._fields)


def _said(messages: tuple[str, ...], count: int, fields: dict[str, object]) -> Said:
    if _spoken.get() == ENGLISH:
        made = Said(_in_words(messages, count, fields))
    else:
        with use_language(ENGLISH):
            made = Said(_in_words(messages, count, fields))
    made._messages, made._count, made._fields = messages, count, fields
    return made


def _in_words(messages: tuple[str, ...], count: int, fields: dict[str, object]) -> str:
    message = gettext(messages[0]) if len(messages) == 1 else ngettext(messages[0], messages[1], count)
    return message.format(**fields) if fields else message
