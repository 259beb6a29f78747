"""What is different from the forecast of the session before, in words. Pure: two forecasts in, text out, no markup."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

from bellwether import wording
from bellwether.types import Forecast

_SAME = 0.005  #: a width that changed by less is called the same
_MOSTLY = 0.75  #: of a change of width that must come from one side to be called its main part


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what is different since the session before."""

    what: str
    before: str
    now: str
    difference: str


def changes(before: Forecast, made: Forecast) -> list[Change]:
    """What the forecast says now and said then, looking as many sessions ahead."""
    was, now = (wording.money(one.last_close, made.currency, made.symbol) for one in (before, made))
    moved = made.last_close / before.last_close - 1
    points = round(100 * made.probability_of_growth) - round(100 * before.probability_of_growth)
    return [
        Change("Close", was, now, wording.signed_percent(moved)),
        Change("8-in-10 range", _spread(before), _spread(made), _wider(_widening(before, made))),
        Change(
            "Chance of a rise",
            wording.percent(before.probability_of_growth),
            wording.percent(made.probability_of_growth),
            f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points)} points" if points else "the same",
        ),
    ]


def causes(before: Forecast, made: Forecast) -> list[Change]:
    """What the forecast read now and read then: its own swings, the market's, its last month; those that are known."""
    old, new = before.explanation, made.explanation
    found = [_figures("Its own swings, a year", old.volatility, new.volatility, _one_digit)]
    if old.market_volatility is not None and new.market_volatility is not None:
        found.append(
            _figures("What the market expects (VIX), a year", old.market_volatility, new.market_volatility, _one_digit)
        )
    if old.recent_return is not None and new.recent_return is not None:
        found.append(_figures("Its last 21 sessions", old.recent_return, new.recent_return, wording.signed_percent))
    return found


def in_a_sentence(before: Forecast, made: Forecast) -> str:
    """What happened to the range, and which side it came from.

    The width is the plain rule's, which knows the recent swings alone, times what the model makes of everything else:
    so the change of its logarithm parts exactly into these two.
    """
    widening = _widening(before, made)
    if abs(log(widening)) < _SAME:
        return f"The range of {made.name} is as wide as a session ago: nothing that counts has changed."
    said = f"The range of {made.name} is {_wider(widening)} than a session ago"
    if before.problem is not None or made.problem is not None:
        return f"{said}, because its recent prices {'swung more' if widening > 1 else 'were calmer'}."
    whole = log(widening)
    rest = log(made.explanation.width_against_baseline / before.explanation.width_against_baseline)
    own = whole - rest
    if own / whole >= _MOSTLY:
        return f"{said}, mostly because its own recent prices {'swung more' if whole > 0 else 'were calmer'}."
    if rest / whole >= _MOSTLY:
        return (
            f"{said}, mostly for what the model reads beyond its recent swings: the market, and longer patterns of its "
            "prices."
        )
    return f"{said}: part of it for its own recent swings, part for the market and longer patterns of its prices."


def _widening(before: Forecast, made: Forecast) -> float:
    """The width of the 8-in-10 range now against then, in log returns; 1 where there was none."""
    old, new = (one.log_returns[5] - one.log_returns[1] for one in (before, made))
    return new / old if old > 0 and new > 0 else 1.0


def _spread(made: Forecast) -> str:
    return f"{wording.signed_percent(made.growths[1])} to {wording.signed_percent(made.growths[5])}"


def _wider(ratio: float) -> str:
    if abs(log(ratio)) < _SAME:
        return "as wide"
    return f"{wording.percent(abs(ratio - 1)) if abs(ratio - 1) >= _SAME else 'a little'} {_word(ratio)}"


def _word(ratio: float) -> str:
    return "wider" if ratio > 1 else "narrower"


def _figures(what: str, old: float, new: float, say: Callable[[float], str]) -> Change:
    was, now = say(old), say(new)
    return Change(what, was, now, "the same" if was == now else "up" if new > old else "down")


def _one_digit(fraction: float) -> str:
    return wording.percent(fraction, 1)
