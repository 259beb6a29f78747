"""A converted graph with fewer steps and the same answers: what tf2onnx writes in several nodes and ONNX has in one.

Min, Max by constants      | Clip, one pass over the data instead of two
an LSTM from states of 0   | no states given, which means 0
all states, then the last  | the last state, which the node has as an output of its own

Each node costs about half a millionth of a second in every run, and each pass over a large batch a hundredth.
"""

from collections import Counter

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

ALL_STATES, LAST_STATE = 0, 1  # outputs of an LSTM node
FIRST_STATES = slice(5, 7)  # its inputs


def tidy(proto: ModelProto) -> None:
    """Make the graph's steps fewer, in place."""
    fuse_clips(proto)
    start_at_zero(proto)
    take_last_states(proto)
    forget_unused(proto)


def fuse_clips(proto: ModelProto) -> None:
    """Max(Min(x, high), low) of constants, low below high -> Clip(x, low, high)."""
    made, uses, scalars = _makers(proto), _uses(proto), _scalars(proto)
    for node in proto.graph.node:
        if node.op_type != "Max" or len(node.input) != 2 or node.input[1] not in scalars:
            continue
        inner, low = made.get(node.input[0]), node.input[1]
        if inner is None or inner.op_type != "Min" or len(inner.input) != 2 or uses[node.input[0]] != 1:
            continue
        high = inner.input[1]
        if high in scalars and scalars[low] <= scalars[high]:
            node.CopyFrom(helper.make_node("Clip", [inner.input[0], low, high], list(node.output), name=node.name))


def start_at_zero(proto: ModelProto) -> None:
    """LSTM nodes that are given zeros as their first states are given none."""
    made, scalars = _makers(proto), _scalars(proto)
    for node in _lstms(proto):
        states = [made.get(name) for name in node.input[FIRST_STATES]]
        if len(states) == 2 and all(_is_zero(state, made, scalars) for state in states):
            del node.input[FIRST_STATES]


def take_last_states(proto: ModelProto) -> None:
    """Squeeze, last step and Squeeze of all states -> Squeeze of the last state."""
    uses = _uses(proto)
    for node in _lstms(proto):
        steps, name = [], node.output[ALL_STATES]
        for kind in ("Squeeze", "Slice", "Squeeze"):
            users = [user for user in proto.graph.node if name in user.input]
            if len(users) != 1 or uses[name] != 1 or users[0].op_type != kind:
                break
            steps.append(users[0])
            name = users[0].output[0]
        if len(steps) < 3:
            continue
        if _constant(proto, steps[1].input[1]) == [-1] and _constant(proto, steps[2].input[1]) == [0]:
            steps[2].input[0] = node.output[LAST_STATE]
            node.output[ALL_STATES] = ""


def forget_unused(proto: ModelProto) -> None:
    """Without nodes and constants that lead to no output."""
    wanted, kept = {value.name for value in proto.graph.output}, []
    for node in reversed(proto.graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    kept = [*reversed(kept)]
    constants = [constant for constant in proto.graph.initializer if constant.name in wanted]
    del proto.graph.node[:], proto.graph.initializer[:]
    proto.graph.node.extend(kept)
    proto.graph.initializer.extend(constants)
    for node in kept:
        if node.op_type == "LSTM":
            for at in range(len(node.output)):
                if node.output[at] not in wanted:
                    node.output[at] = ""


def _lstms(proto: ModelProto) -> list[NodeProto]:
    return [node for node in proto.graph.node if node.op_type == "LSTM"]


def _makers(proto: ModelProto) -> dict[str, NodeProto]:
    """The node behind each value, by its name."""
    return {name: node for node in proto.graph.node for name in node.output}


def _uses(proto: ModelProto) -> Counter[str]:
    """By how many nodes and outputs each value is read."""
    read = [name for node in proto.graph.node for name in node.input]
    return Counter(read + [value.name for value in proto.graph.output])


def _scalars(proto: ModelProto) -> dict[str, float]:
    """The constants that are one number, by name."""
    arrays = {constant.name: numpy_helper.to_array(constant) for constant in proto.graph.initializer}
    return {name: float(array) for name, array in arrays.items() if array.shape == () and array.dtype == np.float32}


def _constant(proto: ModelProto, name: str) -> list[float] | None:
    for constant in proto.graph.initializer:
        if constant.name == name:
            numbers: list[float] = numpy_helper.to_array(constant).ravel().tolist()
            return numbers
    return None


def _is_zero(node: NodeProto | None, made: dict[str, NodeProto], scalars: dict[str, float]) -> bool:
    """Whether a value is 0 spread over a shape."""
    while node is not None and node.op_type == "Unsqueeze":
        node = made.get(node.input[0])
    return node is not None and node.op_type == "Expand" and scalars.get(node.input[0]) == 0.0
