"""Prices that are at hand as one table in long form: what training reads, and the file market too.

Nobody is asked for them: what was never fetched is not in the table.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.places import COMMAND
from bellwether.core.types import Bars
from bellwether.market.files.prices import COLUMNS, QUOTED
from bellwether.market.provider import Provider
from bellwether.market.sources import remote


def bars_at_hand(provider: Provider, symbols: Sequence[str] = ()) -> Iterator[Bars]:
    """The bars of these symbols, or of all, in the order of their names. Raises UnknownSymbol where one is not here."""
    cached = remote(provider)
    if cached is None:
        for symbol in sorted(symbols or (instrument.symbol for instrument in provider.universe())):
            yield provider.bars(symbol, date.max)
        return
    for symbol in sorted(symbols or (asked.instrument.symbol for asked in cached.all_asked())):
        bars = cached.at_hand(symbol)
        if bars is not None:
            yield bars
        elif symbols:
            raise MarketDataError(
                f"No prices of {symbol} are kept here. Fetch them: market refresh --symbols {symbol}."
            )


def as_table(histories: Sequence[Bars]) -> pd.DataFrame:
    """Rows by symbol and session, columns COLUMNS and QUOTED. Raises MarketDataError where there are none."""
    if not histories:
        raise MarketDataError(f"No prices are kept here yet. Fetch them: {COMMAND} market refresh.")
    return pd.concat([_rows(bars) for bars in histories], ignore_index=True)


def _rows(bars: Bars) -> pd.DataFrame:
    frame = pd.DataFrame(bars.values, columns=list(COLUMNS[2:]))
    frame.insert(0, "symbol", bars.symbol)
    frame.insert(1, "date", bars.sessions.astype("datetime64[s]"))
    frame[QUOTED] = bars.quoted_closes
    return frame
