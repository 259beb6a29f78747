"""What people say in their own words, led to the command for it.

text | a symbol or a whole name?   | /forecast, as exactly as it was typed
     | understand: intent, stocks  | the answer of the command for it
     | not understood              | three likely ones to press
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from string import punctuation

from bellwether.ask import forecasts
from bellwether.core.alert_types import Direction, RuleKind
from bellwether.core.errors import BadSymbol, BellwetherError
from bellwether.core.i18n.translate import spoken
from bellwether.forecasting import chance_beyond
from bellwether.forecasting.bad_case import bad_case
from bellwether.market.symbols.match import Reading, read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.spellings import is_code_and_country
from bellwether.market.symbols.universe import Universe
from bot import alerts_asked, courtesies, number_typed, several_asked
from bot.commands import (
    COMMANDS,
    alert_removal,
    alerts,
    compare,
    explain,
    forecast,
    growth,
    last_miss,
    limits,
    my_data,
    next_report,
    risk,
    settings,
    stop,
    targets,
    today,
    track,
    watchlist,
    watchlist_emptied,
    why,
)
from bot.commands.base import LONGEST, ChatContext, Command, Who
from bot.commands.stock_typed import question_and_horizon
from bot.follow_ups import completed
from bot.horizon_asked import horizon_asked
from bot.horizon_told import only_ahead, with_horizon_told
from bot.replies import Reply
from bot.understand.meaning import Intent, Request, Topic
from bot.understand.number_alone import number_alone
from bot.understand.request_of import WHOLE_MARKET
from bot.understand.tongue import other_tongue
from bot.understand.understand import Unclear, understand

_IN_HOURS = re.compile(r"\S+ \d+ ?h(?:rs?)?", re.IGNORECASE)  #: "AAPL 2h", which is no horizon
_MARKS_WITHIN = frozenset("^$=:.")  #: what symbols are written with, and hardly a word
_END_MARKS = punctuation.replace("^", "").replace("$", "") + "¿¡…“”„«»"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message leads."""

    answer: Callable[[ChatContext], Reply]
    who: Who = Who.ANYBODY
    takes_number: bool = False  #: it may be the threshold of the alert just shown


def longest(chat: ChatContext, text: str) -> int:
    """Return how many characters of a plain message are looked at."""
    return targets.LONGEST_ADDRESS if targets.is_address(chat, text) else LONGEST


def route(chat: ChatContext, text: str) -> Route:
    """Find where a plain message leads, in the language that is spoken. Nothing is looked up elsewhere."""
    if targets.is_code(chat, text):
        return Route(lambda chat: targets.prove(chat, text), Who.ADMINS)
    if targets.is_address(chat, text):
        return Route(lambda chat: targets.add(chat, text), Who.ADMINS)
    universe = chat.services.universe
    if (number := number_alone(text, spoken())) is not None and not _is_named(text, universe, chat):
        who = alerts.COMMAND.who if number_typed.is_at_hand(chat) else Who.ANYBODY
        return Route(lambda chat: number_typed.answer(chat, number, text), who, takes_number=True)
    if _is_code(text) and not text[:1].isdigit():
        return _as_typed(text)
    understood = understand(text, spoken(), lambda name: is_known(name, universe))
    if _is_code(text) and not (isinstance(understood, Request) and understood.follows):  # "10d" goes on, "3M" is asked
        return _as_typed(text)
    reading = reading_of(text, universe)
    if isinstance(understood, Unclear):
        guessed = _guessed(text, understood, reading)
        return replace(guessed, answer=lambda chat: _in_their_tongue(chat, text, guessed.answer(chat)))
    of_names = understood.intent in {Intent.FORECAST, Intent.COMPARE} and not understood.follows
    if of_names and (_is_one_name(text, reading) or (reading is None and _IN_HOURS.fullmatch(text.strip(" ?!.")))):
        return _as_typed(text)
    handle, command = _HANDLERS[understood.intent]
    who = command.who if command is not None else Who.ANYBODY
    return Route(lambda chat: _in_their_tongue(chat, text, handle(chat, completed(chat, understood)), understood), who)


def _in_their_tongue(chat: ChatContext, text: str, reply: Reply, understood: Request | None = None) -> Reply:
    """Offer to answer in the language of a sentence, where the chat has not chosen another."""
    is_setting = understood is not None and understood.intent is Intent.SETTINGS
    if is_setting or chat.preferences.language is not None or not chat.may_change:
        return reply
    code = other_tongue(text, spoken(), understood.stocks if understood is not None else ())
    if code is None:
        return reply
    return courtesies.with_opening(settings.offer_to_speak(reply, code), settings.speaks_too(code))


def _as_typed(text: str) -> Route:
    return Route(lambda chat: forecast.answer(chat, text))


