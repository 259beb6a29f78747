"""Alerts as people type them: "AAPL risk 10%", "apple price above 200", "TSLA chance below 40% 1m once". Pure."""

import re
from dataclasses import dataclass, replace
from datetime import date

from bellwether.core.alert_types import FORECASTS, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.errors import BadRule
from bellwether.core.i18n.translate import said, together
from bellwether.core.parsing import DEFAULT_HORIZON, UNITS, parse_date, parse_horizon, parse_price, parse_share

_KINDS = {kind.value: kind for kind in RuleKind} | {
    "median": RuleKind.GROWTH,
    "probability": RuleKind.CHANCE,
    "loss": RuleKind.RISK,
    "close": RuleKind.PRICE,
    "moves": RuleKind.MOVE,
}
_SIDES = {
    **dict.fromkeys(("above", "over", "reaches", ">", "up"), Direction.ABOVE),
    **dict.fromkeys(("below", "under", "<", "down"), Direction.BELOW),
    **dict.fromkeys(("either", "both"), Direction.EITHER),
}
_HORIZON = re.compile(rf"[0-9]{{1,6}}(?:{UNITS})", re.IGNORECASE)
_NO_THRESHOLD = frozenset({RuleKind.EARNINGS, RuleKind.UNUSUAL})
EXAMPLES = "/alerts AAPL price 200, /alerts AAPL risk 10%, /alerts AAPL move 5%"


@dataclass(frozen=True, slots=True)
class Typed:
    """A new alert as typed; it may be incomplete."""

    question: str  #: which symbol
    kind: RuleKind | None = None
    wish: RuleRequest | None = None  #: None while something is missing that has to be chosen
    horizon: int = DEFAULT_HORIZON  #: sessions


def read_alert(text: str) -> Typed:
    """Read a new alert. The last word that names a kind ends the symbol: "t rowe price price 100" works.

    Raises BadRule, BadHorizon or BadDate for a part that can't be read.
    """
    words = text.split()
    at = next((at for at in range(len(words) - 1, 0, -1) if words[at].lower() in _KINDS), None)
    if at is None and words[0].lower() in _KINDS and len(words) > 1:
        raise BadRule(said("Which stock? For example: {examples}.", examples=EXAMPLES))
    if at is None:
        return Typed(" ".join(words))
    kind = _KINDS[words[at].lower()]
    wish = read_terms(RuleRequest(kind), words[at + 1 :])
    complete = wish.threshold is not None or kind in _NO_THRESHOLD
    return Typed(" ".join(words[:at]), kind, wish if complete else None, wish.horizon)


def read_terms(wish: RuleRequest, words: list[str]) -> RuleRequest:
    """Change the terms of a request by words: "above 5% 1m once until 2026-12-31". Raises as `read_alert`."""
    left = list(words)
    amount: list[str] = []
    while left:
        word = left.pop(0)
        plain = word.lower().rstrip(",")
        if plain in _SIDES:
            wish = replace(wish, direction=_SIDES[plain])
        elif plain in {"once", "again"}:
            wish = replace(wish, repeat=Repeat.ONCE if plain == "once" else Repeat.AGAIN)
        elif plain in {"until", "till"}:
            wish = replace(wish, expires=_day(left))
        elif _HORIZON.fullmatch(plain) and wish.kind in FORECASTS:
            wish = replace(wish, horizon=parse_horizon(plain))
        elif plain not in {"by", "at", "of", "to", "than", "in", "day"}:
            amount.append(word)
    if not amount:
        return wish
    typed = " ".join(amount)
    return replace(wish, threshold=_amount(wish.kind, typed))


def _amount(kind: RuleKind, typed: str) -> float:
    if kind is RuleKind.EARNINGS:
        raise BadRule(said("An alert before earnings needs no number: /alerts AAPL earnings."))
    try:
        return parse_price(typed) if kind is RuleKind.PRICE else parse_share(typed)
    except BadRule as problem:
        raise BadRule(together(problem.args[0], said("For example: {examples}.", examples=EXAMPLES))) from None


def _day(left: list[str]) -> date:
    if not left:
        raise BadRule(said("Until when? Please give a day, such as until 2026-12-31."))
    return parse_date(left.pop(0))
