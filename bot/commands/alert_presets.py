"""The thresholds that are offered as buttons for a new alert, or for an alert that is changed.

Those of forecasts were chosen from the sample market's forecasts of 2017 to 2021, 40 stocks: a middle outcome or a
chance that some stocks reach now and then, a loss that is not usual. A threshold that no forecast reaches would be an
alert that never comes; one that all pass would come at once.
"""

from collections.abc import Callable
from typing import NamedTuple

from bellwether.core.alert_types import Direction, RuleKind
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting.sentences import money, percent, signed_percent

_NEAR = (-0.10, -0.05, -0.02, 0.02, 0.05, 0.10)  #: price levels, as fractions of the last close
_MOVES = (0.02, 0.03, 0.05, 0.10)
_RARITIES = (0.05, 0.02, 0.01)


class OfForecasts(NamedTuple):
    """What is offered for one length of forecasts; growths and losses are simple returns."""

    growths_above: tuple[float, ...]  #: of the middle outcome
    growths_below: tuple[float, ...]
    chances_above: tuple[float, ...]  #: of a rise
    chances_below: tuple[float, ...]
    losses: tuple[float, ...]  #: that 1 in 20 outcomes exceed


_OF_FORECASTS = {  # the longest horizon in sessions for which they are
    2: OfForecasts((0.001,), (), (0.52, 0.53), (0.50, 0.49), (0.03, 0.05, 0.10)),
    7: OfForecasts((0.004, 0.005, 0.007), (0.001,), (0.55, 0.56, 0.57), (0.52, 0.51), (0.06, 0.10, 0.15)),
    15: OfForecasts((0.008, 0.010, 0.015), (0.003, 0.002), (0.57, 0.58, 0.59), (0.53, 0.52), (0.08, 0.12, 0.20)),
    42: OfForecasts((0.015, 0.020, 0.030), (0.006, 0.005), (0.60, 0.61, 0.62), (0.55, 0.54), (0.12, 0.18, 0.25)),
    63: OfForecasts((0.040, 0.050, 0.070), (0.020, 0.015), (0.65, 0.66, 0.67), (0.59, 0.57), (0.18, 0.25, 0.40)),
}


def of_forecasts(horizon: int) -> OfForecasts:
    """Return what is offered for forecasts over so many sessions, 1 to 63."""
    return _OF_FORECASTS[next(longest for longest in _OF_FORECASTS if horizon <= longest)]


def terms(threshold: float, direction: Direction | None) -> str:
    """Write the end of an action: THRESHOLD[:DIRECTION]; without a direction the threshold suggests it."""
    return f"{threshold:.6g}" if direction is None else f"{threshold:.6g}:{direction.value}"


def presets(kind: RuleKind, horizon: int, symbol: str, close: float, currency: str) -> list[tuple[str, str]]:
    """Return the label and the `terms` of each offered threshold; `close` is the last close as quoted."""
    offered = of_forecasts(horizon or 1)
    match kind:
        case RuleKind.PRICE:
            levels = [(float(f"{close * (1 + share):.4g}"), share) for share in _NEAR]
            return [
                (f"{money(level, currency, symbol)} ({signed_percent(share)})", terms(level, None))
                for level, share in levels
            ]
        case RuleKind.GROWTH:
            return _sides(offered.growths_above, offered.growths_below, signed_percent)
        case RuleKind.CHANCE:
            return _sides(offered.chances_above, offered.chances_below, percent)
        case RuleKind.RISK:
            return [(percent(share), terms(share, None)) for share in offered.losses]
        case RuleKind.UNUSUAL:
            return [(_("1 day in {days}").format(days=round(1 / share)), terms(share, None)) for share in _RARITIES]
        case RuleKind.EARNINGS:
            return [(_("Tell me the day before"), terms(0.5, None))]
        case RuleKind.MOVE:
            return [(percent(share), terms(share, None)) for share in _MOVES]


def _sides(
    above: tuple[float, ...], below: tuple[float, ...], written: Callable[[float], str]
) -> list[tuple[str, str]]:
    return [
        *((_("above {share}").format(share=written(share)), terms(share, Direction.ABOVE)) for share in above),
        *((_("below {share}").format(share=written(share)), terms(share, Direction.BELOW)) for share in below),
    ]
