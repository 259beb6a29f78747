"""A track record in plain words, for the command line, for the chat, and for whoever wants it in one piece."""

from bellwether.core.i18n.numbers import count, day, percent, signed_percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext, said
from bellwether.core.types import SkillVerdict
from bellwether.track_record.misses.sentences import at_reports, by_class
from bellwether.track_record.scores.types import Duel, Score, TrackRecord

SIMULATED = said(
    "Simulated: replayed on past prices, day by day, by a model that had not seen them. Nobody was given these."
)


def forecasts(number: int) -> str:
    """ "1 forecast", "1,200 forecasts"."""
    return ngettext("{count} forecast", "{count} forecasts", number).format(count=count(number))


def weeks(number: int) -> str:
    """ "1 week", "120 weeks"."""
    return ngettext("{count} week", "{count} weeks", number).format(count=count(number))


def opening(record: TrackRecord) -> str:
    """What the record rests on."""
    if record.issued == 0:
        return _("No forecast has been entered yet: the record begins with the first one.")
    numbers = {"issued": count(record.issued), "settled": count(record.settled)}
    if record.first and record.last:
        message = _("{issued} forecasts; {settled} of them, made from {first} to {last}, have their outcome.")
        sentences = [message.format(**numbers, first=day(record.first), last=day(record.last))]
    else:
        sentences = [_("{issued} forecasts; {settled} of them have their outcome.").format(**numbers)]
    if record.settled > record.score.forecasts:  # the score pools no more than a month
        sentences.append(_("Those three months ahead are counted here too."))
    if record.waiting:
        sentences.append(_("Still open: {count}.").format(count=count(record.waiting)))
    if record.without_outcome:
        message = _("Without an outcome, because no price came: {count}.")
        sentences.append(message.format(count=count(record.without_outcome)))
    if record.by_plain_rule:
        message = _("For {count} more the model was silent and the plain rule answered.")
        sentences.append(message.format(count=count(record.by_plain_rule)))
    told = " ".join(sentences)
    return f"{SIMULATED}\n{told}" if record.simulated else told


def judged(score: Score) -> str:
    """A score in two sentences; small samples say so."""
    if score.skill is None or score.coverage_80 is None or score.coverage_90 is None:
        return _("No outcome is known yet.")
    held = _("{eighty} ranges held {share} of the time, {ninety} ranges {other_share}").format(
        eighty=percent(0.8),
        share=percent(score.coverage_80, 1),
        ninety=percent(0.9),
        other_share=percent(score.coverage_90, 1),
    )
    if score.verdict is SkillVerdict.TOO_EARLY or score.skill_interval is None:
        return _("Too early to tell: {forecasts} in {weeks}. So far {held}.").format(
            forecasts=forecasts(score.forecasts), weeks=weeks(score.weeks), held=held
        )
    return _(
        "{held} ({forecasts}). Skill against the plain rule: {skill} ({confidence} interval {low} to {high}): its "
        "ranges {verdict}."
    ).format(
        held=held,
        forecasts=forecasts(score.forecasts),
        skill=signed_percent(score.skill),
        confidence=percent(0.95),
        low=signed_percent(score.skill_interval.low),
        high=signed_percent(score.skill_interval.high),
        verdict=_(score.verdict.value),
    )


def in_figures(score: Score) -> str:
    """The skill with its interval, in a sentence; empty while there is too little to judge by."""
    if score.skill is None or score.skill_interval is None:
        return ""
    message = _("Their score is {skill} against that rule's ({confidence} interval {low} to {high}).")
    return message.format(
        skill=signed_percent(score.skill),
        confidence=percent(0.95),
        low=signed_percent(score.skill_interval.low),
        high=signed_percent(score.skill_interval.high),
    )


def without_evenings(score: Score) -> str:
    """How many would have held had no evening stretched them; empty where none did."""
    if not score.stretched or score.unstretched_coverage_80 is None:
        return ""
    message = _("Without the widening or narrowing of each evening, {share} of {hundred} would have held.")
    return message.format(share=count(round(100 * score.unstretched_coverage_80)), hundred=count(100))


def compared(duel: Duel) -> str:
    """Two models side by side, in a sentence."""
    if duel.skill is None:
        return f"{duel.challenger} and {duel.champion} have no forecast in common that has its outcome."
    both = f"{duel.forecasts:,} forecasts that both made"
    if duel.interval is None:
        return f"{duel.challenger} beside {duel.champion}: too early to tell, {both} in {duel.weeks} weeks."
    low, high = signed_percent(duel.interval.low), signed_percent(duel.interval.high)
    return (
        f"{duel.challenger} beside {duel.champion}, on {both}: skill {signed_percent(duel.skill)} "
        f"({percent(0.95)} interval {low} to {high})."
    )


def lines(record: TrackRecord) -> list[str]:
    """The whole record, as a terminal shows it."""
    written = [opening(record)]
    if record.settled:
        whole = f"1 to 21 trading days together: {judged(record.score)}" if record.horizon is None else ""
        written += [whole, without_evenings(record.score)]
    written += [
        f"{part.horizon:>3} trading day{'s' if part.horizon != 1 else ''}: {judged(part.score)}"
        for part in record.by_horizon
    ]
    if record.why_missed:
        written += [by_class(record.why_missed.pooled), at_reports(record.why_missed.pooled)]
    if record.misses:
        written.append("The biggest misses, measured by the width of their range:")
    written += [
        f"  {miss.symbol} from {day(miss.cutoff)}, {miss.horizon} day{'s' if miss.horizon != 1 else ''}: "
        f"{percent(0.9)} range "
        f"{signed_percent(miss.low)} to {signed_percent(miss.high)}, came {signed_percent(miss.growth)}"
        for miss in record.biggest_misses(5)
    ]
    written += [
        f"{status.model_id}: {status.standing.value} ({status.sessions} trading days; evidence against it "
        f"{status.evidence:.2g}, it changes at {status.needed:g})."
        for status in record.standings
    ]
    return [line for line in written if line]
