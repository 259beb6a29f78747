"""What a digest says besides its ranges: how the last ones turned out, what fired and had no message of its own."""

from bellwether import wording
from bellwether.alert_types import Alert
from bellwether.alerting.alert_words import STOP
from bellwether.alerting.rules_grading import Grade

_SHOWN = 8  #: alerts in one digest; the others are counted


def how_they_turned_out(found: list[Grade]) -> str:
    """ "How my ranges that ended today turned out: 1 day: 4 of 5 held …"; empty when none ended."""
    if not found:
        return ""
    each = ", ".join(f"{one.held} of {one.of} for {_length(one.horizon)}" for one in found)
    return f"Ranges that ended today: {each} held. In the long run 8 of 10 should."


def _length(horizon: int) -> str:
    return "the next day" if horizon == 1 else wording.HORIZON_LABELS.get(horizon, f"{horizon} trading days")


def what_else_fired(folded: list[Alert]) -> str:
    """The alerts that go into this digest, the most surprising first; empty when there are none."""
    if not folded:
        return ""
    lines = [f"• {one.line}" for one in folded[:_SHOWN]]
    if len(folded) > _SHOWN:
        lines.append(f"• and {len(folded) - _SHOWN} more.")
    return "\n".join(["Your alerts, beyond those that came by themselves:", *lines, STOP])
