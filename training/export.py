"""Keras -> ONNX -> the model folder: convert, prove that both agree, score, write both files at once.

The steps: trained.weights.h5 -> model -> tf2onnx -> check_graph -> disagreement -> evaluate -> model.onnx + card.json
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf2onnx
from keras.src.export.tf2onnx_lib import patch_tf2onnx

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Floats
from bellwether.forecasting.inputs import Float32s
from training.card import make_card, write_folder
from training.checks import check_graph, disagreement, runtime
from training.evaluate import evaluate, print_table
from training.model import build_model
from training.panel import Panel, Rows
from training.prepare import STRIDE, load
from training.spans import RECIPE, TEST

OPSET = 18  # tf2onnx makes real LSTM nodes from 17 on; ONNX Runtime reads far newer ones


def export(work: Path, models: Path, model_id: str, today: date, stride: int = STRIDE) -> None:
    """Write `models/model_id/` from what `prepare` and `train` left in `work`. Opens the test span.

    Raises ModelError when the graph is not what was asked for or the two runtimes disagree.
    """
    panel, facts = load(work)
    if not (work / "training.json").is_file():
        raise MarketDataError(f"There is nothing trained in {work}: run `python -m training train` first.")
    record = json.loads((work / "training.json").read_text(encoding="utf-8"))
    standardised = np.array(facts["standardised_quantiles"])
    model = build_model(standardised)
    model.load_weights(work / "trained.weights.h5")
    content, difference = converted(model, panel, RECIPE.rows(panel))
    scores = evaluate(runtime(content), panel, standardised, facts["climatology"], TEST, stride)
    print_table(scores)
    card = make_card(model_id, content, facts, record, scores, today) | {"keras_onnx_difference": difference}
    write_folder(models / model_id, content, card)
    print(f"wrote {models / model_id}")


def converted(model: Any, panel: Panel, rows: Rows) -> tuple[bytes, float]:
    """The Keras model as ONNX, checked, and by how much the two differ on windows drawn from `rows`.

    Raises ModelError when the graph is not what was asked for or the two runtimes disagree.
    """

    def keras_answer(bars: Float32s, market: Float32s) -> Floats:
        return np.asarray(model.predict_on_batch([bars, market]))

    content = convert(model)
    check_graph(content)
    some = np.random.default_rng(0).choice(rows, 256)
    difference = disagreement(keras_answer, runtime(content), *panel.windows(some))
    print(f"model.onnx: {len(content):,} bytes; Keras and ONNX differ by at most {difference:.1e}")
    return content, difference


def convert(model: Any) -> bytes:
    """The Keras model as ONNX, inputs named as the model's own, output `quantiles`, any batch size."""
    patch_tf2onnx()  # tf2onnx 1.17 with numpy 2
    signature = [tf.TensorSpec((None, *tensor.shape[1:]), tf.float32, name=tensor.name) for tensor in model.inputs]

    @tf.function(input_signature=signature)
    def graph(*inputs: Any) -> Any:
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    proto, _ = tf2onnx.convert.from_function(graph, input_signature=signature, opset=OPSET)
    (output,) = proto.graph.output
    for node in proto.graph.node:
        node.output[:] = ["quantiles" if name == output.name else name for name in node.output]
        node.input[:] = ["quantiles" if name == output.name else name for name in node.input]
    output.name = "quantiles"
    for value in (*proto.graph.input, output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    content: bytes = proto.SerializeToString()
    return content
