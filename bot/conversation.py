"""The conversation: a message or a button in, a reply out. It knows no Telegram; both faces hold it.

text   | command? bare symbol?   | Command.answer          | Reply
action | verb and its arguments  | Press.answer            | Pressed
file   | its name, its content   | watchlist_file.received | Reply
"""

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape

from bellwether.core.errors import AmbiguousSymbol, BadFile, BellwetherError, UnknownSymbol
from bellwether.core.i18n.translate import N_, Said, said, use_language
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chat_wishes
from bellwether.market.holdings.kinds import refuse_by_name
from bot import requests
from bot.command_in_words import in_words
from bot.commands import COMMANDS, ChatContext, settings, watchlist_file
from bot.commands.base import LONGEST, Given, StaleButton, Who
from bot.commands.stock_typed import ask_back, names_stock
from bot.replies import Pressed, Reply

_BY_NAME = {command.name: command for command in COMMANDS}
_VERBS = {verb: press for command in COMMANDS for verb, press in command.presses.items()}
_ADMINS_ONLY = said(
    "In a group only its admins can change or see that. For yourself alone, write to me in a private chat."
)
_RIGHTS_UNKNOWN = said(
    "Telegram did not tell me who the admins of this group are, so I can't do that now. Please try again in a minute."
)
_WRONG = said("Something went wrong on my side; it has been noted. Please try again in a little while.")
_LONG = said("That is a long message for me. Send a ticker or a company's name, like AAPL; /help shows more.")
_NOTHING = said("I see nothing in that message. Send a ticker or a company's name, like AAPL; /help shows more.")
_UNKNOWN = N_("I don't know the command /{command}. /help shows what you can ask.")
#: characters that show nothing though Unicode counts them as letters, marks and signs: fillers, selectors, a blank cell
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
_MOST_WORDS = 8  #: of a company's name and a horizon; more are a sentence
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs"}  #: Unicode's kinds of controls, formats and separators
_NEVER = re.compile("[\x00\ud800-\udfff]")  #: NUL and halves of characters: no text that is sent may have them
log = logging.getLogger(__name__)


def knows(command: str) -> bool:
    """Tell whether "/forecast" is one of our commands."""
    return command.removeprefix("/").lower() in _BY_NAME


def matters_who_asks(text: str) -> bool:
    """Tell whether the answer to a command depends on whether an admin of the group sent it."""
    command = _BY_NAME.get(_split(visible(text))[0]) if visible(text).startswith("/") else None
    return command is not None and command.who is not Who.ANYBODY


def matters_who_says(chat: ChatContext, text: str) -> bool:
    """Tell the same for what somebody says in their own words. Never raises."""
    words = _clean(visible(text)).strip()
    if not words or words.startswith("/") or len(words) > requests.longest(chat, words):
        return False
    with speaking(chat) as known:
        return requests.route(known, words).who is not Who.ANYBODY


def matters_who_presses(action: str) -> bool:
    """Tell the same for a button."""
    press = _VERBS.get(action.partition(":")[0])
    return press is not None and press.who is not Who.ANYBODY


def visible(text: str) -> str:
    """Return the text from its first visible character on: some keyboards begin with invisible marks."""
    return next((text[start:] for start, letter in enumerate(text) if _shows(letter)), "")


def understands(chat: ChatContext, text: str) -> bool:
    """Tell whether a text is surely a question to us rather than talk among people. Never raises."""
    words = _clean(visible(text)).strip()
    if words.startswith("/"):
        return knows(_split(words)[0])
    return len(words.split()) <= _MOST_WORDS and names_stock(chat.services, words)


def answer(chat: ChatContext, text: str) -> Reply:
    """Answer a message. Never raises: an error becomes a friendly reply."""
    with speaking(chat) as known:
        return _kindly(lambda: _answer(known, text))


def at_place(chat: ChatContext, latitude: float, longitude: float) -> Reply:
    """Set the chat's clock to that of a place, in degrees north and east. Never raises."""
    with speaking(chat) as known:
        return _kindly(lambda: settings.at_place(known, latitude, longitude))


def read_file(chat: ChatContext, content: bytes, name: str) -> Reply:
    """Say what a file with a list of stocks was read as, and offer to watch them. Never raises."""
    with speaking(chat) as known:
        return _kindly(lambda: watchlist_file.received(known, content, name))


def refused_file(chat: ChatContext, name: str, size: int | None) -> Reply | None:
    """Answer a file that need not be fetched, for its name or size tells enough; None for one to be read."""
    with speaking(chat):
        try:
            refuse_by_name(name, size)
        except BadFile as problem:
            return Reply(escape(problem.for_person))
    return None


