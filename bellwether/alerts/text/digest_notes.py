"""What a digest says besides its symbols: how the last ranges turned out, and what fired."""

from collections.abc import Sequence
from html import escape

from bellwether.core.alert_types import Alert
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.forecasting import sentences as price_sentences
from bellwether.track_record.grading import Grade


def how_they_turned_out(graded: Sequence[Grade], unjudged: int = 0, *, headed: bool = False) -> str:
    """How ranges turned out that ended with the session; empty when none did.

    `headed`: the headline has told of the ranges until now, which `graded` leaves out, and of which this says what is
    meant. `unjudged` more ended for which there is no close of the day itself, or none any more of the day they began.
    """
    sentences = []
    if headed:
        sentences.append(_("Inside: within the range I gave last time. In the long run 8 of 10 should be."))
    if graded:
        each = ", ".join(
            _("{held} of {count} for {horizon}").format(held=grade.held, count=grade.of, horizon=_length(grade.horizon))
            for grade in graded
        )
        message = (
            _("Other ranges that ended today: {each} held.")
            if headed
            else _("Ranges that ended today: {each} held. In the long run 8 of 10 should.")
        )
        sentences.append(message.format(each=each))
    if unjudged:
        message = ngettext(
            "{count} range that ended today cannot be judged: a close is missing.",
            "{count} ranges that ended today cannot be judged: closes are missing.",
            unjudged,
        )
        sentences.append(message.format(count=unjudged))
    return " ".join(sentences)


def _length(horizon: int) -> str:
    return _("the next day") if horizon == 1 else price_sentences.label(horizon)


def what_else_fired(folded: Sequence[Alert]) -> str:
    """The alerts that go into this digest, the most surprising first, each with its rule; empty when there are none."""
    if not folded:
        return ""
    lines = [f"• {alert.line}{_rule(alert)}" for alert in folded]
    return "\n".join([_("Alerts for which I sent no message of their own:"), *lines])


def _rule(alert: Alert) -> str:
    """Which rule it is; one that has ended says so itself."""
    if not alert.wish:
        return ""
    said = _("You asked for “{wish}” (alert {number}).").format(wish=escape(alert.wish), number=alert.rule_id)
    return f" <i>{said}</i>"
