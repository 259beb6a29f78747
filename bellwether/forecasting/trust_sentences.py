"""How far a forecast can be trusted, in sentences: how earlier ones of its horizon held, and its model's test. Pure."""

from functools import lru_cache

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
        return _("This is the plain volatility rule, shown because the model is silent.")
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if beside is not None and beside.verdict is not SkillVerdict.TOO_EARLY and beside.coverage_80 is not None:
        return track_record_line(beside, forecast.name)
    if record is None:
        tested = _("This model was tested too little to tell how far to trust it.")
    else:
        tested = _held(_("all stocks in the model's test"), _ahead(forecast.horizon), per_hundred(record.coverage_80))
    return tested if beside is None else f"{track_record_line(beside, forecast.name)} {tested}"


def trust_basis(forecast: Forecast) -> str:
    """What the line above rests on, and the model's test; empty for the plain rule, of which neither says anything."""
    beside, record = forecast.explanation.beside, forecast.explanation.record
    if forecast.problem is not None:
        return ""
    sentences = [record_basis(beside) if beside else "", _record_in(spoken(), record) if record else ""]
    return " ".join(sentence for sentence in sentences if sentence)


def track_record_line(beside: RecordSummary, name: str) -> str:
    """How the ranges of one horizon held, those of `name` or of all symbols, and the plain rule's beside them."""
    whom, ahead = name if beside.own else _("all stocks together"), _ahead(beside.horizon)
    if beside.verdict is SkillVerdict.TOO_EARLY or beside.coverage_80 is None:
        sentences = [
            ngettext(
                "For {whom} {ahead} it is too early to tell: {count} forecast has come due.",
                "For {whom} {ahead} it is too early to tell: {count} forecasts have come due.",
                beside.forecasts,
            ).format(whom=whom, ahead=ahead, count=count(beside.forecasts))
        ]
    else:
        share = per_hundred(beside.coverage_80)
        sentences = [_held(whom, ahead, share)]
        if beside.baseline_coverage_80 is not None:
            sentences.append(_plain_rule(share, per_hundred(beside.baseline_coverage_80)))
    if beside.years:
        sentences.append(_("Simulated on past prices."))
    return " ".join(sentences)


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
        return _("The plain rule: as many.")
    if its_share == PROMISED and abs(share - PROMISED) > _LUCK:
        return _("The plain rule: just as promised.")
    return _("The plain rule: {share}.").format(share=count(its_share))


def record_basis(beside: RecordSummary) -> str:
    """What a line of the record rests on, and whether it beats the plain rule; empty while it is too early to tell."""
    if beside.verdict is SkillVerdict.TOO_EARLY or beside.skill is None:
        return ""
    when = _("In the last year")
    if beside.years:
        when = _("Replayed on past prices, {years} (simulated),").format(years=years(beside.years))
    return _("{when} {count} forecasts this far ahead had their outcome; {verdict}.").format(
        when=when, count=count(beside.forecasts), verdict=_against_rule(beside.skill, beside.verdict)
    )


def _against_rule(skill: float, verdict: SkillVerdict) -> str:
    if verdict is SkillVerdict.UNDECIDED:
        return _("no better or worse than a plain volatility rule by more than luck")
    message = (
        _("{skill} better than a plain volatility rule")
        if skill > 0
        else _("{skill} worse than a plain volatility rule")
    )
    return message.format(skill=percent(abs(skill), 1))


@lru_cache(maxsize=256)  # all symbols have the same few
def _record_in(language: str, record: Record) -> str:
    """A record in the language that is spoken."""
    share = percent(record.coverage_80)
    if record.taught_to is None:
        held = _(
            "Tested on {years}, years it had not seen: {share} of the model's 8-in-10 ranges this far ahead held, all "
            "stocks together."
        ).format(years=years(record.span), share=share)
    else:
        held = _(
            "Tested on {years}, when it knew prices to {day} only: {share} of the model's 8-in-10 ranges this far "
            "ahead held, all stocks together."
        ).format(years=years(record.span), share=share, day=day(record.taught_to))
    sentences = [held, _skill(record)]
    if not record.growth_known:
        sentences.append(_("About rise or fall it was not shown to know more than the usual share."))
    return " ".join(sentences)


def _skill(record: Record) -> str:
    low, high = percent(record.skill_low, 1), percent(record.skill_high, 1)
    if record.skill_low <= 0 <= record.skill_high:
        return _(
            "It could not be told from a plain volatility rule (its ranges scored {low} to {high} better)."
        ).format(low=low, high=high)
    if record.skill > 0:
        message = _(
            "Its ranges scored {skill} better than those of a plain volatility rule ({low} to {high} allowing for "
            "luck, a {confidence} interval)."
        )
    else:
        message = _(
            "Its ranges scored {skill} worse than those of a plain volatility rule ({low} to {high} allowing for luck, "
            "a {confidence} interval)."
        )
    return message.format(skill=percent(abs(record.skill), 1), low=low, high=high, confidence=percent(0.95))
