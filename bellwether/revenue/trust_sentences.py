"""How far a growth forecast can be trusted, in sentences: how earlier ones turned out, and its model's test. Pure."""

from collections.abc import Sequence
from math import sqrt

from bellwether.core.i18n.numbers import count, day, percent, signed_percent, years
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.core.types import Q10, Q90
from bellwether.revenue.issued import PastGrowth
from bellwether.revenue.types import GrowthForecast

_ENOUGH = 8  #: outcomes of a company, two years of quarters; fewer tell less of it than the model's test
_PROMISED = 0.8  #: share of outcomes inside an 8-in-10 range
_LUCK = 0.02  #: by so much the model's test, of thousands of outcomes, may miss the promise and still keep it


def trust_line(made: GrowthForecast, past: Sequence[PastGrowth], *, simulated: bool = False) -> str:
    """How many ranges held of this company this far ahead; below two years of outcomes those of the model's test."""
    own, record = _settled(made, past), made.ahead[0].record
    if record is None:
        return _("How far to trust it: this range is a plain rule's, which knows only the last growths.")
    if len(own) < _ENOUGH:
        share = record.coverage_80
        tested = _("In the model's test {held} of 100 ranges held, all companies together.")
        return f"{tested.format(held=count(round(100 * share)))} {_against_promise(share, _LUCK)}"
    held = sum(bool(forecast.held) for forecast in own)
    luck = sqrt(_PROMISED * (1 - _PROMISED) / len(own))  # one standard deviation of a share that keeps the promise
    sentences = [_held(held, len(own)), _against_promise(held / len(own), luck)]
    if simulated:
        sentences.append(_("Simulated on past reports."))
    return " ".join(sentences)


def _settled(made: GrowthForecast, past: Sequence[PastGrowth]) -> list[PastGrowth]:
    """Forecasts as far ahead as the headline's with their outcome, the newest first."""
    ahead = made.ahead[0].quarters_ahead
    return [forecast for forecast in past if forecast.growth is not None and forecast.quarters_ahead == ahead]


def _held(held: int, of: int) -> str:
    if held == of:
        return _("All {count} earlier ranges held.").format(count=count(of))
    return ngettext(
        "{held} of {count} earlier ranges held.",
        "{held} of {count} earlier ranges held.",
        held,
    ).format(held=count(held), count=count(of))


def _against_promise(share: float, luck: float) -> str:
    """What a share of ranges that held means for this one."""
    if share < _PROMISED - luck:
        return _("Four in five should: expect wider.")
    if share > _PROMISED + luck:
        return _("Four in five should: the range is wider than need be.")
    return _("Four in five should: about as promised.")


def record_basis(made: GrowthForecast, past: Sequence[PastGrowth], *, simulated: bool = False) -> str:
    """What the line above rests on: since when it is simulated, or what came of the newest forecast that was issued.

    Empty where too few are simulated to be spoken of.
    """
    own = _settled(made, past)
    if simulated:
        told = _("Simulated since {first}, by a model that had seen none of these quarters.")
        return told.format(first=day(own[-1].period_end)) if len(own) >= _ENOUGH else ""
    if not own:
        return _("None of my forecasts of its sales has come due yet.")
    newest = own[0]
    last = _("The last: {low} to {high} expected for the quarter to {day}, {growth} came.").format(
        low=signed_percent(newest.growths[Q10]),
        high=signed_percent(newest.growths[Q90]),
        day=day(newest.period_end),
        growth=signed_percent(newest.growth or 0.0),
    )
    if len(own) >= _ENOUGH:
        return last
    held = sum(forecast.held for forecast in own)
    return _("Of {count} that came due, {held} held their 8-in-10 range. {last}").format(
        count=len(own), held=held, last=last
    )


def trust(made: GrowthForecast) -> str:
    """How the model did where it was tested."""
    record = made.ahead[0].record
    if record is None:
        return _("How far to trust it: this range is a plain rule's, which knows only the last growths.")
    taught = _(" (with less to learn from then)") if record.taught_to else ""
    if record.short:
        taught += _(" with only five quarters of each company")
    return _(
        "The model's test, {span}{taught}: {held} of such ranges held, with {skill} smaller misses than a plain rule "
        "on past growth."
    ).format(span=years(record.span), taught=taught, held=percent(record.coverage_80), skill=percent(record.skill))