def file_not_given(chat: ChatContext) -> Reply:
    """Answer a file that the face could not fetch."""
    with speaking(chat):
        return Reply(_("Telegram did not give me that file. Please send it once more."))


def _kindly(find: Callable[[], Reply]) -> Reply:
    try:
        return find()
    except (AmbiguousSymbol, UnknownSymbol) as problem:  # of a command that does not go on by itself
        return ask_back(problem, "ask:{}")
    except BellwetherError as problem:
        log.info("A message is answered by an error: %s", problem.for_operator)
        return Reply(escape(problem.for_person))
    except Exception:
        log.exception("A message could not be answered.")
        return Reply(f"{_WRONG}")


def press(chat: ChatContext, action: str) -> Pressed:
    """Answer a button. Never raises."""
    with speaking(chat) as known:
        try:
            return _press(known, action)
        except BellwetherError as problem:
            return Pressed(notice=problem.for_person)
        except Exception:
            log.exception("A button could not be answered.")
            return Pressed(notice=f"{_WRONG}")


def only_text(chat: ChatContext) -> Reply:
    """Answer a picture, a voice message or a sticker."""
    with speaking(chat):
        return Reply(
            _(
                "I can only read text, and lists of stocks as CSV files. Send me a ticker or a company's name, like "
                "<b>AAPL</b>; /help shows more."
            )
        )


def too_old(chat: ChatContext) -> str:
    """Answer a button of a message that Telegram does not show us any more."""
    with speaking(chat):
        return _("This message is too old for its buttons. Please ask again with /forecast.")


@contextmanager
def speaking(chat: ChatContext) -> Iterator[ChatContext]:
    """Speak the language that the chat chose within the block, else that of the person.

    Yields the context with the preferences of the chat, which are read once for each message.
    """
    preferences = chat_wishes.preferences(chat.services.store, chat.chat_id)
    with use_language(preferences.language or chat.language):
        yield replace(chat, preferences=preferences)


def _answer(chat: ChatContext, text: str) -> Reply:
    words = _clean(visible(text)).strip()
    if not words:
        return Reply(f"{_NOTHING}")
    name, arguments = _split(words) if words.startswith("/") else ("", words)
    command = _BY_NAME.get(name)
    longest = LONGEST if words.startswith("/") else requests.longest(chat, words)
    if len(arguments) > (command.longest if command is not None else longest):
        return Reply(f"{_LONG}")
    if not words.startswith("/"):
        route = requests.route(chat, words)
        if not route.takes_number:
            chat.services.memory.forget_alert(chat.asker)  # a number further on would be of something else
        return route.answer(chat) if _may(chat, route.who) else Reply(f"{_not_allowed(chat)}")
    if command is None:
        printable = "".join(letter if letter.isprintable() else "?" for letter in name[:32])
        return Reply(_(_UNKNOWN).format(command=escape(printable)))
    chat.services.memory.forget_alert(chat.asker)
    if not _may(chat, command.who):
        return Reply(f"{_not_allowed(chat)}")
    sentence = in_words(chat, command.name, arguments)
    return sentence() if sentence is not None else command.answer(chat, arguments)


def _press(chat: ChatContext, action: str) -> Pressed:
    verb, *arguments = _clean(action).split(":")
    press = _VERBS.get(verb)
    if press is None:
        raise StaleButton
    if not _may(chat, press.who):
        return Pressed(notice=f"{_not_allowed(chat)}")
    if len(arguments) not in press.takes:
        raise StaleButton
    chat.services.memory.forget_alert(chat.asker)
    answered = press.answer(chat, Given(tuple(arguments)))
    return answered if isinstance(answered, Pressed) else Pressed(reply=answered)


def _clean(text: str) -> str:
    """Replace characters that cannot be sent back within an answer."""
    return _NEVER.sub("\N{REPLACEMENT CHARACTER}", text)


def _shows(letter: str) -> bool:
    return unicodedata.category(letter) not in _UNSEEN and _BLANK.match(letter) is None


def _split(words: str) -> tuple[str, str]:
    """ "/Forecast@our_bot AAPL" as ("forecast", "AAPL")."""
    call, arguments = (*words.strip()[1:].split(maxsplit=1), "", "")[:2]
    return call.partition("@")[0].lower(), arguments


def _may(chat: ChatContext, who: Who) -> bool:
    return who is not Who.ADMINS or chat.may_change


def _not_allowed(chat: ChatContext) -> Said:
    return _ADMINS_ONLY if chat.rights_known else _RIGHTS_UNKNOWN
