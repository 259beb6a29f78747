"""The inputs of the network's linear skip, for models without recurrence: what the LSTMs add is measured against these.

They are computed by the network's own feature layer, so both read the same numbers to the bit. Needs tensorflow.
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from bellwether.core.types import AHEAD, HEADS, Floats
from training import panel as panel_module
from training.panel import CONTEXT_LENGTH, Panel, Rows
from training.remember import remembered

BATCH = 512


def names() -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """The names of the inputs, and which of them are equal for all symbols on a date."""
    from training.features import ECHO, MARKET_LEVEL, STATIC

    reports = (*(f"reports_{horizon}" for horizon in HEADS), *(f"reports_{name}" for name in ECHO))
    names = (*STATIC, *reports)
    return names, tuple(name in MARKET_LEVEL for name in names)


def inputs(panel: Panel, rows: Rows, kept: Path | None) -> Floats:
    """The inputs at these cutoffs, float32 (b, k)."""
    code = Path(panel_module.__file__).parent
    layers = [
        (code / name).read_text(encoding="utf-8") for name in ("features.py", "graph.py", "panel.py", "reports.py")
    ]
    seen = (panel.bars, panel.market, panel.reported, panel.next_report, panel.chances, panel.symbol, rows)
    answer = remembered(kept, __file__, layers, seen, lambda: {"inputs": _run_layer(panel, rows)})
    static: Floats = answer["inputs"]
    return static


def _run_layer(panel: Panel, rows: Rows) -> Floats:
    import keras

    from training.features import ECHO, STATIC, Features
    from training.reports import Reports

    bars = keras.Input((CONTEXT_LENGTH, 5))
    market = keras.Input((CONTEXT_LENGTH, panel.market.shape[1]))
    calendar = keras.Input((CONTEXT_LENGTH + AHEAD,))
    _, _, static, _, z = Features(name="features")(bars, market)
    assert static.shape[1] == len(STATIC)
    reports = Reports(name="reports")(calendar, z, static[:, -len(ECHO) :])
    layer = keras.Model([bars, market, calendar], keras.layers.Concatenate()([static, reports]))
    filled = np.pad(rows, (0, -len(rows) % BATCH), mode="edge")  # one batch size: the graph is traced once
    parts = []
    for start in tqdm(range(0, len(filled), BATCH), desc="inputs", unit="batch", mininterval=0.5):
        parts.append(layer.predict_on_batch(list(panel.windows(filled[start : start + BATCH]))))
    inputs: Floats = np.concatenate(parts)[: len(rows)]
    return inputs
