"""Make the sample market's prices, which lie in the package, from price tables that continue each other.

python -m training.sample_prices --prices FILE --prices FILE: of the same symbols in all of them, adjusted in one scale.
Then run `python -m bellwether.market.sample_state` and `python -m training.sample_reports`, which follow from them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bellwether.market.sample import ENDS

OUT = Path("bellwether/market/data/sample_prices.npz")
_BARS = ["open", "high", "low", "close", "volume"]


def packed(tables: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """The arrays of the file: `symbols`, `days`, and of each symbol `begins` and `bars`, 0 before it begins.

    `tables` have symbol, date and the columns of a bar. Raises ValueError where they end on another day than `ENDS`, a
    symbol lacks a session after its first or has two bars of it, or a bar has a hole.
    """
    whole = pd.concat([table.astype({"symbol": str}) for table in tables])
    whole["date"] = pd.to_datetime(whole["date"])
    if whole["date"].max() != pd.Timestamp(ENDS):
        raise ValueError(f"The tables end on {whole['date'].max():%Y-%m-%d}; the sample market ends on {ENDS}.")
    days = np.sort(whole["date"].unique())
    symbols = sorted(whole["symbol"].unique())  # '^' comes after the letters: companies first, then the indices
    bars = np.zeros((len(symbols), len(_BARS), len(days)), np.float32)
    begins = np.zeros(len(symbols), np.int32)
    for row, symbol in enumerate(symbols):
        own = whole[whole["symbol"] == symbol].sort_values("date")
        begins[row] = np.searchsorted(days, own["date"].iloc[0])
        if not np.array_equal(own["date"], days[begins[row] :]) or own[_BARS].isna().to_numpy().any():
            raise ValueError(f"{symbol} does not have one whole bar of each session since its first.")
        bars[row, :, begins[row] :] = own[_BARS].to_numpy(np.float32).T
    return {
        "symbols": np.array(symbols),
        "begins": begins,
        "days": days.astype("datetime64[D]").astype(np.int32),
        "bars": bars,
    }


def main() -> None:
    """Write the file anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prices", type=Path, action="append", required=True, help="a parquet table; several at will")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    made = packed([pd.read_parquet(file) for file in chosen.prices])
    np.savez(chosen.out, **made)  # not compressed: a service that starts reads it without unpacking
    print(f"wrote {len(made['symbols'])} symbols, {len(made['days'])} sessions up to {ENDS}, to {chosen.out}")


if __name__ == "__main__":
    main()
