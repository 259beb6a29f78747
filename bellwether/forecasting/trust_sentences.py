"""How far a forecast can be trusted, in sentences: how earlier ones of its horizon held, and its model's test. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from bellwether.core.i18n.articles import without_english
from bellwether.core.i18n.numbers import count, day, percent, years
from bellwether.core.i18n.translate import N_, ngettext, spoken
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Forecast, Record, RecordSummary, SkillVerdict

PROMISED = 80  #: of 100 outcomes, inside the 8-in-10 range
_LUCK = 1  #: of 100: by so much a share may miss the promise and still be called kept
_MUCH = 5  #: of 100: by more than that ranges were plainly too narrow
_AHEAD = {1: N_("a day ahead"), 5: N_("a week ahead"), 10: N_("two weeks ahead")} | {
    21: N_("a month ahead"),
    63: N_("three months ahead"),
}


def trust(forecast: Forecast) -> str:
    """How far this can be trusted: the record of this symbol and horizon, then what it rests on."""
    return f"{trust_line(forecast)} {trust_basis(forecast)}".rstrip()


def trust_line(forecast: Forecast) -> str:
    """The record of this very horizon, misses first: "For Apple a month ahead 66 of 100 ranges held, not 80: ..."."""
    if forecast.problem is not None:
        return _("This is the plain rule, which knows recent swings alone: the model is silent.")
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if beside is not None and beside.verdict is not SkillVerdict.TOO_EARLY and beside.coverage_80 is not None:
        return track_record_line(beside, forecast.name)
    if record is None:
        tested = _("This model was tested too little to tell how far to trust it.")
    else:
        tested = _held(_("all stocks in the model's test"), _ahead(forecast.horizon), per_hundred(record.coverage_80))
    return tested if beside is None else f"{track_record_line(beside, forecast.name)} {tested}"


def held_in_short(forecast: Forecast) -> str:
    """The share of the line above in few words, for a table: "69 of 100 held"; empty where there is none."""
    if forecast.problem is not None:
        return _("the plain rule's")
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if beside is not None and beside.verdict is not SkillVerdict.TOO_EARLY and beside.coverage_80 is not None:
        share = per_hundred(beside.coverage_80)
        message = _("{share} of 100 held") if beside.own else _("{share} of 100 held, all stocks together")
        told = message.format(share=count(share))
        # between two horizons of the model the record is that of one of them
        return told if beside.horizon == forecast.horizon else f"{told}, {_ahead(beside.horizon)}"
    if record is None:
        return ""
    share = per_hundred(record.coverage_80)
    return _("{share} of 100 held in the model's test of all stocks").format(share=count(share))


def about_held_in_short(forecasts: Sequence[Forecast]) -> str:
    """What the ranges in a table promise, and what `held_in_short` tells beside them."""
    sentences = [_("8 in 10 outcomes should end inside these ranges.")]
    if any(held_in_short(forecast) for forecast in forecasts):
        sentences.append(_("Beside each: how many of 100 earlier ranges, made as far ahead, held."))
    sentences.append(_("A wider range says less, not more."))
    if any(beside is not None and beside.years for beside in (made.explanation.beside for made in forecasts)):
        sentences.append(_("Simulated on past prices."))
    return " ".join(sentences)


def trust_basis(forecast: Forecast) -> str:
    """What the line above rests on, and why its count is not all where the score says otherwise."""
    return f"{trust_grounds(forecast)} {count_is_not_all(forecast)}".strip()


def trust_grounds(forecast: Forecast) -> str:
    """The forecasts behind the line, and the model's test; empty for the plain rule, of which neither says anything."""
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if forecast.problem is not None:
        return ""
    basis = record_basis(beside) if beside else ""
    of_demo = beside is not None and beside.years != ""
    tested = _record_in(spoken(), record, _same_years(basis, beside, record), of_demo) if record else ""
    return " ".join(filter(None, [basis, tested]))