def _guessed(text: str, unclear: Unclear, reading: Reading | None) -> Route:
    """Return what becomes of a text that is no sentence: perhaps a stock whose name is a word, else likely requests."""
    if reading is None or not reading.candidates:
        return Route(lambda chat: courtesies.unclear(unclear.likely))
    if reading.sure and len(reading.candidates) == 1 and len(text.split()) == 1 and not text.isupper():
        stock = reading.candidates[0]
        return Route(lambda chat: courtesies.perhaps(stock.symbol, stock.name))
    return _as_typed(text)


def _is_code(text: str) -> bool:
    """Tell whether a text is one word written as symbols are, or a code and its country: BRK.B, $AAPL, 700 HK."""
    word = text.strip().rstrip(_END_MARKS)
    if " " in word:
        return is_code_and_country(word) and any(letter.isdigit() for letter in word)
    return any(letter.isdigit() or letter in _MARKS_WITHIN for letter in word) and word.isascii()


def reading_of(text: str, universe: Universe) -> Reading | None:
    """Return what all of a text but its horizon may name, as far as is known here."""
    try:
        return read(clean_question(question_and_horizon(universe, text)[0]), universe)
    except BellwetherError:
        return None


def _is_named(text: str, universe: Universe, chat: ChatContext) -> bool:
    """Tell whether a text with a number is a stock: "3M" always, "7203" where no alert waits for a number."""
    reading = reading_of(text, universe)
    named = reading is not None and bool(reading.candidates)
    return named and (any(letter.isalpha() for letter in text) or not number_typed.is_at_hand(chat))


def is_known(name: str, universe: Universe) -> bool:
    """Tell whether a name surely is that of a stock here, or of several to choose from."""
    try:
        reading = read(clean_question(name), universe)
    except BadSymbol:
        return False
    return bool(reading.candidates) and reading.sure


def _is_one_name(text: str, reading: Reading | None) -> bool:
    """Tell whether a text is a name or a symbol and at most a horizon, which /forecast reads more exactly."""
    return reading is not None and (bool(reading.candidates) or (text.isupper() and len(text.split()) == 1))


def answer_of(chat: ChatContext, asked: Request) -> Reply:
    """Answer what was understood. Raises what the command for it does."""
    handle, _command = _HANDLERS[asked.intent]
    return handle(chat, asked)


# ---- one handler for each intent


def _forecast(chat: ChatContext, asked: Request) -> Reply:
    if asked.topic is Topic.MARKET:
        return courtesies.nobody_knows(_index(chat, asked))
    horizon = horizon_asked(chat.services, asked)
    if not asked.stocks:
        return courtesies.which_stock(chat, f"ask:{{}}:{horizon.sessions}")
    if len(asked.stocks) > 1:
        return several_asked.compare(chat, asked)
    if asked.past or horizon.is_past:
        return only_ahead(chat, asked)
    reply = with_horizon_told(forecast.ask(chat, asked.stocks[0], horizon.sessions), horizon)
    if asked.topic is Topic.LOSS and reply.chart is not None:
        amount = float(asked.amount) if asked.amount else None
        made = forecasts.answer(chat.services, asked.stocks[0], horizon.sessions).forecast
        worst = bad_case(made, amount, asked.money)
        return courtesies.with_opening(reply, escape(worst)) if worst else reply
    if asked.topic is Topic.ELSEWHERE:
        return courtesies.by_evening(reply)
    if asked.topic is Topic.CHANCE and reply.chart is not None:
        made = forecasts.answer(chat.services, asked.stocks[0], horizon.sessions).forecast
        above, size = asked.direction is Direction.ABOVE, float(asked.amount.rstrip("%"))
        change = size / 100 if above else -size / 100
        growth = size / made.last_close - 1 if asked.kind is RuleKind.PRICE else change
        return courtesies.with_opening(reply, escape(chance_beyond.sentence(made, growth, above=above)))
    return courtesies.which_way(reply) if asked.topic is Topic.DIRECTION else reply


def _index(chat: ChatContext, asked: Request) -> Reply | None:
    """Return the range of the index that stands for the market; None where it is not served here."""
    if not chat.services.universe.serves(WHOLE_MARKET):
        return None
    horizon = horizon_asked(chat.services, asked)
    return with_horizon_told(forecast.ask(chat, WHOLE_MARKET, horizon.sessions), horizon)


def _advice(chat: ChatContext, asked: Request) -> Reply:
    if not asked.stocks and asked.follows:
        return courtesies.no_advice_on_which(chat)
    if asked.topic is Topic.HOLDING and len(asked.stocks) > 1:
        return several_asked.holdings(chat, asked)
    ahead = replace(asked, past="")  # "bought two weeks ago" is of the purchase
    reply = courtesies.no_advice(chat, _forecast(chat, ahead) if asked.stocks else None)
    return courtesies.for_holder(reply) if asked.topic is Topic.HOLDING else reply


def _unalert(chat: ChatContext, asked: Request) -> Reply:
    everything, last = asked.topic is Topic.ALL, asked.topic is Topic.LAST
    return alert_removal.in_sentence(chat, asked.stocks, asked.amount, everything=everything, last=last)


