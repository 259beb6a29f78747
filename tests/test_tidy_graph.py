"""A converted graph is made shorter, and answers as before."""

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from training.tidy_graph import tidy

UNITS, STEPS, INPUTS = 3, 5, 2


def as_converted(*, first_state: float = 0.0, low: float = -0.5) -> ModelProto:
    """x (STEPS, b, INPUTS) -> the last state of an LSTM, kept between `low` and .5: the nodes that tf2onnx writes."""
    rng = np.random.default_rng(0)
    constants = {
        "kernel": rng.normal(size=(1, 4 * UNITS, INPUTS)).astype(np.float32),
        "recurrent": rng.normal(size=(1, 4 * UNITS, UNITS)).astype(np.float32),
        "bias": rng.normal(size=(1, 8 * UNITS)).astype(np.float32),
        "first": np.float32(first_state),
        "shape": np.array([2, UNITS]),
        "zero": np.array([0]),
        "one": np.array([1]),
        "minus_one": np.array([-1]),
        "end": np.array([2**31 - 1]),
        "low": np.float32(low),
        "high": np.float32(0.5),
    }
    node = helper.make_node
    nodes = [
        node("Expand", ["first", "shape"], ["flat"]),
        node("Unsqueeze", ["flat", "zero"], ["states"]),
        node(
            "LSTM",
            ["x", "kernel", "recurrent", "bias", "", "states", "states"],
            ["all", "last", "cell"],
            hidden_size=UNITS,
        ),
        node("Squeeze", ["all", "one"], ["of_direction"]),
        node("Slice", ["of_direction", "minus_one", "end", "zero"], ["of_last_step"]),
        node("Squeeze", ["of_last_step", "zero"], ["state"]),
        node("Min", ["state", "high"], ["below"]),
        node("Max", ["below", "low"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, 2, INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, UNITS])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def answer(proto: ModelProto) -> np.ndarray:
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).normal(size=(STEPS, 2, INPUTS)).astype(np.float32)
    (y,) = session.run(None, {"x": x})
    return np.asarray(y)


def kinds(proto: ModelProto) -> list[str]:
    return [node.op_type for node in proto.graph.node]


def test_a_graph_is_as_short_as_its_answer_allows() -> None:
    proto = as_converted()
    before = answer(proto)
    tidy(proto)
    assert kinds(proto) == ["LSTM", "Squeeze", "Clip"]
    assert {constant.name for constant in proto.graph.initializer}.isdisjoint({"first", "shape", "end", "minus_one"})
    np.testing.assert_array_equal(answer(proto), before)


def test_an_lstm_that_starts_elsewhere_than_at_zero_still_does() -> None:
    proto = as_converted(first_state=0.7)
    before = answer(proto)
    tidy(proto)
    assert "Expand" in kinds(proto)
    np.testing.assert_array_equal(answer(proto), before)


def test_limits_that_cross_are_left_as_they_are() -> None:
    proto = as_converted(low=0.6)
    before = answer(proto)
    tidy(proto)
    assert kinds(proto)[-2:] == ["Min", "Max"]
    np.testing.assert_array_equal(answer(proto), before)


def test_what_is_read_elsewhere_too_is_kept() -> None:
    proto = as_converted()
    proto.graph.output.append(helper.make_tensor_value_info("all", TensorProto.FLOAT, [STEPS, 1, 2, UNITS]))
    proto.graph.node.append(helper.make_node("Neg", ["below"], ["opposite"]))
    proto.graph.output.append(helper.make_tensor_value_info("opposite", TensorProto.FLOAT, [2, UNITS]))
    tidy(proto)
    assert "Min" in kinds(proto)
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_outputs()] == ["y", "all", "opposite"]
