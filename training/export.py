"""Keras -> ONNX: convert, and prove that both agree.

model -> tf2onnx -> tidy -> check_graph -> largest_difference on real and broken windows
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf2onnx
from keras.src.export.tf2onnx_lib import patch_tf2onnx

from bellwether.core.types import Floats
from bellwether.forecasting.inputs import Float32s
from training.checks import LSTMS, check_graph, largest_difference, runtime
from training.tidy_graph import tidy

# else tf2onnx copies the graph before each of its steps, and goes on without a step that fails
os.environ.setdefault("TF2ONNX_CATCH_ERRORS", "FALSE")
OPSET = 18  # tf2onnx makes real LSTM nodes from 17 on; ONNX Runtime reads far newer ones


@dataclass(frozen=True, slots=True)
class Converted:
    """A model as ONNX."""

    content: bytes
    difference: float  #: the largest one between Keras and ONNX Runtime, in log return


def converted(model: Any, windows: Mapping[str, tuple[Float32s, ...]], lstms: int = LSTMS) -> Converted:
    """The Keras model as ONNX, checked on windows whole and broken, by name, each with all inputs of the graph.

    `lstms` tells how many it has. Raises ModelError when the graph is not what was asked for or the two runtimes
    disagree.
    """

    graph, signature = _drawn_up(model)

    def keras_answer(*inputs: Float32s) -> Floats:
        return np.asarray(graph(*inputs))

    content = _convert(graph, signature)
    check_graph(content, [tensor.name for tensor in model.inputs], lstms)
    difference = largest_difference(keras_answer, runtime(content), windows)
    print(f"model.onnx: {len(content):,} bytes; Keras and ONNX differ by at most {difference:.1e}")
    return Converted(content, difference)


def _drawn_up(model: Any) -> tuple[Any, list[tf.TensorSpec]]:
    """The model as a function of TensorFlow for any batch size, whose inputs are named as the model's own."""
    signature = [tf.TensorSpec((None, *tensor.shape[1:]), tf.float32, name=tensor.name) for tensor in model.inputs]

    @tf.function(input_signature=signature)
    def graph(*inputs: Any) -> Any:
        return model(_packed(inputs), training=False)

    return graph, signature


def _convert(graph: Any, signature: list[tf.TensorSpec]) -> bytes:
    """The function as ONNX, output `quantiles`."""
    patch_tf2onnx()  # tf2onnx 1.17 with numpy 2
    proto, _ = tf2onnx.convert.from_function(graph, input_signature=signature, opset=OPSET)
    (output,) = proto.graph.output
    for node in proto.graph.node:
        node.output[:] = ["quantiles" if name == output.name else name for name in node.output]
        node.input[:] = ["quantiles" if name == output.name else name for name in node.input]
    output.name = "quantiles"
    for value in (*proto.graph.input, output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    tidy(proto)
    content: bytes = proto.SerializeToString()
    return content


def _packed(inputs: tuple[Any, ...]) -> Any:
    """Inputs as a Keras model takes them."""
    return list(inputs) if len(inputs) > 1 else inputs[0]
