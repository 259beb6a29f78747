"""The words of the daily digest, as HTML that Telegram understands."""

from dataclasses import dataclass
from datetime import date
from html import escape

from bellwether import wording
from bellwether.types import Forecast, Instrument

LONGEST = 4096  #: UTF-16 units in a Telegram message, after its markup is read
_ROOM = 3600  #: kept below it: markup is not counted, but the opening and closing lines are


@dataclass(frozen=True, slots=True)
class Entry:
    """One watched symbol: its forecast and the one of a session earlier, or why there is none."""

    instrument: Instrument
    forecast: Forecast | None
    previous: Forecast | None
    failure: str = ""
    next_day: Forecast | None = None  #: for the next session alone; None where the forecast is for it already


@dataclass(frozen=True, slots=True)
class Notes:
    """What a digest says besides its ranges, as HTML; each may be empty."""

    opening: str = ""  #: how the last ones turned out, and whether it is late
    closing: str = ""  #: what else fired


class Digests:
    """Writes the digests of one tick. The lines about a symbol are made once, whoever watches it."""

    def __init__(self, horizon: int) -> None:
        """`horizon` is in sessions."""
        self._horizon = horizon
        # by the identity of the entry, which is kept beside its lines so that no other can take it
        self._lines: dict[tuple[int, tuple[str, ...]], tuple[Entry, str]] = {}

    def write(self, entries: list[Entry], session: date, notes: Notes = Notes()) -> str:
        """The digest of one chat. Symbols that don't fit in one message are counted, not dropped silently."""
        opening = f"<b>After {wording.day(session)}</b> · {wording.span(self._horizon).lower()}"
        if notes.opening:
            opening = f"{opening}\n{notes.opening}"
        # what holds for all is said once, at the end; what holds for one symbol is said under it
        common = _common([entry.forecast.caveats for entry in entries if entry.forecast])
        parts, used, left_out = [], len(notes.opening) + len(notes.closing), 0
        for entry in entries:
            part = self._about(entry, common)
            if used + len(part) > _ROOM:
                left_out += 1
                continue
            parts.append(part)
            used += len(part)
        if notes.closing:
            parts.append(notes.closing)
        closing = [escape(caveat) for caveat in common]
        if left_out:
            closing.insert(0, f"{left_out} more did not fit: ask for them by /forecast.")
        closing.append("/list shows what you watch, /unwatch stops a symbol. " + wording.NOT_ADVICE)
        return "\n\n".join([opening, *parts, "\n".join(closing)])

    def _about(self, entry: Entry, common: tuple[str, ...]) -> str:
        key = (id(entry), common)
        if key not in self._lines:
            self._lines[key] = (entry, _entry(entry, common))
        return self._lines[key][1]


def digest(entries: list[Entry], session: date, horizon: int) -> str:
    """The digest of one chat and session."""
    return Digests(horizon).write(entries, session)


def _common(all_caveats: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The caveats that every forecast has, in the order of the first."""
    if not all_caveats:
        return ()
    different = set(all_caveats)
    return tuple(one for one in all_caveats[0] if all(one in caveats for caveats in different))


def _entry(entry: Entry, common: tuple[str, ...]) -> str:
    """A few lines on one symbol."""
    name = f"<b>{escape(entry.instrument.name)}</b> ({escape(entry.instrument.symbol)})"
    made = entry.forecast
    if made is None:
        return f"{name}: no forecast tonight. {escape(entry.failure)}"
    low, high = wording.price_range(made)
    last = wording.money(made.last_close, made.currency, made.symbol)
    own = "".join(f"\n<i>{escape(caveat)}</i>" for caveat in made.caveats if caveat not in common)
    return (
        f"{name} {escape(last)}\n"
        f"8 in 10 outcomes: {escape(low)} to {escape(high)} · "
        f"chance of a rise {wording.percent(made.probability_of_growth)}\n"
        f"{escape(_next_day(entry.next_day))}"
        f"{escape(_change(made, entry.previous))}{own}"
    )


def _next_day(made: Forecast | None) -> str:
    """The range that the next digest grades."""
    if made is None:
        return ""
    low, high = wording.price_range(made)
    return f"Next trading day: {low} to {high}.\n"


def _change(now: Forecast, before: Forecast | None) -> str:
    """What is different from the session before."""
    if before is None:
        return "Nothing to compare it with yet."
    moved = wording.signed_percent(now.last_close / before.last_close - 1)
    wider = (now.log_returns[5] - now.log_returns[1]) / (before.log_returns[5] - before.log_returns[1]) - 1
    width = (
        "about as wide"
        if abs(wider) < 0.03
        else f"{wording.percent(abs(wider))} {'wider' if wider > 0 else 'narrower'}"
    )
    points = round(now.probability_of_growth * 100) - round(before.probability_of_growth * 100)
    chance = "chance unchanged" if points == 0 else f"chance {'up' if points > 0 else 'down'} {abs(points)} in 100"
    return f"Since the session before: price {moved}, range {width}, {chance}."
