"""How far a forecast can be trusted, in sentences: its model's record, and how earlier forecasts turned out. Pure."""

from functools import lru_cache

from bellwether.core.i18n.numbers import count, day, percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext, spoken
from bellwether.core.types import Forecast, Record, RecordSummary, SkillVerdict


def trust(forecast: Forecast) -> str:
    """How far this can be trusted: the model's record on years it had not seen, and how earlier forecasts went."""
    beside = forecast.explanation.beside
    if beside is None or forecast.problem is not None:  # what the model's ranges did says nothing of the plain rule's
        return tested(forecast)
    return f"{tested(forecast)} {track_record_line(beside)}"


def track_record_line(beside: RecordSummary) -> str:
    """How earlier forecasts turned out, in a sentence: "In the last year its 8-in-10 ranges for it held ..."."""
    when = _("In the last year")
    if beside.years:
        when = _("Replayed on past prices, {years} (simulated),").format(years=beside.years)
    if beside.verdict is SkillVerdict.TOO_EARLY or beside.coverage_80 is None or beside.skill is None:
        return _too_early(beside).format(when=when, count=count(beside.forecasts))
    message = (
        _("{when} its 8-in-10 ranges for this symbol held {share} of the time; {verdict}.")
        if beside.own
        else _("{when} its 8-in-10 ranges for all symbols held {share} of the time; {verdict}.")
    )
    verdict = _against_rule(beside.skill, beside.verdict)
    return message.format(when=when, share=percent(beside.coverage_80), verdict=verdict)


def _too_early(beside: RecordSummary) -> str:
    if beside.own:
        return ngettext(
            "{when} its ranges for this symbol: too early to tell, {count} forecast with an outcome so far.",
            "{when} its ranges for this symbol: too early to tell, {count} forecasts with an outcome so far.",
            beside.forecasts,
        )
    return ngettext(
        "{when} its ranges for all symbols: too early to tell, {count} forecast with an outcome so far.",
        "{when} its ranges for all symbols: too early to tell, {count} forecasts with an outcome so far.",
        beside.forecasts,
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


def tested(forecast: Forecast) -> str:
    """The model's record on years it had not seen."""
    record = forecast.explanation.record
    if forecast.problem is not None:
        return _("How far to trust it: this is the plain volatility rule, shown because the model is silent.")
    if record is None:
        return _("How far to trust it: this model was tested too little to tell.")
    return _record_in(spoken(), record)


@lru_cache(maxsize=256)  # all symbols have the same few
def _record_in(language: str, record: Record) -> str:
    """A record in the language that is spoken."""
    share = percent(record.coverage_80)
    if record.taught_to is None:
        held = _(
            "How far to trust it: tested on {years}, years it had not seen, {share} of its 8-in-10 ranges this far "
            "ahead held."
        ).format(years=record.span, share=share)
    else:
        held = _(
            "How far to trust it: tested on {years}, when it knew prices to {day} only, {share} of its 8-in-10 ranges "
            "this far ahead held."
        ).format(years=record.span, share=share, day=day(record.taught_to))
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
