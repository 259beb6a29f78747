"""A track record in plain English, for the command line and for whoever wants it in one piece."""

from bellwether.scoring.types import Duel, Score, TrackRecord, Verdict
from bellwether.wording import day, percent, signed_percent

SIMULATED = "Simulated: replayed on past prices, day by day, by a model that had not seen them. Nobody was given these."


def opening(record: TrackRecord) -> str:
    """What the record rests on."""
    if record.issued == 0:
        return "No forecast has been entered yet: the record begins with the first one."
    lines = [SIMULATED] if record.simulated else []
    over = f" of cutoffs from {day(record.first)} to {day(record.last)}" if record.first and record.last else ""
    lines.append(
        f"{record.issued:,} forecasts issued; {record.settled:,} have their outcome{over}, {record.waiting:,} are "
        f"open, {record.without_outcome:,} will have none because no price came."
    )
    if record.by_plain_rule:
        lines.append(f"For {record.by_plain_rule:,} more the model was silent and the plain rule answered.")
    return "\n".join(lines)


def judged(score: Score) -> str:
    """A score in two sentences; small samples say so."""
    if score.skill is None or score.coverage_80 is None or score.coverage_90 is None:
        return "No outcome is known yet."
    count = f"{score.forecasts:,} forecast{'s' if score.forecasts != 1 else ''}"
    held = f"80 % ranges held {percent(score.coverage_80, 1)} of the time, 90 % ranges {percent(score.coverage_90, 1)}"
    if score.verdict is Verdict.TOO_EARLY or score.skill_interval is None:
        return f"Too early to tell: {count} in {score.weeks} week{'s' if score.weeks != 1 else ''}. So far {held}."
    low, high = signed_percent(score.skill_interval.low), signed_percent(score.skill_interval.high)
    return (
        f"{held} ({count}). Skill against the plain rule: {signed_percent(score.skill)} "
        f"(95 % interval {low} to {high}): its ranges {score.verdict.value}."
    )


def compared(found: Duel) -> str:
    """Two models side by side, in a sentence."""
    if found.skill is None:
        return f"{found.challenger} and {found.champion} have no forecast in common that has its outcome."
    count = f"{found.forecasts:,} forecasts that both made"
    if found.interval is None:
        return f"{found.challenger} beside {found.champion}: too early to tell, {count} in {found.weeks} weeks."
    low, high = signed_percent(found.interval.low), signed_percent(found.interval.high)
    return (
        f"{found.challenger} beside {found.champion}, on {count}: skill {signed_percent(found.skill)} "
        f"(95 % interval {low} to {high})."
    )


def lines(record: TrackRecord) -> list[str]:
    """The whole record, as a terminal shows it."""
    found = [opening(record)]
    if record.settled:
        found.append(f"1 to 21 trading days together: {judged(record.score)}" if record.horizon is None else "")
    found += [
        f"{one.horizon:>3} trading day{'s' if one.horizon != 1 else ''}: {judged(one.score)}"
        for one in record.by_horizon
    ]
    if record.misses:
        found.append("The biggest misses:")
    found += [
        f"  {one.symbol} from {day(one.cutoff)}, {one.horizon} days: 90 % range {signed_percent(one.low)} to "
        f"{signed_percent(one.high)}, came {signed_percent(one.growth)}"
        for one in record.misses[:5]
    ]
    found += [
        f"{one.model_id}: {one.standing.value} ({one.sessions} sessions; evidence against it {one.evidence:.2g}, it "
        f"changes at {one.needed:g})."
        for one in record.standings
    ]
    return [line for line in found if line]