def trust_in_short(forecast: Forecast) -> str:
    """The line, what it rests on and the model's test, where there is little room; no figure stands in it twice."""
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if forecast.problem is not None:
        return trust_line(forecast)
    basis, line = record_basis(beside) if beside else "", trust_line(forecast)
    if beside is not None and basis:
        line = " ".join(_record_sentences(beside, forecast.name))  # the basis says that it is simulated
    tested = ""
    if record is not None and (beside is None or beside.verdict is SkillVerdict.TOO_EARLY):
        # the line is of the test itself, and has told its share
        verdict = _against_rule(record.skill, _verdict(record))
        tested = _("That test was on {years}: {verdict}.").format(years=years(record.span), verdict=verdict)
    elif record is not None:
        span = _("same years") if _same_years(basis, beside, record) else years(record.span)
        message = (
            _("In the model's test on more stocks than here, {years}: {share} held, {verdict}.")
            if beside is not None and beside.years
            else _("In the model's test on all stocks, {years}: {share} held, {verdict}.")
        )
        tested = message.format(
            years=span, share=percent(record.coverage_80), verdict=_against_rule(record.skill, _verdict(record))
        )
    return " ".join(filter(None, [line, basis, tested, count_is_not_all(forecast)]))


def _same_years(basis: str, beside: RecordSummary | None, record: Record) -> bool:
    """Whether the years of the test have just been said, and need not be said again."""
    return bool(basis) and beside is not None and beside.years == record.span


def _verdict(record: Record) -> SkillVerdict:
    if record.skill_low <= 0 <= record.skill_high:
        return SkillVerdict.UNDECIDED
    return SkillVerdict.BETTER if record.skill > 0 else SkillVerdict.WORSE


def count_is_not_all(forecast: Forecast) -> str:
    """Why the score is better where fewer ranges held than the plain rule's, or worse where more did; empty elsewhere.

    The score is that of the record, or that of the model's test where the record can't tell.
    """
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if forecast.problem is not None or beside is None:
        return ""
    skill = 0.0
    if beside.verdict in {SkillVerdict.BETTER, SkillVerdict.WORSE}:
        skill = beside.skill or 0.0
    elif record is not None and _verdict(record) is not SkillVerdict.UNDECIDED:
        skill = record.skill
    return why_count_is_not_all(beside.coverage_80, beside.baseline_coverage_80, skill)


def why_count_is_not_all(share: float | None, rule_share: float | None, skill: float) -> str:
    """The same of two shares of ranges that held, the model's and the plain rule's, and a skill that is no luck."""
    if share is None or rule_share is None:
        return ""
    more = per_hundred(share) - per_hundred(rule_share)
    if abs(more) <= _LUCK or more * skill >= 0:
        return ""
    return _("A wider range holds more often but tells less: the score counts both.")


def track_record_line(beside: RecordSummary, name: str) -> str:
    """How the ranges of one horizon held, those of `name` or of all symbols, and the plain rule's beside them."""
    simulated = [_("Simulated on past prices.")] if beside.years else []
    return " ".join([*_record_sentences(beside, name), *simulated])


def _record_sentences(beside: RecordSummary, name: str) -> list[str]:
    whom, ahead = without_english(name) if beside.own else _("all stocks together"), _ahead(beside.horizon)
    if beside.verdict is SkillVerdict.TOO_EARLY or beside.coverage_80 is None:
        message = ngettext(
            "For {whom} {ahead} it is too early to tell: {count} forecast has come due.",
            "For {whom} {ahead} it is too early to tell: {count} forecasts have come due.",
            beside.forecasts,
        )
        return [message.format(whom=whom, ahead=ahead, count=count(beside.forecasts))]
    share = per_hundred(beside.coverage_80)
    if beside.baseline_coverage_80 is None:
        return [_held(whom, ahead, share)]
    return [_held(whom, ahead, share), _plain_rule(share, per_hundred(beside.baseline_coverage_80))]


def per_hundred(share: float) -> int:
    """A share as so many of 100."""
    return round(100 * share)


def _ahead(horizon: int) -> str:
    if horizon in _AHEAD:
        return _(_AHEAD[horizon])
    return ngettext("{count} trading day ahead", "{count} trading days ahead", horizon).format(count=count(horizon))


