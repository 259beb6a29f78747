"""The buttons under replies, and the actions they send back.

An action is a verb and its arguments, joined by colons: "forecast:AAPL:10". A symbol has no colon and at most 20
characters, so every action stays below Telegram's 64 bytes.
"""

from bellwether.wording import HORIZON_LABELS
from bot.replies import Button


def under_forecast(symbol: str, horizon: int, watched: bool) -> tuple[tuple[Button, ...], ...]:
    """Horizons to switch to, the shown one marked, and the watch switch."""
    horizons = tuple(
        Button(f"· {label} ·" if sessions == horizon else label, f"forecast:{symbol}:{sessions}")
        for sessions, label in HORIZON_LABELS.items()
    )
    switch = (
        Button("Stop the nightly digest", f"unwatch:{symbol}:{horizon}")
        if watched
        else Button("Watch: digest every evening", f"watch:{symbol}:{horizon}")
    )
    return (horizons[:3], horizons[3:], (switch,))


def suggestions(symbols: tuple[str, ...]) -> tuple[tuple[Button, ...], ...]:
    """Near matches of a misspelt symbol."""
    return (tuple(Button(symbol, f"ask:{symbol}") for symbol in symbols),) if symbols else ()
