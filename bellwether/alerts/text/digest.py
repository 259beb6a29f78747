"""The words of the daily digest, as HTML that Telegram understands."""

from dataclasses import dataclass
from datetime import date
from html import escape

from bellwether.core.i18n.translate import N_, spoken, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Forecast, Instrument
from bellwether.forecasting import sentences
from bellwether.forecasting.change_sentences import about_hole
from bellwether.market.calendar import is_exact
from bellwether.market.holes import Gap, gap

_CHANGE = N_("/unwatch stops a symbol, /settings says when this comes, /stop ends it all.")


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One watched symbol: its forecast and the one of a session earlier, or why there is none."""

    instrument: Instrument
    forecast: Forecast | None
    previous: Forecast | None
    failure: str = ""
    next_day: Forecast | None = None  #: for the next session alone; None where the forecast is for it already
    expected: date | None = None  #: the session whose close should be there; None in a market that is not live


@dataclass(frozen=True, slots=True)
class Notes:
    """What a digest says besides its ranges, as HTML; each may be empty."""

    opening: str = ""  #: how the last ones turned out, and whether it is late
    closing: str = ""  #: what else fired
    why: str = ""  #: which wish of the chat made it come


class Digests:
    """Writes the digests of one tick. The lines about a symbol are made once, whoever watches it."""

    def __init__(self, horizon: int) -> None:
        """`horizon` is in sessions."""
        self._horizon = horizon
        # by the identity of the entry, which is kept beside its lines so that no other can take it
        self._lines: dict[tuple[int, tuple[str, ...], str], tuple[DigestEntry, str]] = {}

    def write(self, entries: list[DigestEntry], session: date, notes: Notes = Notes()) -> str:
        """The digest of one chat, however long: a transport parts it at its empty lines."""
        opening = _("<b>After {day}</b> · {span}").format(
            day=sentences.day(session), span=sentences.within(self._horizon)
        )
        if notes.opening:
            opening = f"{opening}\n{notes.opening}"
        # what holds for all is said once, at the end; what holds for one symbol is said under it
        common = _common([entry.forecast.caveats for entry in entries if entry.forecast])
        parts = [self._about(entry, common) for entry in entries]
        if notes.closing:
            parts.append(notes.closing)
        closing = [escape(translated(caveat)) for caveat in common]
        closing.append(" ".join(part for part in (notes.why, _(_CHANGE), f"{sentences.NOT_ADVICE}") if part))
        return "\n\n".join([opening, *parts, "\n".join(closing)])

    def _about(self, entry: DigestEntry, common: tuple[str, ...]) -> str:
        key = (id(entry), common, spoken())
        if key not in self._lines:
            self._lines[key] = (entry, _entry(entry, common))
        return self._lines[key][1]


def _common(all_caveats: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The caveats that every forecast has, in the order of the first."""
    if not all_caveats:
        return ()
    different = set(all_caveats)
    return tuple(caveat for caveat in all_caveats[0] if all(caveat in caveats for caveats in different))


def _entry(entry: DigestEntry, common: tuple[str, ...]) -> str:
    """A few lines on one symbol."""
    name = f"<b>{escape(entry.instrument.name)}</b> ({escape(entry.instrument.symbol)})"
    made = entry.forecast
    if made is None:
        missing = _("{name}: no forecast tonight.").format(name=name)
        return f"{missing} {escape(translated(entry.failure))}"
    low, high = sentences.price_range(made)
    last = sentences.money(made.last_close, made.currency, made.symbol)
    own = "".join(f"\n<i>{escape(translated(caveat))}</i>" for caveat in made.caveats if caveat not in common)
    ends = _("8 in 10 outcomes: {low} to {high} · chance of a rise {chance}").format(
        low=escape(low), high=escape(high), chance=sentences.percent(made.probability_of_growth)
    )
    return f"{name} {escape(last)}\n{ends}\n{escape(_next_day(entry.next_day))}{escape(_since(entry, made))}{own}"


def _next_day(made: Forecast | None) -> str:
    """The range that the next digest grades."""
    if made is None:
        return ""
    low, high = sentences.price_range(made)
    return _("Next trading day: {low} to {high}.").format(low=low, high=high) + "\n"


def _since(entry: DigestEntry, made: Forecast) -> str:
    """What the session brought, or why that is not known."""
    calendar, before, expected = entry.instrument.calendar, entry.previous, entry.expected
    if expected is not None and made.cutoff < expected:  # what was before it was told the session before
        if not is_exact(calendar, expected):
            return _("The last close is of {day}.").format(day=sentences.day(made.cutoff))
        return _("There is no close of {day} yet, so how it moved then is not known.").format(
            day=sentences.day(expected)
        )
    if before is None:
        return _("Nothing to compare it with yet.")
    missing = about_hole(before, made, calendar)
    return f"{missing} {_change(made, before, calendar)}" if missing else _change(made, before, calendar)


def _change(now: Forecast, before: Forecast, calendar: str) -> str:
    """What is different from the session before, or from the last day before with a close."""
    moved = sentences.signed_percent(now.last_close / before.last_close - 1)
    wider = now.width / before.width - 1
    width = _("about as wide")
    if abs(wider) >= 0.03:
        width = (_("{share} wider") if wider > 0 else _("{share} narrower")).format(share=sentences.percent(abs(wider)))
    points = round(now.probability_of_growth * 100) - round(before.probability_of_growth * 100)
    chance = _("chance unchanged")
    if points:
        chance = (_("chance up {count} in 100") if points > 0 else _("chance down {count} in 100")).format(
            count=abs(points)
        )
    if gap(calendar, before.cutoff, now.cutoff) is not Gap.NONE:
        return _("Since {day}: price {growth}, range {width}, {chance}.").format(
            day=sentences.day(before.cutoff), growth=moved, width=width, chance=chance
        )
    return _("Since the session before: price {growth}, range {width}, {chance}.").format(
        growth=moved, width=width, chance=chance
    )
