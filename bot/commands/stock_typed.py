"""Stocks as people type them: "AAPL 10d", "AAPL MSFT", "coca cola, apple"; a question back where one is not clear."""

import re
from collections.abc import Callable, Sequence
from html import escape

from bellwether.ask.forecasts import resolve
from bellwether.core.errors import AmbiguousSymbol, BellwetherError, UnknownSymbol
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import translated
from bellwether.core.parsing import DEFAULT_HORIZON, UNITS, parse_horizon
from bellwether.market.symbols.match import is_whole_name, read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services
from bot.keyboards import choices, near_matches
from bot.replies import Button, Reply

_ENDS_IN_HORIZON = re.compile(rf"(.*\S) ([+.,-]?[0-9]\S*(?: (?:{UNITS}))?)", re.IGNORECASE | re.DOTALL)
_COMMAS = re.compile("[,;]")


def question_and_horizon(universe: Universe, text: str) -> tuple[str, int]:
    """Split as `split_horizon` does, but keep names such as "S&P 500" and "CAC 40" whole. Raises BadHorizon."""
    words = " ".join(text.split())
    return (words, DEFAULT_HORIZON) if is_whole_name(words, universe) else split_horizon(words)


def split_horizon(text: str) -> tuple[str, int]:
    """Split a text into a question and a horizon in sessions: its last words, where they begin like a number.

    A lone "3m" is a company, not a horizon. Raises BadHorizon.
    """
    words = " ".join(text.split())
    match = _ENDS_IN_HORIZON.fullmatch(words.rstrip("?! "))
    return (match[1], parse_horizon(match[2])) if match else (words, DEFAULT_HORIZON)


def parted(text: str) -> list[str]:
    """Split at commas where there are any, else at spaces; each part once."""
    parts = _COMMAS.split(text) if _COMMAS.search(text) else text.split()
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def parted_by_presence(services: Services, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of what is here, or may be, and of what this market surely has not. Raises MarketDataError."""
    here: list[str] = []
    lacking: list[str] = []
    for name in names:
        try:
            resolve(services, name)
        except UnknownSymbol:
            lacking.append(name)
        except AmbiguousSymbol:
            here.append(name)
        else:
            here.append(name)
    return here, lacking


def names_stock(services: Services, text: str) -> bool:
    """Tell whether a text surely names a stock, or several to choose from. Never raises."""
    try:
        question, _horizon = question_and_horizon(services.universe, text)
        reading = read(clean_question(question), services.universe)
        if reading.candidates:
            return reading.sure
        resolve(services, question)
    except AmbiguousSymbol:
        return True
    except BellwetherError:
        return False
    return True


def or_ask_back(answer: Callable[[], Reply], action: str) -> Reply:
    """Return the answer, or the question of `ask_back` where it is not clear which instrument is meant."""
    try:
        return answer()
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, action)


def ask_back(problem: AmbiguousSymbol | UnknownSymbol, action: str) -> Reply:
    """Ask which instrument is meant. `action` is what a button sends, with {} for its symbol: "ask:{}:10"."""
    if isinstance(problem, AmbiguousSymbol):
        return Reply(escape(translated(problem.question)), buttons=choices(problem.candidates, action))
    near = near_matches(problem.suggestions, problem.offered, action)
    return Reply(escape(problem.for_person), buttons=near or ((Button(_("All stocks"), "symbols"),),))
