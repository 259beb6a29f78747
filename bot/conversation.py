"""The conversation: a message or a button in, a reply out. It knows no Telegram; both faces hold it.

text   | command? bare symbol? | Command.answer    | Reply
action | verb and arguments    | the same answers  | Pressed
"""

import logging
from html import escape

from bellwether import queries
from bellwether.errors import BellwetherError, UnknownSymbol
from bellwether.parsing import parse_horizon
from bellwether.services import Services
from bot.commands import COMMANDS, Asker, forecast
from bot.keyboards import suggestions
from bot.replies import Pressed, Reply

_BY_NAME = {command.name: command for command in COMMANDS}
_LONGEST_MESSAGE = 200  #: characters that are looked at; no symbol, name or command is longer
log = logging.getLogger(__name__)


def knows(command: str) -> bool:
    """Whether "/forecast" is a command of ours."""
    return command.removeprefix("/").lower() in _BY_NAME


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The reply to a message. Never raises: what goes wrong is said kindly."""
    try:
        return _answer(services, asker, text)
    except UnknownSymbol as problem:
        return Reply(escape(str(problem)), buttons=suggestions(problem.suggestions))
    except BellwetherError as problem:
        log.info("Asked in vain: %s", problem.for_operator)
        return Reply(escape(str(problem)))
    except Exception:
        log.exception("A message could not be answered.")
        return Reply("Something went wrong on my side; it has been noted. Please try again in a little while.")


def press(services: Services, asker: Asker, action: str) -> Pressed:
    """The answer to a button. Never raises."""
    try:
        return _press(services, asker, action)
    except BellwetherError as problem:
        return Pressed(notice=str(problem))
    except Exception:
        log.exception("A button could not be answered.")
        return Pressed(notice="Something went wrong on my side; please try again in a little while.")


def _answer(services: Services, asker: Asker, text: str) -> Reply:
    if len(text) > _LONGEST_MESSAGE:
        return Reply("That is a long message for me. Send a symbol or a company's name, like AAPL; /help shows more.")
    words = text.strip()
    if not words.startswith("/"):
        return forecast.answer(services, asker, words)
    name, arguments = (*words[1:].split(maxsplit=1), "", "")[:2]
    command = _BY_NAME.get(name.partition("@")[0].lower())
    if command is None:
        return Reply(f"I don't know the command /{escape(name[:32])}. /help shows what you can ask.")
    return command.answer(services, asker, arguments)


def _press(services: Services, asker: Asker, action: str) -> Pressed:
    verb, _, rest = action.partition(":")
    symbol, _, sessions = rest.partition(":")
    if verb == "ask" and symbol:
        return Pressed(reply=forecast.answer(services, asker, symbol))
    if verb not in {"forecast", "watch", "unwatch"} or not symbol or not sessions:
        return Pressed(notice="This button is from an older version of me. Please ask again with /forecast.")
    horizon = parse_horizon(sessions)
    notice = ""
    if verb == "watch":
        queries.watch(services, asker.chat_id, symbol, asker.language)
        live = services.provider.live
        notice = f"You get a digest of {symbol} every evening." if live else f"{symbol} is on your list now."
    elif verb == "unwatch":
        queries.unwatch(services, asker.chat_id, symbol)
        notice = f"No more digests of {symbol}."
    return Pressed(notice=notice, edit=forecast.show(services, asker, symbol, horizon))
