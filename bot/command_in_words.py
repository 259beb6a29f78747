"""A command with a sentence after it: "/forecast apple next week", "/alerts tell me when apple falls 5%".

What stands after a command is a symbol or a name, as its file says. Only where it is neither, and as a sentence surely
names a stock that is here, it is taken as one, for the command's own intent.
"""

from collections.abc import Callable
from dataclasses import replace

from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.translate import ENGLISH, spoken
from bellwether.market.symbols.names_typed import names_typed
from bot import requests
from bot.commands.alert_typed import read_alert
from bot.commands.base import ChatContext
from bot.commands.stock_typed import question_and_horizon
from bot.replies import Reply
from bot.understand.language import language
from bot.understand.meaning import Intent, Request
from bot.understand.understand import understand
from bot.understand.words import words_of

_ALERT = "alert me:"  #: English, which is understood in every chat
_INTENTS = {
    "forecast": Intent.FORECAST,
    "watch": Intent.WATCH,
    "why": Intent.WHY,
    "alerts": Intent.ALERT,
    "track": Intent.TRACK,
    "growth": Intent.GROWTH,
    "risk": Intent.RISK,
}


def in_words(chat: ChatContext, command: str, text: str) -> Callable[[], Reply] | None:
    """Return what answers a command whose text is a sentence; None where it is what the command takes. Raises nothing.

    A name that had to be corrected is none: then the command asks back.
    """
    if command not in _INTENTS or len(text.split()) < 2 or not _is_no_name(chat, command, text):
        return None
    asked = _understood(chat, text)
    if command == "alerts" and asked is not None and asked.intent is not Intent.ALERT:
        asked = _understood(chat, f"{_ALERT} {text}")  # only then is it looked at for what an alert needs
        if asked is not None and asked.intent is not Intent.ALERT:
            return None
    if asked is None or not _is_all_understood(chat, text, asked):
        return None
    if command == "risk" and _has_doubtful_name(text, asked):
        return None
    intended = replace(asked, intent=_INTENTS[command], follows=False)
    return lambda: requests.answer_of(chat, intended)


def _understood(chat: ChatContext, text: str) -> Request | None:
    understood = understand(text, spoken(), lambda name: requests.is_known(name, chat.services.universe))
    return understood if isinstance(understood, Request) and understood.stocks else None


def _is_all_understood(chat: ChatContext, text: str, asked: Request) -> bool:
    """Tell whether the stocks are here, called as they are, and all other words are of a language."""
    stocks = [name for each in (asked, *asked.beside_it) for name in each.stocks]
    named = {word.folded for name in stocks for word in words_of(name)}
    words = [word.folded for word in words_of(text)]
    languages = language(spoken()), language(ENGLISH)
    return (
        all(requests.is_known(name, chat.services.universe) for name in stocks)
        and named <= set(words)
        and all(
            any(spoken_here.has(word) for spoken_here in languages)
            for word in words
            if word not in named and word.isalpha()
        )
    )


def _has_doubtful_name(text: str, asked: Request) -> bool:
    """Tell whether a rare word stands among the names: it may be a stock, which would be left out unsaid."""
    plain = {word.folded for name in (*asked.stocks, asked.said) for word in words_of(name)}
    for spoken_here in (language(spoken()), language(ENGLISH)):
        plain.update(*(spoken_here.words[section] for section in ("common", "joiners", "pairs", "filler")))
    return any(word.folded not in plain for word in words_of(text) if word.folded.isalpha())


def _is_no_name(chat: ChatContext, command: str, text: str) -> bool:
    """Tell whether a text of several words is neither a name with at most a horizon nor what the command takes."""
    if command == "alerts":
        try:
            if read_alert(text).kind is not None:
                return False
        except BellwetherError:  # it has a kind, and something else that is wrong
            return False
    try:
        question, _horizon = question_and_horizon(chat.services.universe, text)
    except BellwetherError:  # "5%" is no horizon, but may be part of a sentence
        return command == "alerts"
    names = names_typed(question, chat.services.universe)
    by_words = not {",", ";"} & set(question)  # "apple and microsoft next month" has an "and", and is a sentence
    unread = by_words and any(" " in name and not requests.is_known(name, chat.services.universe) for name in names)
    several = len(set(question.casefold().split())) > 1 and (len(names) == 1 or unread)
    reading = requests.reading_of(text, chat.services.universe)
    return several and (reading is None or not reading.candidates)
