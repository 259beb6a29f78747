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
    late: bool = False  #: the failure is the source's, and may be over soon


def digest(entries: list[Entry], session: date, horizon: int) -> str:
    """The digest of one chat and session. Symbols that don't fit in one message are counted, not dropped silently."""
    opening = f"<b>After {wording.day(session)}</b> · {wording.span(horizon).lower()}"
    forecasts = [entry.forecast for entry in entries if entry.forecast]
    # what holds for all is said once, at the end; what holds for one symbol is said under it
    common = [c for c in forecasts[0].caveats if all(c in made.caveats for made in forecasts)] if forecasts else []
    parts, used, left_out = [], 0, 0
    for entry in entries:
        part = _entry(entry, common)
        if used + len(part) > _ROOM:
            left_out += 1
            continue
        parts.append(part)
        used += len(part)
    closing = [escape(caveat) for caveat in common]
    if left_out:
        closing.insert(0, f"{left_out} more did not fit: ask for them by /forecast.")
    closing.append("/list shows what you watch, /unwatch stops a symbol. " + wording.NOT_ADVICE)
    return "\n\n".join([opening, *parts, "\n".join(closing)])


def _entry(entry: Entry, common: list[str]) -> str:
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
        f"{escape(_change(made, entry.previous))}{own}"
    )


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