def _watch(chat: ChatContext, asked: Request) -> Reply:
    if not asked.stocks:
        return courtesies.which_stock(chat, "add:{}")
    reply = watchlist.watch(chat, ", ".join(asked.stocks))
    return courtesies.by_evening(reply) if asked.topic is Topic.ELSEWHERE else reply


def _unwatch(chat: ChatContext, asked: Request) -> Reply:
    if not asked.stocks:
        return courtesies.which_stock(chat, "drop:{}")
    return watchlist.unwatch_each(chat, asked.stocks)


def _why(chat: ChatContext, asked: Request) -> Reply:
    horizon = horizon_asked(chat.services, asked)
    if not asked.stocks:
        return courtesies.which_stock(chat, f"why:{{}}:{horizon.sessions}")
    return with_horizon_told(why.ask(chat, asked.stocks[0], horizon.sessions), horizon)


def _report(chat: ChatContext, asked: Request) -> Reply:
    if asked.topic is Topic.MINE and not asked.stocks:
        return next_report.of_watchlist(chat)
    if len(asked.stocks) > 1:
        return next_report.of_several(chat, asked.stocks)
    return next_report.ask(chat, asked.stocks[0]) if asked.stocks else courtesies.which_stock(chat, "report:{}")


def _explain(chat: ChatContext, asked: Request) -> Reply:
    if asked.topic is Topic.LIMITS:
        return limits.limits()
    return limits.source(chat) if asked.topic is Topic.SOURCE else explain.about(chat, asked.topic)


def _track(chat: ChatContext, asked: Request) -> Reply:
    if asked.topic is Topic.MISS:
        return last_miss.ask(chat, asked.stocks[0] if asked.stocks else "", asked.horizon)
    reply = track.ask(chat, asked.stocks[0] if asked.stocks else "", asked.horizon)
    return courtesies.as_a_whole(reply, asked.past) if asked.past else reply


def _growth(chat: ChatContext, asked: Request) -> Reply:
    return growth.answer(chat, asked.stocks[0]) if asked.stocks else courtesies.which_stock(chat, "growth:{}")


def _help(chat: ChatContext, asked: Request) -> Reply:
    return courtesies.ourselves() if asked.topic is Topic.SELF else _HELP.answer(chat, "")


def _settings(chat: ChatContext, asked: Request) -> Reply:
    return settings.speak(chat, asked.language) if asked.language else settings.answer(chat, "")


_HELP = next(command for command in COMMANDS if command.name == "help")
_Handler = Callable[[ChatContext, Request], Reply]
#: how each intent is answered, and the command whose rights it needs
_HANDLERS: dict[Intent, tuple[_Handler, Command | None]] = {
    Intent.HELLO: (lambda chat, asked: courtesies.hello(chat), None),
    Intent.THANKS: (lambda chat, asked: courtesies.thanks(chat, mere_nod=asked.topic is Topic.NOD), None),
    Intent.SORRY: (lambda chat, asked: courtesies.excused(), None),
    Intent.RUDE: (lambda chat, asked: courtesies.scolded(), None),
    Intent.BYE: (lambda chat, asked: courtesies.bye(chat), None),
    Intent.HELP: (_help, _HELP),
    Intent.LIST: (lambda chat, asked: watchlist.listed(chat, ""), watchlist.LIST),
    Intent.STOP: (lambda chat, asked: stop.answer(chat, ""), stop.COMMAND),
    Intent.EMPTY: (lambda chat, asked: watchlist_emptied.ask(chat), watchlist.UNWATCH),
    Intent.DELETE: (lambda chat, asked: my_data.delete(chat, ""), my_data.DELETE),
    Intent.SETTINGS: (_settings, settings.COMMAND),
    Intent.FORECAST: (_forecast, forecast.COMMAND),
    Intent.ADVICE: (_advice, forecast.COMMAND),
    Intent.COMPARE: (several_asked.compare, compare.COMMAND),
    Intent.RISK: (several_asked.risk, risk.COMMAND),
    Intent.ALERT: (alerts_asked.answer, alerts.COMMAND),
    Intent.ALERTS: (lambda chat, asked: alerts.answer(chat, ""), alerts.COMMAND),
    Intent.UNALERT: (_unalert, alerts.COMMAND),
    Intent.WATCH: (_watch, watchlist.WATCH),
    Intent.UNWATCH: (_unwatch, watchlist.UNWATCH),
    Intent.TRACK: (_track, track.COMMAND),
    Intent.TODAY: (lambda chat, asked: today.answer(chat, ""), today.COMMAND),
    Intent.WHY: (_why, why.COMMAND),
    Intent.GROWTH: (_growth, growth.COMMAND),
    Intent.REPORT: (_report, growth.COMMAND),
    Intent.TARGETS: (alerts_asked.where_to, alerts.COMMAND),
    Intent.EXPLAIN: (_explain, explain.COMMAND),
}
