"""How a chat can hear less often of what a rule waits for: a threshold that is passed less often. Pure."""

from bellwether.core.alert_types import AlertRule, Direction, RuleKind

_FARTHER = (1.5, 2.0)  #: times the threshold, for figures that count from zero
_PRICES = (0.02, 0.05)  #: farther away, as fractions of the level
_HIGHEST_CHANCE = 0.95
_POINTS = (0.05, 0.10)  #: of a chance


def quieter_thresholds(rule: AlertRule, close: float) -> list[float]:
    """Thresholds at which a rule would fire less often, the nearest first; none for reports, which are four a year.

    `close` is the last one as quoted: a level lies beyond it.
    """
    threshold, up = rule.threshold, rule.direction is not Direction.BELOW
    if rule.kind is RuleKind.EARNINGS:
        return []
    if rule.kind is RuleKind.UNUSUAL:
        return [float(f"{threshold / times:.2g}") for times in _FARTHER]
    if rule.kind is RuleKind.PRICE:
        nearest = max(threshold, close) if up else min(threshold, close)
        return [float(f"{nearest * (1 + share if up else 1 - share):.4g}") for share in _PRICES]
    if rule.kind is RuleKind.CHANCE:
        farther = [round(threshold + points if up else threshold - points, 2) for points in _POINTS]
        return [chance for chance in farther if 1 - _HIGHEST_CHANCE <= chance <= _HIGHEST_CHANCE]
    if (threshold > 0) is not up:  # below +2 %: less often is below +1 %
        return [float(f"{threshold / times:.3g}") for times in _FARTHER]
    return [farther for farther in (float(f"{threshold * times:.3g}") for times in _FARTHER) if abs(farther) < 1]
