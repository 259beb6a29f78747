"""The buttons under replies, and the actions they send back.

An action is a verb and its arguments, joined by colons: "forecast:AAPL:10". A symbol has no colon and at most 21
characters, so every action stays below Telegram's 64 bytes.

    forecast watch unwatch  make the forecast above new: another horizon, watched or not
    ask add drop            the answer to a question back: go on with /forecast, /watch or /unwatch
    why meaning alert       what stands under a forecast besides: one more message each
    ...                     those of one command stand in its file
"""

from collections.abc import Sequence

from bellwether.types import Instrument
from bellwether.wording import HORIZON_LABELS
from bot.replies import Button, Rows

MOST_BYTES = 64  #: of an action, as Telegram has it
MEANING = Button("What does this mean?", "meaning")

LONGEST_NAME = 30  #: letters of a company's name on a button, which a phone shows in one line


def under_forecast(symbol: str, horizon: int, watched: bool) -> Rows:
    """Horizons to switch to, the shown one marked; the watch switch; alerts, and two questions."""
    horizons = tuple(
        Button(f"· {label} ·" if sessions == horizon else label, f"forecast:{symbol}:{sessions}")
        for sessions, label in HORIZON_LABELS.items()
    )
    switch = (
        Button("Stop the nightly digest", f"unwatch:{symbol}:{horizon}")
        if watched
        else Button("Watch: digest every evening", f"watch:{symbol}:{horizon}")
    )
    more = (Button("Alert me…", f"alert:{symbol}:{horizon}"), Button("What changed?", f"why:{symbol}:{horizon}"))
    return (horizons[:3], horizons[3:], (switch,), more, (MEANING,))


def in_rows(buttons: Sequence[Button], width: int) -> Rows:
    """Buttons in rows of so many."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def near_matches(symbols: tuple[str, ...], action: str) -> Rows:
    """Near matches of a misspelt symbol, in one row; `action` goes on with what was asked, as in `choices`."""
    return (tuple(Button(symbol, action.format(symbol)) for symbol in symbols),) if symbols else ()


def choices(candidates: tuple[Instrument, ...], action: str) -> Rows:
    """One row for each instrument that may be meant; `action`, such as "ask:{}:10", goes on with what was asked."""
    return tuple((Button(_label(one), action.format(one.symbol)),) for one in candidates)


def _label(one: Instrument) -> str:
    """ "SHEL.L: Shell, London, GBp"; of a long name only the beginning, for where it trades must be seen."""
    name = one.name if len(one.name) <= LONGEST_NAME else one.name[: LONGEST_NAME - 1].rstrip() + "…"
    return f"{one.symbol}: {', '.join(part for part in (name, one.listing) if part)}"
