"""A small real model that reads days of reports, so that what they change can be told to the digit.

Its ranges are symmetrical; over h sessions they are wider by half for each report expected within them, where one came
out while it looks back. Where it reads the universe's state too they are wider by a tenth of U, how much all moved.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bellwether.core.types import AHEAD, HEADS, LEVELS, MARKET_SERIES, REPORT_ERRORS, STATE_SERIES
from bellwether.models.model_card import RANGE, folders_of

MODEL_ID = "reads-reports-1"
WIDER = 0.5  #: for each report within the horizon
_LENGTH = 504
_SCORES = np.array([-1.64, -1.28, -0.67, 0.0, 0.67, 1.28, 1.64])


def calendar_model(models: Path, shipped: Path, *, state: bool = False, **facts: Any) -> Path:
    """A model folder beside others in `models`; its card is that of a shipped one, but for `facts`."""
    market = [*MARKET_SERIES, *(STATE_SERIES if state else ())]
    content = _graph(len(market))
    card = json.loads((folders_of(shipped, RANGE)[-1] / "card.json").read_text(encoding="utf-8"))
    for learned in ("evening_width", "rise_weights"):  # its answers are to be the graph's own
        card.pop(learned, None)
    exact = np.eye(1, len(REPORT_ERRORS), -REPORT_ERRORS[0])[0].tolist()
    card |= {
        "model_id": MODEL_ID,
        "sha256": hashlib.sha256(content).hexdigest(),
        "market": market,
        "reports": {"error_shares": exact, "symbols": 1},
        "evening_width": False,
        "rise_weights": None,
    }
    folder = models / MODEL_ID
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    (folder / "card.json").write_text(json.dumps(card | facts), encoding="utf-8")
    return folder


def past_model(folder: Path, shipped: Path, **facts: Any) -> Path:
    """A folder of models with one that reads days of reports, is stretched, and was taught nothing after 2009."""
    models = folder / "reading"
    file = calendar_model(models, shipped, evening_width=True, **facts) / "card.json"
    card = json.loads(file.read_text(encoding="utf-8"))
    card["data"]["trained_to"] = "2009-12-31"
    card["splits"] |= {"train": ["2000-01-01", "2008-12-31"], "validation": ["2009-01-01", "2009-12-31"]}
    file.write_text(json.dumps(card), encoding="utf-8")
    return models


def _graph(series: int) -> bytes:
    onnx = pytest.importorskip("onnx", reason="it comes with the training packages")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    shapes = {"bars": [_LENGTH, 5], "market": [_LENGTH, series], "calendar": [_LENGTH + AHEAD]}
    sums = np.zeros((_LENGTH + AHEAD, len(HEADS)), np.float32)
    for head, horizon in enumerate(HEADS):
        sums[_LENGTH : _LENGTH + horizon, head] = WIDER
    marks = np.zeros((_LENGTH + AHEAD, 1), np.float32)
    marks[:_LENGTH] = 1
    base = 0.02 * np.sqrt(np.array(HEADS))[:, None] * _SCORES
    constants = {
        "sums": sums,
        "marks": marks,
        "one": np.ones(1, np.float32),
        "base": base[None].astype(np.float32),
        "shape": np.array([0, len(HEADS), 1], np.int64),
    }
    moved = len(MARKET_SERIES)  # the place of U
    if series > moved:
        constants |= {
            "from": np.array([_LENGTH - 1, moved], np.int64),
            "to": np.array([_LENGTH, moved + 1], np.int64),
            "axes": np.array([1, 2], np.int64),
            "tenth": np.full(1, 0.1, np.float32),
        }
    nodes = [
        helper.make_node("MatMul", ["calendar", "sums"], ["expected"]),
        helper.make_node("MatMul", ["calendar", "marks"], ["came"]),
        helper.make_node("Min", ["came", "one"], ["has"]),
        helper.make_node("Mul", ["expected", "has"], ["more"]),
        helper.make_node("Add", ["more", "one"], ["times"]),
        helper.make_node("Reshape", ["times", "shape"], ["wide"]),
        helper.make_node("Mul", ["wide", "base"], ["of_reports" if series > moved else "quantiles"]),
    ]
    if series > moved:
        nodes += [
            helper.make_node("Slice", ["market", "from", "to", "axes"], ["moved"]),
            helper.make_node("Mul", ["moved", "tenth"], ["more_of_it"]),
            helper.make_node("Add", ["more_of_it", "one"], ["stormy"]),
            helper.make_node("Mul", ["of_reports", "stormy"], ["quantiles"]),
        ]
    graph = helper.make_graph(
        nodes,
        "reads_reports",
        [helper.make_tensor_value_info(name, number, ["n", *shape]) for name, shape in shapes.items()],
        [helper.make_tensor_value_info("quantiles", number, ["n", len(HEADS), len(LEVELS)])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())
