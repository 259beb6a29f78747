"""The conversation: a message or a button in, a reply out. It knows no Telegram; both faces hold it.

text   | command? bare symbol?   | Command.answer | Reply
action | verb and its arguments  | Press.answer   | Pressed
"""

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape

from bellwether.core.errors import AmbiguousSymbol, BellwetherError, UnknownSymbol
from bellwether.core.i18n.translate import N_, Said, said, use_language
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chat_wishes
from bellwether.services import Services
from bot.commands import COMMANDS, ChatContext, forecast, settings
from bot.commands.base import LONGEST, Given, StaleButton, Who
from bot.commands.clarify import ask_back
from bot.replies import Pressed, Reply

_BY_NAME = {command.name: command for command in COMMANDS}
_VERBS = {verb: press for command in COMMANDS for verb, press in command.presses.items()}
_ADMINS_ONLY = said(
    "In a group only its admins can change or see that. In a private chat with me you are your own admin."
)
_RIGHTS_UNKNOWN = said(
    "Telegram did not tell me who the admins of this group are, so I can't do that now. Please try again in a minute."
)
_WRONG = said("Something went wrong on my side; it has been noted. Please try again in a little while.")
_LONG = said("That is a long message for me. Send a symbol or a company's name, like AAPL; /help shows more.")
_NOTHING = said("I see nothing in that message. Send a symbol or a company's name, like AAPL; /help shows more.")
_UNKNOWN = N_("I don't know the command /{command}. /help shows what you can ask.")
#: characters that show nothing though Unicode counts them as letters, marks and signs: fillers, selectors, a blank cell
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
_MOST_WORDS = 8  #: of a company's name and a horizon; more are a sentence
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs"}  #: Unicode's kinds of controls, formats and separators
_NEVER = re.compile("[\x00\ud800-\udfff]")  #: NUL and halves of characters: no text that is sent may have them
log = logging.getLogger(__name__)


def knows(command: str) -> bool:
    """Whether "/forecast" is a command of ours."""
    return command.removeprefix("/").lower() in _BY_NAME


def matters_who_asks(text: str) -> bool:
    """Whether the answer to a command depends on its being sent by an admin of its group."""
    command = _BY_NAME.get(_split(visible(text))[0])
    return command is not None and command.who is not Who.ANYBODY


def matters_who_presses(action: str) -> bool:
    """The same for a button."""
    press = _VERBS.get(action.partition(":")[0])
    return press is not None and press.who is not Who.ANYBODY


def visible(text: str) -> str:
    """A text from the first character on that a person sees: some keyboards begin with marks that are not seen."""
    return next((text[start:] for start, letter in enumerate(text) if _shows(letter)), "")


def understands(services: Services, text: str) -> bool:
    """Whether a text is surely a question to us, and no word in passing. Never raises."""
    words = _clean(visible(text)).strip()
    if words.startswith("/"):
        return knows(_split(words)[0])
    return len(words.split()) <= _MOST_WORDS and forecast.names_stock(services, words)


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The reply to a message. Never raises: what goes wrong is said kindly."""
    with speaking(services, asker) as known:
        try:
            return _answer(services, known, text)
        except (AmbiguousSymbol, UnknownSymbol) as problem:  # of a command that does not go on by itself
            return ask_back(problem, "ask:{}")
        except BellwetherError as problem:
            log.info("Asked in vain: %s", problem.for_operator)
            return Reply(escape(problem.for_person))
        except Exception:
            log.exception("A message could not be answered.")
            return Reply(f"{_WRONG}")


def press(services: Services, asker: ChatContext, action: str) -> Pressed:
    """The answer to a button. Never raises."""
    with speaking(services, asker) as known:
        try:
            return _press(services, known, action)
        except BellwetherError as problem:
            return Pressed(notice=problem.for_person)
        except Exception:
            log.exception("A button could not be answered.")
            return Pressed(notice=f"{_WRONG}")


def only_text(services: Services, asker: ChatContext) -> Reply:
    """The reply to a picture, a voice, a sticker."""
    with speaking(services, asker):
        return Reply(
            _("I can only read text. Send me a symbol or a company's name, like <b>AAPL</b>; /help shows more.")
        )


def too_old(services: Services, asker: ChatContext) -> str:
    """The notice for a button of a message that Telegram does not show us any more."""
    with speaking(services, asker):
        return _("This message is too old for its buttons. Please ask again with /forecast.")


def at_place(services: Services, asker: ChatContext, latitude: float, longitude: float) -> Reply:
    """The reply to a place on the map, in degrees north and east: its clock is the chat's now. Never raises."""
    with speaking(services, asker):
        try:
            return settings.at_place(services, asker, latitude, longitude)
        except BellwetherError as problem:
            return Reply(escape(problem.for_person))
        except Exception:
            log.exception("A place could not be answered.")
            return Reply(f"{_WRONG}")


@contextmanager
def speaking(services: Services, asker: ChatContext) -> Iterator[ChatContext]:
    """Within the block we speak the language that the chat chose, else that of whoever asks.

    The asker comes back with all that the chat prefers: it is read once for each message.
    """
    preferences = chat_wishes.preferences(services.store, asker.chat_id)
    with use_language(preferences.language or asker.language):
        yield replace(asker, preferences=preferences)


def _answer(services: Services, asker: ChatContext, text: str) -> Reply:
    words = _clean(visible(text)).strip()
    if not words:
        return Reply(f"{_NOTHING}")
    name, arguments = _split(words) if words.startswith("/") else ("", words)
    command = _BY_NAME.get(name)
    if len(arguments) > (command.longest if command is not None else LONGEST):
        return Reply(f"{_LONG}")
    if not words.startswith("/"):
        return forecast.answer(services, asker, words)
    if command is None:
        printable = "".join(letter if letter.isprintable() else "?" for letter in name[:32])
        return Reply(_(_UNKNOWN).format(command=escape(printable)))
    if command.who is Who.ADMINS and not asker.may_change:
        return Reply(f"{_not_allowed(asker)}")
    return command.answer(services, asker, arguments)


def _press(services: Services, asker: ChatContext, action: str) -> Pressed:
    verb, *arguments = _clean(action).split(":")
    press = _VERBS.get(verb)
    if press is None:
        raise StaleButton
    if press.who is Who.ADMINS and not asker.may_change:
        return Pressed(notice=f"{_not_allowed(asker)}")
    return press.answer(services, asker, Given(tuple(arguments)))


def _clean(text: str) -> str:
    """What came, as text that can be sent back within an answer."""
    return _NEVER.sub("\N{REPLACEMENT CHARACTER}", text)


def _shows(letter: str) -> bool:
    """Whether a person sees it: spaces, separators, marks of direction and the like are not seen."""
    return unicodedata.category(letter) not in _UNSEEN and _BLANK.match(letter) is None


def _split(words: str) -> tuple[str, str]:
    """ "/Forecast@our_bot AAPL" as ("forecast", "AAPL")."""
    call, arguments = (*words.strip()[1:].split(maxsplit=1), "", "")[:2]
    return call.partition("@")[0].lower(), arguments


def _not_allowed(asker: ChatContext) -> Said:
    """Why somebody who is not known to be an admin may not do it."""
    return _ADMINS_ONLY if asker.rights_known else _RIGHTS_UNKNOWN
