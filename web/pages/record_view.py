"""A track record as the words and little charts of its page. Pure."""

from dataclasses import dataclass
from datetime import date
from math import expm1
from urllib.parse import quote, urlencode

from bellwether.ask.sample_receipts import sample_name
from bellwether.core.types import LEVELS, Q10, Q90, SkillVerdict, issues_forecasts
from bellwether.forecasting import sentences
from bellwether.track_record.ledger.receipts import Receipt
from bellwether.track_record.misses.evidence import MissClass
from bellwether.track_record.misses.sentences import of_one
from bellwether.track_record.scores.sentences import without_evenings
from bellwether.track_record.scores.types import Interval, Miss, MonthScore, Score, TrackRecord

MOST_MISSES = 10
KEPT_MISSES = 200  #: of a replay, over all symbols
#: why a range missed, in a table of many numbers
CLASS_NAMES = {
    MissClass.DATA_FAULT: "Data",
    MissClass.REPORT: "Results",
    MissClass.MARKET: "Market",
    MissClass.GAP: "Night",
    MissClass.NONE: "No cause",
    MissClass.UNKNOWN: "Not known",
}
_MONTHS = 60  #: in the chart: five years
_MANY = 50  #: forecasts that make a month worth telling
_BAD = 70  #: of 100 ranges, as many or fewer of which held in a bad month
_IN_SHORT = {
    SkillVerdict.BETTER: (
        "They were {percent} better than a plain rule that knows only the recent swings: little, but more than luck."
    ),
    SkillVerdict.WORSE: (
        "They were {percent} worse than a plain rule that knows only the recent swings: not by bad luck."
    ),
    SkillVerdict.UNDECIDED: "They can't be told from a plain rule that knows only the recent swings.",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the chart, in percent of its width and height."""

    left: float
    width: float
    top: float
    height: float
    below: bool  #: whether far fewer ranges held than should
    label: str  #: "March 2020: 60 % of 1,234"


def record_address(
    symbol: str = "", horizon: int | None = None, since: date | None = None, model_id: str = "", kind: str = ""
) -> str:
    """The page of a record; the same as a file with the `kind` ".csv"."""
    parts = (("symbol", symbol), ("horizon", horizon), ("since", since), ("model", model_id))
    asked = {name: value for name, value in parts if value}
    return f"/track-record{kind}{'?' if asked else ''}{urlencode(asked)}"


def share(value: float | None) -> str:
    """ "78 %"; words where there is nothing to say it from."""
    return "not known" if value is None else sentences.percent(value)


def better(score: Score) -> str:
    """How much better than the plain rule: "+2.0 %"."""
    return "not known" if score.skill is None else sentences.signed_percent(score.skill)


def beats(score: Score) -> tuple[str, str]:
    """What a skill is and how much of it, without a minus sign: "Worse than the plain rule by", "4.0 %"."""
    if score.skill is None:
        return "Against the plain rule", "not known"
    which = "Worse" if score.skill < 0 else "Better"
    return f"{which} than the plain rule by", sentences.percent(abs(score.skill), 1)


def luck(interval: Interval) -> str:
    """Between what a skill may lie, given luck: "13.8 % worse to 1.7 % better"."""
    ends = (
        f"{sentences.percent(abs(end), 1)} {'worse' if end < 0 else 'better'}" for end in (interval.low, interval.high)
    )
    if (interval.low < 0) is (interval.high < 0):
        low, high = sorted((abs(interval.low), abs(interval.high)))
        return f"{sentences.percent(low, 1)} to {sentences.percent(high, 1)}, allowing for luck"
    return f"{' to '.join(ends)}, allowing for luck"


def reach(record: TrackRecord) -> str:
    """How far ahead the scored forecasts look: ", up to a month ahead" where several distances are pooled."""
    return ", up to a month ahead" if record.settled > record.score.forecasts else ""


def counts(record: TrackRecord) -> str:
    """What was made beside what is scored, in sentences; with what is not scored and why."""
    score = record.score
    told = [f"{record.issued:,} were made"]
    if record.settled > score.forecasts:
        told = [f"With those three months ahead, {record.issued:,} were made and {record.settled:,} have an outcome"]
    if record.waiting:
        told.append(f"{record.waiting:,} still wait for their day")
    if record.without_outcome:
        told.append(
            f"{record.without_outcome:,} got no price of their day: the symbol was halted or delisted, or the source "
            "lacks it"
        )
    if record.by_plain_rule:
        told.append(f"{record.by_plain_rule:,} were the plain rule's own, as the model was silent, and are not scored")
    return f"{'; '.join(told)}."


def verdict(record: TrackRecord) -> str:
    """What may be said of all of it, in one sentence."""
    return f"Its ranges {record.score.verdict.value}."


def in_short(record: TrackRecord) -> list[str]:
    """How good the forecasts were, in sentences that need no background."""
    score = record.score
    if score.coverage_80 is None or score.skill is None:
        return []
    told = [f"Of 100 ranges, 80 of which should have held, {100 * score.coverage_80:.0f} did."]
    held = score.coverage_80_interval
    if held is not None and not held.low <= 0.8 <= held.high:
        told.append("That is too few, by more than luck." if held.high < 0.8 else "That is more than it should be.")
    if otherwise := without_evenings(score):
        told.append(otherwise)
    if score.verdict is SkillVerdict.TOO_EARLY:
        return [*told, f"Too few to judge by: {score.weeks} of the 52 weeks that it takes have an outcome."]
    told.append(_IN_SHORT[score.verdict].format(percent=sentences.percent(abs(score.skill), 1)))
    decided = score.skill if score.verdict is not SkillVerdict.UNDECIDED else 0.0
    why = sentences.why_count_is_not_all(score.coverage_80, score.baseline_coverage_80, decided)
    if why and score.baseline_coverage_80 is not None:
        told += [f"Of the plain rule's ranges {100 * score.baseline_coverage_80:.0f} held.", why]
    fullest = max((month.forecasts for month in record.by_month), default=0)
    whole = [month for month in record.by_month if month.forecasts >= max(_MANY, fullest / 2)]  # the newest has begun
    if whole and _was_bad(worst := min(whole, key=lambda month: month.coverage_80)):
        told.append(f"Of whole months the fewest held in {worst.month:%B %Y}: {100 * worst.coverage_80:.0f} of 100.")
    if score.brier is not None and score.usual_brier is not None:
        knew = score.brier < 0.99 * score.usual_brier
        told.append(
            f"On whether a stock would rise or fall they were {'a little better' if knew else 'no better'} than just "
            "taking how often stocks rise."
        )
    return told


def about_misses(record: TrackRecord) -> str:
    """Of which forecasts the biggest misses are."""
    reach = [row.horizon for row in record.by_horizon]
    ahead = " to ".join(dict.fromkeys((horizon_name(min(reach)), horizon_name(max(reach))))) if reach else ""
    told = f"Of forecasts {ahead} ahead" if ahead else "Of forecasts"
    if record.first is not None and record.last is not None:
        told += f" made from {sentences.day(record.first)} to {sentences.day(record.last)}"
    return f"{told}."


def horizon_name(sessions: int) -> str:
    """ "2 weeks"; "7 trading days"."""
    return sentences.HORIZON_LABELS.get(sessions, f"{sessions} trading days")


def months(record: TrackRecord) -> list[Bar]:
    """The last months, how many of their 80 % ranges held; the chart reaches from 0 to 100 %."""
    shown = record.by_month[-_MONTHS:]
    step = 100 / max(len(shown), 12)
    return [_bar(at, month, step) for at, month in enumerate(shown)]


def _bar(at: int, month: MonthScore, step: float) -> Bar:
    held = 100 * month.coverage_80
    label = f"{month.month:%B %Y}: {sentences.percent(month.coverage_80)} of {month.forecasts:,}"
    return Bar(step * at, step * 0.8, 100 - held, held, _was_bad(month), label)


def _was_bad(month: MonthScore) -> bool:
    """By the rounded share, for that is what is read beside it: words and colour agree."""
    return round(100 * month.coverage_80) <= _BAD


@dataclass(frozen=True, slots=True)
class Mark:
    """One level of the reliability diagram, in percent of its width and height, from the lower left."""

    said: float
    came: float
    low: float  #: end of the interval
    high: float


def reliability(record: TrackRecord) -> list[Mark]:
    """What was promised beside what happened: on the diagonal where ranges are honest."""
    return [
        Mark(100 * row.level, 100 * row.observed, 100 * each.low, 100 * each.high)
        for row in record.reliability
        if (each := row.interval or Interval(row.observed, row.observed))
    ]


def biggest(record: TrackRecord) -> list[Miss]:
    """The misses that were most widths of their range outside it, the farthest first."""
    return record.biggest_misses(MOST_MISSES)


def missed(miss: Miss) -> str:
    """ "−35.0 % instead of −9.1 % to +10.8 %: 1.3 widths outside"."""
    low, high = sentences.signed_percent(miss.low), sentences.signed_percent(miss.high)
    return f"{sentences.signed_percent(miss.growth)} instead of {low} to {high}: {miss.distance:.1f} widths outside"


def receipt_address(miss: Miss) -> str:
    """The receipt of a miss; those of a replay are asked for by name."""
    return f"/receipts/{miss.forecast_id or quote(sample_name(miss.symbol, miss.cutoff, miss.horizon))}"


def receipt_prices(receipt: Receipt) -> list[tuple[str, str, str]]:
    """The quantiles of a receipt: level, ours and the plain rule's, as growth."""
    return [
        (sentences.percent(level), sentences.signed_percent(expm1(ours)), sentences.signed_percent(expm1(plain)))
        for level, ours, plain in zip(LEVELS, receipt.log_returns, receipt.baseline, strict=True)
    ]


def is_issued(receipt: Receipt) -> bool:
    """Whether it stands in a ledger; those of the sample are there to be looked at."""
    return issues_forecasts(receipt.source)


def receipt_sentence(receipt: Receipt, name: str) -> str:
    """What was promised and what happened, for whoever reads no further."""
    low, high = (sentences.signed_percent(expm1(receipt.log_returns[place])) for place in (Q10, Q90))
    promised = "was promised" if is_issued(receipt) else "would have been promised"
    return (
        f"On {sentences.day(receipt.made_at)} it {promised}, as 8 in 10 such promises should hold, that {name} would "
        f"end within {low} to {high} of its close. {outcome(receipt)}"
    )


def outcome(receipt: Receipt) -> str:
    """How it turned out, in a sentence."""
    came = receipt.outcome
    if came is None:
        return f"Open until the close of {sentences.day(receipt.target_session)}."
    if came.log_return is None:
        return "No price of that day came: the symbol was halted or delisted, or the source lacks it."
    within = receipt.log_returns[Q10] <= came.log_return <= receipt.log_returns[Q90]
    held = "within its 8-in-10 range" if within else "outside its 8-in-10 range"
    on = f" on {sentences.day(came.session)}" if came.session else ""
    why = "" if within or came.evidence is None else f" {of_one(came.evidence)}"
    return f"It ended at {sentences.signed_percent(expm1(came.log_return))}{on}: {held}.{why}"


def ends(interval: Interval, digits: int) -> str:
    """The ends of an interval in percent: "1.4 to 2.9"."""
    low, high = (
        f"{round(100 * end, digits) + 0.0:.{digits}f}".replace("-", "−") for end in (interval.low, interval.high)
    )
    return f"{low} to {high}"
