"""What the graph costs besides its LSTMs: from raw windows to quantiles, against its LSTM nodes alone.

Both run on one thread by turns, in batches of 1024. The LSTM nodes stand in a graph of their own and are given inputs
of the same shape. Needs the package onnx (`pip install -r training/requirements.txt`).
"""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, TensorProto, helper

from bellwether.core.config import load_settings
from bellwether.core.types import AHEAD
from bellwether.forecasting.inputs import model_inputs
from bellwether.models.onnx_model import open_runtime
from bellwether.services import build_services
from benchmarks.timing import Comparison, compare

BATCH = 1024
LIMIT = 2.8  #: times the LSTM nodes alone
_SYMBOLS = ("AAPL", "MSFT", "XOM", "JNJ")
_STEPS = {16: 42, 12: 52}  #: of an LSTM by its units: two months in days, a year in weeks


def measure() -> Comparison:
    """The model that is served, on the sample market's windows."""
    services = build_services(load_settings(market={"source": "sample"}))
    if services.model is None:
        raise SystemExit(services.model_problem)
    model, provider, last = services.model, services.provider, services.clock().date()
    proto = onnx.load(str(model.folder / "model.onnx"))
    nothing = (None,) * len(model.card.market)
    windows = [model_inputs(provider.bars(symbol, last), nothing, model.card.context_length)[0] for symbol in _SYMBOLS]
    bars = np.resize(np.concatenate(windows), (BATCH, *windows[0].shape[1:]))
    market = np.ones((BATCH, model.card.context_length, len(model.card.market)), np.float32)
    inputs = {"bars": bars, "market": market}
    if model.card.error_shares is not None:
        inputs["calendar"] = np.zeros((BATCH, model.card.context_length + AHEAD), np.float32)
    whole, lstms = open_runtime(model.folder), _runtime(lstms_of(proto))
    random = np.random.default_rng(0)
    steps = {
        value.name: random.normal(size=(value.shape[0], BATCH, value.shape[2])).astype(np.float32)
        for value in lstms.get_inputs()
    }
    return compare(lambda: whole.run(None, inputs), lambda: lstms.run(None, steps), rounds=15)


def lstms_of(proto: ModelProto) -> ModelProto:
    """A graph of the LSTM nodes alone, from their steps (T, batch, inputs) to their last states."""
    weights = {constant.name: constant for constant in proto.graph.initializer}
    nodes: list[Any] = []
    inputs, outputs, constants = [], [], []
    for at, lstm in enumerate(node for node in proto.graph.node if node.op_type == "LSTM"):
        (units,) = (attribute.i for attribute in lstm.attribute if attribute.name == "hidden_size")
        node = helper.make_node("LSTM", [f"steps{at}", *lstm.input[1:4]], ["", f"state{at}"], hidden_size=units)
        nodes.append(node)
        constants += [weights[name] for name in lstm.input[1:4]]
        read = weights[lstm.input[1]].dims[2]
        inputs.append(helper.make_tensor_value_info(f"steps{at}", TensorProto.FLOAT, [_STEPS[units], "batch", read]))
        outputs.append(helper.make_tensor_value_info(f"state{at}", TensorProto.FLOAT, [1, "batch", units]))
    graph = helper.make_graph(nodes, "lstms", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=proto.opset_import, ir_version=proto.ir_version)


def _runtime(proto: ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    measured = measure()
    print(
        f"{BATCH / measured.ours:,.0f} windows a second on one thread: {measured.ratio:.2f} times the LSTM nodes alone"
    )
