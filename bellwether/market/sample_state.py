"""Make `data/sample_state.npz` from the sample market itself: `python -m bellwether.market.sample_state`.

To be run whenever the sample's prices change; a test makes it again and compares.
"""

from importlib.resources import files
from pathlib import Path

import numpy as np

from bellwether.market.sample import ENDS, STATE_FILE, SampleProvider
from bellwether.market.universe_state import DailyState, counts_for_state, state_of


def make() -> DailyState:
    """The state on every session of the sample."""
    market = SampleProvider()
    return state_of(
        market.bars(instrument.symbol, ENDS) for instrument in market.universe() if counts_for_state(instrument)
    )


def write(file: Path) -> None:
    """`days` (n,) int32 since 1970, `state` (n, 2) float32: U and D, and `stocks` (n,) how many they are made of."""
    made = make()
    np.savez_compressed(
        file,
        days=made.days.astype(np.int32),
        state=made.values.astype(np.float32),
        stocks=made.stocks.astype(np.int16),
    )


if __name__ == "__main__":
    write(Path(str(files("bellwether.market"))) / "data" / STATE_FILE)