def _held(whom: str, ahead: str, share: int) -> str:
    """How many ranges held, and what that means for this one."""
    if share < PROMISED - _MUCH:
        message = _("For {whom} {ahead} {share} of 100 ranges held, not 80: expect wider.")
    elif share < PROMISED - _LUCK:
        message = _("For {whom} {ahead} {share} of 100 ranges held, not 80: expect a little wider.")
    elif share <= PROMISED + _LUCK:
        message = _("For {whom} {ahead} {share} of 100 ranges held, about as promised.")
    else:
        message = _("For {whom} {ahead} {share} of 100 ranges held, more than the promised 80: wider than need be.")
    return message.format(whom=whom, ahead=ahead, share=count(share))


def _plain_rule(share: int, its_share: int) -> str:
    """The plain rule's share for the same outcomes; a figure that has just been said is not said again."""
    if its_share == share:
        return _("A plain rule on recent swings alone: as many.")
    if its_share == PROMISED and abs(share - PROMISED) > _LUCK:
        return _("A plain rule on recent swings alone: just as promised.")
    return _("A plain rule on recent swings alone: {share}.").format(share=count(its_share))


def record_basis(beside: RecordSummary) -> str:
    """What a line of the record rests on, and whether it beats the plain rule; empty while it is too early to tell."""
    if beside.verdict is SkillVerdict.TOO_EARLY or beside.skill is None:
        return ""
    number, verdict = count(beside.forecasts), _against_rule(beside.skill, beside.verdict)
    if beside.years:
        message = _("{count} simulated forecasts ({years}): {verdict}.")
        return message.format(count=number, years=years(beside.years), verdict=verdict)
    return _("{count} forecasts of the last year: {verdict}.").format(count=number, verdict=verdict)


def _against_rule(skill: float, verdict: SkillVerdict) -> str:
    if verdict is SkillVerdict.UNDECIDED:
        return _("no better or worse than the plain rule by more than luck")
    message = _("{skill} better than the plain rule") if skill > 0 else _("{skill} worse than the plain rule")
    return message.format(skill=percent(abs(skill), 1))


@lru_cache(maxsize=256)  # all symbols have the same few
def _record_in(language: str, record: Record, years_told: bool, of_demo: bool) -> str:
    """A record in the language that is spoken; `of_demo` where the replay beside it is of fewer symbols."""
    if record.taught_to is None:
        message = (
            _(
                "In the model's test on {years}, which it had not seen, and on more stocks than here, {share} of its "
                "ranges this far ahead held."
            )
            if of_demo
            else _("In the model's test on {years}, which it had not seen, {share} of its ranges for all stocks held.")
        )
    else:
        message = (
            _(
                "In the model's test on {years}, on more stocks than here and when it knew prices to {day} only, "
                "{share} of its ranges this far ahead held."
            )
            if of_demo
            else _(
                "In the model's test on {years}, when it knew prices to {day} only, {share} of its ranges for all "
                "stocks held."
            )
        )
    held = message.format(
        years=_("the same years") if years_told else years(record.span),
        share=percent(record.coverage_80),
        day=day(record.taught_to) if record.taught_to else "",
    )
    sentences = [held, _skill(record)]
    if not record.growth_known:
        sentences.append(_("About rise or fall it was not shown to know more than the usual share."))
    return " ".join(sentences)


def _skill(record: Record) -> str:
    low, high = percent(record.skill_low, 1), percent(record.skill_high, 1)
    if _verdict(record) is SkillVerdict.UNDECIDED:
        message = _("They could not be told from the plain rule's ({low} to {high} better, allowing for luck).")
        return message.format(low=low, high=high)
    if record.skill > 0:
        message = _("They scored {skill} better than the plain rule's ({low} to {high} allowing for luck).")
    else:
        message = _("They scored {skill} worse than the plain rule's ({low} to {high} allowing for luck).")
    return message.format(skill=percent(abs(record.skill), 1), low=low, high=high)
