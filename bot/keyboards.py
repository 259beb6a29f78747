"""The buttons under replies, and the actions they send back.

An action is a verb and its arguments, joined by colons: "forecast:AAPL:10". A symbol has no colon and at most 21
characters, so every action stays below Telegram's 64 bytes.

    forecast details        make the forecast above new: another horizon, short or with all that is known
    watch unwatch           switch its digest on and off
    ask add drop            the answer to a question back: go on with /forecast, /watch or /unwatch
    why meaning alert chart what stands under a forecast besides: one more message each
    ask quieter stop        what stands under a digest or an alert: one more message each
    growth drop             what stands under a company's report: one more message each
    ...                     those of one command stand in its file
"""

from collections.abc import Sequence

from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Instrument
from bellwether.delivery.offers import Offer, OfferKind
from bellwether.forecasting import sentences
from bot.replies import Button, Rows

MOST_BYTES = 64  #: of an action, as Telegram has it
LONGEST_NAME = 30  #: letters of a company's name on a button, which a phone shows in one line


def under_forecast(symbol: str, horizon: int, watched: bool, stopped: bool = False) -> Rows:
    """Return the buttons under a short answer: horizons, its details and meaning, the watch switch, what goes on.

    `stopped` is a chat that gets nothing before it says so, even of what it watches.
    """
    details = Button(_("Details"), f"details:{symbol}:{horizon}")
    return (
        *horizons(horizon, f"forecast:{symbol}:{{}}"),
        (details, meaning()),
        *_go_on(symbol, horizon, watched, stopped),
    )


def under_details(symbol: str, horizon: int, watched: bool, stopped: bool = False) -> Rows:
    """Return the buttons under the details: the same, but that they stay at another horizon, and the way back."""
    back = Button(_("Short again"), f"forecast:{symbol}:{horizon}")
    whole = Button(_("Chart in full size"), f"chart:{symbol}:{horizon}")
    offered = horizons(horizon, f"details:{symbol}:{{}}")
    return (*offered, (back, meaning()), *_go_on(symbol, horizon, watched, stopped), (whole,))


def _go_on(symbol: str, horizon: int, watched: bool, stopped: bool) -> Rows:
    switch = Button(_("Watch: digest every evening"), f"watch:{symbol}:{horizon}")
    if watched:
        switch = Button(_("Stop the nightly digest"), f"unwatch:{symbol}:{horizon}")
    if watched and stopped:
        switch = Button(_("Resume the nightly digest"), f"watch:{symbol}:{horizon}")
    more = (
        Button(_("Alert me…"), f"alert:{symbol}:{horizon}"),
        Button(_("What changed?"), f"why:{symbol}:{horizon}"),
    )
    return ((switch,), more)


def under_message(offers: Sequence[Offer]) -> Rows:
    """Return the buttons under a message that we send of our own accord; of those from before there are none."""
    forecasts = [offer.about for offer in offers if offer.kind is OfferKind.FORECAST]
    label = _("Chart of {symbol}") if len(forecasts) == 1 else "{symbol}"
    charts = [Button(label.format(symbol=about.partition(":")[0]), f"ask:{about}") for about in forecasts]
    changes = tuple(_change(offer) for offer in offers if offer.kind is not OfferKind.FORECAST)
    return (*in_rows(charts, 4), *((changes,) if changes else ()))


def _change(offer: Offer) -> Button:
    match offer.kind:
        case OfferKind.QUIETER:
            return Button(_("Quieter…"), f"quieter:{offer.about}")
        case OfferKind.REVENUE:
            return Button(_("Revenue forecast"), f"growth:{offer.about}")
        case OfferKind.UNWATCH:
            return Button(_("Stop watching {symbol}").format(symbol=offer.about), f"drop:{offer.about}")
        case _:
            return Button(_("Stop this alert"), f"stop:{offer.about}")


def meaning() -> Button:
    """Return the button that explains a forecast."""
    return Button(_("What does this mean?"), "meaning")


def horizons(shown: int, action: str) -> Rows:
    """Return the usual horizons, the shown one marked; `action` has {} in place of the sessions."""
    row = tuple(
        Button(
            f"· {sentences.label(sessions)} ·" if sessions == shown else sentences.label(sessions),
            action.format(sessions),
        )
        for sessions in sentences.HORIZON_LABELS
    )
    return (row[:3], row[3:])


def in_rows(buttons: Sequence[Button], width: int) -> Rows:
    """Arrange buttons in rows of this width."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def near_matches(symbols: tuple[str, ...], labels: tuple[str, ...], action: str) -> Rows:
    """Return near matches of a misspelt symbol or name; `action` is as in `choices`."""
    buttons = [Button(_shortened(label), action.format(symbol)) for symbol, label in zip(symbols, labels, strict=True)]
    return in_rows(buttons, len(buttons) if labels == symbols else 2) if buttons else ()


def choices(candidates: tuple[Instrument, ...], action: str) -> Rows:
    """Return a row for each instrument that may be meant; `action` has {} for its symbol, as in "ask:{}:10"."""
    return tuple((Button(_label(candidate), action.format(candidate.symbol)),) for candidate in candidates)


def _label(instrument: Instrument) -> str:
    """ "SHEL.L: Shell, London, GBp"; of a long name only the beginning, for where it trades must be seen."""
    parts = (_shortened(instrument.name), instrument.listing)
    return f"{instrument.symbol}: {', '.join(part for part in parts if part)}"


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
