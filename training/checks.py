"""Is the converted graph the model that was trained? Needs onnx and onnxruntime, not tensorflow.

model.onnx -> check_graph (its LSTMs, the promised inputs) -> runtime -> largest_difference to Keras on hostile windows
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx
import onnxruntime

from bellwether.core.errors import ModelError
from bellwether.core.types import CLOSE, Floats
from bellwether.forecasting.inputs import Float32s
from training.panel import CONTEXT_LENGTH, MIN_HISTORY, Windows

TOLERANCE = 1e-5  # log return: a thousandth of a percent of the price
MAX_BYTES = 1_000_000
LSTMS = 2  # the daily and the weekly one

Answer = Callable[..., Floats]  #: all inputs of a graph -> quantiles (b, horizons, levels)


def check_graph(content: bytes, inputs: Sequence[str] = ("bars", "market", "calendar"), lstms: int = LSTMS) -> None:
    """Refuse a graph without as many real LSTMs between the promised inputs and output. Raises ModelError."""
    proto = onnx.load_from_string(content)
    onnx.checker.check_model(proto)
    kinds = [node.op_type for node in proto.graph.node]
    slow = {"Loop", "Scan", "If"} & set(kinds)
    if slow:
        raise ModelError(f"The conversion left {' and '.join(sorted(slow))} in the graph: the LSTMs went wrong.")
    if kinds.count("LSTM") != lstms:
        raise ModelError(f"The graph holds {kinds.count('LSTM')} LSTM nodes, not {lstms}: it is not what was trained.")
    names = [value.name for value in (*proto.graph.input, *proto.graph.output)]
    if names != [*inputs, "quantiles"]:
        raise ModelError(f"The graph has inputs and outputs {names}, not {', '.join(inputs)}, quantiles.")
    if len(content) > MAX_BYTES:
        raise ModelError(f"The graph takes {len(content):,} bytes; at most {MAX_BYTES:,} are allowed.")


def runtime(content: bytes) -> Answer:
    """The converted graph as a function, run by ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    names = [get_input.name for get_input in session.get_inputs()]

    def answer(*inputs: Float32s) -> Floats:
        (quantiles,) = session.run(["quantiles"], dict(zip(names, inputs, strict=True)))
        return np.asarray(quantiles)

    return answer


def largest_difference(keras: Answer, answer: Answer, windows: Mapping[str, tuple[Float32s, ...]]) -> float:
    """The largest difference between Keras and ONNX, in log return, on windows by name, each with all inputs.

    Raises ModelError above TOLERANCE, or where either is not finite or quantiles cross.
    """
    worst = 0.0
    for name, window in windows.items():
        ours, theirs = keras(*window), answer(*window)
        if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
            raise ModelError(f"The model gives no finite answer on {name} windows.")
        if (np.diff(theirs, axis=2) < 0).any():
            raise ModelError(f"The quantiles cross on {name} windows.")
        # after a spike a range may be thousands of percent wide: then digits count, not steps
        width = np.abs(ours).max(axis=2, keepdims=True)
        difference = float((np.abs(ours - theirs) / np.maximum(1.0, width)).max())
        if difference > TOLERANCE:
            raise ModelError(f"Keras and ONNX differ by {difference:.1e} on {name} windows.")
        worst = max(worst, difference)
    return worst


def hostile_windows(bars: Float32s, market: Float32s, calendar: Float32s) -> dict[str, Windows]:
    """Real windows, and what can go wrong with them, by name."""
    rng = np.random.default_rng(0)
    padded: Windows = (bars.copy(), market.copy(), calendar.copy())
    shortest: Windows = (bars.copy(), market.copy(), calendar.copy())
    for row, cut in enumerate(rng.integers(1, CONTEXT_LENGTH, size=len(bars))):
        for part in padded:
            part[row, :cut] = 0
    for part in shortest:
        part[:, : CONTEXT_LENGTH - MIN_HISTORY] = 0
    jumped = bars.copy()
    jumped[:, -rng.integers(1, CONTEXT_LENGTH) :, : CLOSE + 1] *= 4
    pairs = {
        "real": (bars, market),
        "no market": (bars, np.zeros_like(market)),
        "flat": (np.repeat(bars[:, -1:], CONTEXT_LENGTH, axis=1), market),
        "jumped": (jumped, market),
        "zeroed": (struck(bars, 0.02, 0, rng), market),
        "negative": (struck(bars, 0.02, -1, rng), -market),
        "spiked": (struck(bars, 0.01, 1e4, rng), market * np.float32(1e4)),
    }
    windows: dict[str, Windows] = {name: (*pair, calendar) for name, pair in pairs.items()}
    return windows | {
        "padded": padded,
        "shortest": shortest,
        "empty": (np.zeros_like(bars), np.zeros_like(market), np.zeros_like(calendar)),
        "no reports": (bars, market, np.zeros_like(calendar)),
        "a report on every day": (bars, market, np.ones_like(calendar)),
        "scrambled": (scrambled(bars, rng), scrambled(market, rng), scrambled(calendar, rng)),
    }


def struck(windows: Float32s, share: float, factor: float, rng: np.random.Generator) -> Float32s:
    """The windows with a share of their values multiplied by a factor."""
    hit = windows.copy()
    hit[rng.random(hit.shape) < share] *= factor
    return hit


def scrambled(windows: Float32s, rng: np.random.Generator) -> Float32s:
    """Windows of that shape without any sense, from e^-30 to e^30."""
    return np.exp(rng.normal(0, 10, windows.shape)).astype(np.float32)
