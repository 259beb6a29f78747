"""Why ranges missed, in words: counts first, and what share the same has among ranges that held."""

from bellwether.core.i18n.numbers import count, percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.track_record.misses.evidence import Evidence, MissClass, causes_of, class_of
from bellwether.track_record.misses.reasons import MissReasons

FEWEST = 5  #: misses of which a share is told; of fewer only their number


def at_reports(reasons: MissReasons) -> str:
    """How many misses had a report inside, and how many ranges that held; empty where nothing missed."""
    if not reasons.misses:
        return ""
    (share,) = (cause for cause in reasons.causes if cause.cause is MissClass.REPORT)
    if not share.of_misses:
        return _("Which misses had company results in between is not known.")
    if share.of_misses < FEWEST or share.of_held < FEWEST:
        return _(
            "Misses whose report days are known: {misses}, of them with company results in between: {with_report}; "
            "ranges that held: {held}, of them with results: {held_with_report}."
        ).format(
            misses=count(share.of_misses),
            with_report=count(share.in_misses),
            held=count(share.of_held),
            held_with_report=count(share.in_held),
        )
    return _(
        "Of {misses} misses whose report days are all known, which alone can be compared, {with_report} had company "
        "results in between ({share}); of such ranges that held, {held_share} had."
    ).format(
        misses=count(share.of_misses),
        with_report=count(share.in_misses),
        share=percent(share.in_misses / share.of_misses),
        held_share=percent(share.in_held / share.of_held),
    )


def by_class(reasons: MissReasons) -> str:
    """How many misses there are of each class that has any; empty where nothing missed."""
    if not reasons.misses:
        return ""
    parts = [f"{_(row.name.value)}: {count(row.misses)}" for row in reasons.classes if row.misses]
    message = ngettext(
        "Found when looking for why {count} range missed: {causes}.",
        "Found when looking for why {count} ranges missed, each counted once: {causes}.",
        reasons.misses,
    )
    return message.format(count=count(reasons.misses), causes="; ".join(parts))


def of_one(evidence: int) -> str:
    """Why a single range missed, with the other causes that there is evidence of, and what is not known."""
    bits = Evidence(evidence)
    first, *others = causes_of(bits) or (class_of(bits).name,)
    if first == MissClass.NONE.name:
        told = _(
            "Looking for why, nothing was found: no company results, no great move of the whole market or of a single "
            "night, no fault in the prices."
        )
    elif first == MissClass.UNKNOWN.name:
        told = _("Why it missed can't be told: what one would have to look at is not known.")
    elif others:
        told = _("Found when looking for why: {cause}; also: {others}.").format(
            cause=_(MissClass[first].value), others=", ".join(_(MissClass[name].value) for name in others)
        )
    else:
        told = _("Found when looking for why: {cause}.").format(cause=_(MissClass[first].value))
    if Evidence.REPORTS_UNKNOWN in bits and Evidence.REPORT not in bits:
        told += " " + _("Whether company results came in between is not known.")
    return told


def share_of(part: int, whole: int) -> tuple[str, str]:
    """How often a cause was there, and of how many: ("55 %", "11 of 20"); of fewer than FEWEST the counts alone."""
    if not whole:
        return _("not known"), ""
    of = _("{part} of {whole}").format(part=count(part), whole=count(whole))
    return (percent(part / whole), of) if whole >= FEWEST else (of, "")
