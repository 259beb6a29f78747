"""Storms in words: beside an answer, in a message, on a page."""

from bellwether.core.i18n.numbers import count, day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import said
from bellwether.core.incident import IncidentKind, OpenIncident
from bellwether.track_record.incidents.rule import USUAL, WINDOW
from bellwether.track_record.incidents.types import Incident

_HUNDRED = 100


def now(incident: OpenIncident) -> str:
    """What is said beside every answer while it goes on."""
    numbers = {
        "days": incident.sessions,
        "share": of_hundred(incident.lately),
        "hundred": _HUNDRED,
        "usual": of_hundred(USUAL),
    }
    if incident.kind is IncidentKind.TOO_OFTEN:
        return said(
            "In the last {days} trading days {share} of {hundred} one-day ranges of all stocks held, not {usual}: "
            "ranges are wider than they need be.",
            **numbers,
        )
    if of_hundred(incident.lately) >= of_hundred(USUAL):
        return said("One-day ranges of all stocks have held too rarely of late: expect wider.")
    return said(
        "In the last {days} trading days only {share} of {hundred} one-day ranges of all stocks held, not {usual}: "
        "expect wider.",
        **numbers,
    )


def begun(incident: Incident) -> str:
    """The message at its announcement, HTML."""
    numbers = {
        "first": day(incident.first),
        "days": count(WINDOW),
        "share": count(of_hundred(incident.lately)),
        "hundred": count(_HUNDRED),
        "usual": count(of_hundred(USUAL)),
    }
    if incident.kind is IncidentKind.TOO_OFTEN:
        heading = _("<b>My ranges hold too often.</b>")
        what = _(
            "In the last {days} trading days {share} of {hundred} one-day ranges of all stocks held, not {usual}; it "
            "began on {first}. They are wider than they need be. I write again when it is over."
        )
    else:
        heading = _("<b>My ranges hold too rarely.</b>")
        what = _(
            "In the last {days} trading days only {share} of {hundred} one-day ranges of all stocks held, not {usual}; "
            "it began on {first}. Expect wider moves than they say. I write again when it is over."
        )
    return f"{heading} {what.format(**numbers)}"


def over(incident: Incident) -> str:
    """The message at its end, HTML."""
    assert incident.ended is not None
    message = _(
        "<b>My ranges hold as usual again.</b> The spell began on {first} and was over on {ended}; at its worst "
        "{share} of {hundred} one-day ranges held over {days} trading days."
    )
    return message.format(
        first=day(incident.first),
        ended=day(incident.ended),
        share=count(of_hundred(incident.depth)),
        hundred=count(_HUNDRED),
        days=count(WINDOW),
    )


def in_short(incident: Incident) -> str:
    """The last one that was announced, in a sentence."""
    numbers = {
        "first": day(incident.first),
        "share": count(of_hundred(incident.depth)),
        "hundred": count(_HUNDRED),
        "days": count(WINDOW),
        "usual": count(of_hundred(USUAL)),
    }
    if incident.ended is None:
        return _(
            "A storm since {first}: at worst {share} of {hundred} one-day ranges of all stocks held over {days} "
            "trading days; {usual} should."
        ).format(**numbers)
    return _(
        "The last storm, {first} to {ended}: at worst {share} of {hundred} one-day ranges of all stocks held over "
        "{days} trading days; {usual} should."
    ).format(ended=day(incident.ended), **numbers)


def title(incident: Incident) -> str:
    """A heading of the page, which speaks English: "Ranges held too rarely"."""
    return "Ranges held too often" if incident.kind is IncidentKind.TOO_OFTEN else "Ranges held too rarely"


def of_hundred(share: float) -> int:
    """A share as a whole number of a hundred."""
    return round(_HUNDRED * share)
